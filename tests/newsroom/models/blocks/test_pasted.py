"""Numbers from spreadsheets of every country mean what they meant there."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from newsroom.models.blocks.chart import ChartBlock
from newsroom.models.blocks.drawing import drawn
from newsroom.models.blocks.pasted import Unreadable, parse

# Thousands, decimals: English, German, French, Swiss, Polish, Indian as a program writes it.
COUNTRIES = [
    (",", "."),
    (".", ","),
    ("\u202f", ","),
    ("’", "."),
    ("\xa0", ","),
    ("", ","),
    ("", "."),
]
NUMBERS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False, allow_infinity=False)


def written(number: Decimal, thousands: str, comma: str) -> str:
    return f"{number:,}".translate({ord(","): thousands, ord("."): comma})


@given(
    st.lists(NUMBERS, min_size=1, max_size=20), st.sampled_from(COUNTRIES), st.sampled_from("\t;")
)
def test_any_country_s_numbers_are_read(numbers, country, delimiter) -> None:
    lines = [f"{place}{delimiter}{written(one, *country)}" for place, one in enumerate(numbers)]
    pasted = parse("\n".join([f"Day{delimiter}Loaves", *lines]))
    assert [row for _, [row] in pasted.rows] == numbers and pasted.head == ["Day", "Loaves"]


@given(st.text(max_size=400))
def test_whatever_is_pasted_is_a_chart_or_told_why_not(text) -> None:
    try:
        pasted = parse(text)
    except Unreadable:
        return
    for kind in ("line", "bar"):
        assert drawn(pasted, kind).texts


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a\t1,234\nb\t5,678", [1234, 5678]),  # nothing tells otherwise: thousands
        ("a\t1,234\nb\t5,6", ["1.234", "5.6"]),  # the second line tells
        ("a;0,125\nb;12,500", ["0.125", "12.5"]),
        ("a\t1.234.567\nb\t12", [1234567, 12]),
        ("a\t12,34,567.8\nb\t1", ["1234567.8", 1]),
        ('a,"1,234.5"\nb,7', ["1234.5", 7]),
        ("a\t(1 200)\nb\t−3", [-1200, -3]),
        ("a\t€ 12,50\nb\t1,00 $", ["12.5", 1]),
        ("a\t١٢٣\nb\t٤", [123, 4]),
        ("a\t1,5E+06\nb\t2,5", [1500000, "2.5"]),
        ("a\t–\nb\t3\nc\t", [None, 3, None]),
        ("a\t3\u200b\nb\t\u200b\nc\t\ufeff1.\u2060234,5", [3, None, "1234.5"]),  # nobody sees it
    ],
)
def test_signs_are_told_apart(text, numbers) -> None:
    found = [row[0] for _, row in parse(text).rows]
    assert found == [None if one is None else Decimal(one) for one in numbers]


def test_a_label_of_two_lines_keeps_its_words_apart() -> None:
    pasted = parse('\ufeffTown\tLoaves\r\n"Dolna\nold town"\t5\r\nLesna\t2\r\n')
    assert pasted.head == ["Town", "Loaves"]
    assert [label for label, _ in pasted.rows] == ["Dolna old town", "Lesna"]


def test_percent_years_and_names_of_columns() -> None:
    pasted = parse("Town\t2024\t2025\nDolna\t12,5 %\t14 %\nLesna\t9 %\t\t\n\n")
    assert (pasted.head, pasted.unit) == (["Town", "2024", "2025"], "%")
    assert pasted.rows[1] == ("Lesna", [Decimal(9), None])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no numbers"),
        ("Town\tLoaves\nDolna\tNaN", "Line 2: “NaN”"),
        ("Town\tLoaves\nDolna\t5\nLesna\tInfinity", "Line 3: “Infinity”"),
        ("Town\tLoaves\nDolna\t<script>\nLesna\t3", "Line 2: “<script>”"),
        ("Town\tLoaves\nDolna\t1.5\nLesna\t2,5", "Line 3: “2,5” is written otherwise than line 2"),
        ("Town\tLoaves\nDolna\t5 %\nLesna\t2", "Line 3: “2” has no “%”"),
        ("Dolna\t5\t6", "name each column"),
        ("one column", "one column"),
        ("a\t1e99", "too large"),
        ("\n".join(f"{n}\t{n}" for n in range(10_000)), "10000 lines"),
        ("\t".join("abcdefghi"), "9 columns"),
        ("9" * 200_000, "200,000 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text, words) -> None:
    with pytest.raises(Unreadable, match=re.escape(words)):
        parse(text)


def test_a_chart_is_drawn_whatever_its_labels_hold() -> None:
    hostile = '</text><script>alert("1")</script>'
    numbers = f"Town\t{hostile}\tB\n{hostile}\t-1\t2,5\nLesna\t\t7\n{'long ' * 40}\t3\t0"
    block = ChartBlock()
    for kind in ("line", "bar"):
        value = block.to_python({"title": hostile, "kind": kind, "numbers": numbers, "source": ""})
        html = render_to_string("newsroom/publishing/blocks/chart.html", {"value": value})
        svg = html[html.rindex("<svg") : html.rindex("</svg>") + 6]
        ElementTree.fromstring(svg)
        assert "<script" not in html and "style=" not in html and "nan" not in svg.lower()


def test_what_was_never_checked_shows_nothing() -> None:
    value = ChartBlock().to_python({"title": "x", "kind": "line", "numbers": "none", "source": ""})
    assert "<svg" not in ChartBlock().render(value)


@pytest.mark.parametrize("cell", ["#N/A", "#NV", "#n/d!", "#Н/Д", "#DIV/0!", "#¡DIV/0!", "#ДЕЛ/0!"])
def test_a_spreadsheet_s_no_value_is_an_empty_cell(cell) -> None:
    assert parse(f"Day\tLoaves\nMon\t{cell}\nTue\t3").rows[0] == ("Mon", [None])
    assert parse(f"Mon\t{cell}\nTue\t3").rows[0] == ("Mon", [None]), "no line of headings"


@pytest.mark.parametrize("cell", ["#####", "#REF!", "#VALUE!", "#1"])
def test_a_number_that_a_spreadsheet_does_not_show_is_missed(cell) -> None:
    with pytest.raises(Unreadable, match="Line 3"):
        parse(f"Day\tLoaves\nMon\t2\nTue\t{cell}")
