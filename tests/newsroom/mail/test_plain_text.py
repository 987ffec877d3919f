import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail.plain_text import Links, columns, from_html, wrap


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>1. May, <b>bold</b> &amp; <i>not</i>&nbsp;x</p><p>Two<br>lines</p>",
         "1. May, bold & not x\n\nTwo\nlines"),
        ("<h2>Head</h2><p>+ x * y # z - _u_</p>", "Head\n\n+ x * y # z - _u_"),
        ("<p>a <a href='/x?a=1&amp;b=2'>link </a>, then</p>", "a link (/x?a=1&b=2), then"),
        ("<ul><li>one</li><li><p>two</p></li></ul><p>after</p>", "- one\n- two\n\nafter"),
        ("<ol><li>one</li><li>two<ul><li>deep</li></ul></li><li>three</li></ol>",
         "1. one\n2. two\n  - deep\n3. three"),
        ("<p>a</p><hr><p>b</p>", "a\n\nb"), ("plain &lt;text&gt;", "plain <text>"),
        ("<p>مرحبا <b>بالعالم</b></p>", "مرحبا بالعالم"), ("<p> </p>", ""), ("", ""),
        ("<p>a<script>x()</script>b</p>", "ab"),
        ("<figure><img alt='x'><figcaption>y</figcaption></figure><p>z</p>", "z"),
    ],
)  # fmt: skip
def test_rich_text_reads_as_somebody_would_type_it(html: str, text: str) -> None:
    assert from_html(html) == text


def test_links_are_numbered_once() -> None:
    links = Links()
    text = from_html("<a href='/a'>one</a> <a href='/b'>two</a> <a href='/a'>again</a>", links)
    assert text == "one [1] two [2] again [1]"


@given(st.text())
def test_no_text_breaks_it(html: str) -> None:
    from_html(html)


@pytest.mark.parametrize(
    "text",
    [
        "Хлеб и соль, " * 30, "面包与盐，价格上涨。" * 30, "パンと塩の値段が上がった。" * 30,
        "빵과 소금 값이 올랐다 " * 30, "الخبز والملح " * 30, "الخُبْزُ وَالمِلْحُ " * 30,
        "პური და მარილი " * 30, "bread and 面包（面包）, " * 30,
    ],
)  # fmt: skip
def test_lines_are_as_wide_as_a_screen_shows_them_in_every_script(text: str) -> None:
    lines = wrap(text).splitlines()
    assert len(lines) > 3 and all(50 <= columns(line) <= 74 for line in lines[:-1])
    assert not [line for line in lines if line[0] in "，。）、" or line[-1] in "（"]
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("a" * 80, "a" * 80), (f"{'x ' * 40}", f"{'x ' * 35}x\n{'x ' * 3}x"),
        (f"  - {'word ' * 16}", f"  - {'word ' * 12}word\n  word word word"),
        (f"10\xa0000 {'y' * 66}\xa0z", f"10\xa0000\n{'y' * 66}\xa0z"), ("a\n\n\n\nb", "a\n\nb"),
        ("[1] https://example.org/" + "x" * 80, "[1] https://example.org/" + "x" * 80),
    ],
)  # fmt: skip
def test_words_and_links_stay_whole(text: str, wrapped: str) -> None:
    assert wrap(text) == wrapped.strip() + "\n"


def test_links_in_other_scripts_are_numbered_in_ascii() -> None:
    links = Links()
    assert from_html("<a href='https://пример.example/еда'>еда</a>", links) == "еда [1]"
    assert links.numbered == [("[1]", "https://xn--e1afmkfd.example/%D0%B5%D0%B4%D0%B0")]
