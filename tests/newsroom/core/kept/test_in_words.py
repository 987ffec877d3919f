"""A dictionary about somebody as a page."""

from datetime import UTC, date, datetime

import pytest

from newsroom.core.kept.in_words import Fact, Words

WORDS = Words(
    labels={"a": "A", "day": "Since %(day)s.", "at": "At", "yes": "It is so."}
    | {"list": "Lists", "tags": "Tags"}
    | {name: name.upper() for name in "bcdef"},
    values={"a": {"x": "the X"}, "list.a": lambda value, row: f"{value}!"},
    titles={"list": "a"},
)  # fmt: skip


def test_what_holds_nothing_is_left_out_and_the_rest_said() -> None:
    found = WORDS.of(
        {"a": "x", "b": "raw", "c": None, "d": "", "e": False, "tags": ["p", "q"], "yes": True,
         "day": date(2026, 11, 28), "at": datetime(2026, 11, 28, 12, tzinfo=UTC), "f": []}
    )  # fmt: skip
    assert found.facts == [
        Fact("A", "the X"), Fact("B", "raw"), Fact("Tags", "p, q"), Fact("It is so."),
        Fact("Since 28 November 2026."), Fact("At", "28 November 2026"),
    ]  # fmt: skip


def test_few_columns_are_a_table_and_many_have_a_place_of_their_own() -> None:
    [table] = WORDS.of({"list": [{"a": "y", "b": None}, {"a": "z", "c": "3"}]}).sections
    assert (table.columns, table.rows) == (["A", "C"], [["y!", ""], ["z!", "3"]])
    [many] = WORDS.of({"list": [dict.fromkeys("abcdef", "y")]}).sections
    assert [one.heading for one in many.sections] == ["y!"]
    assert [fact.said for fact in many.sections[0].facts] == list("BCDEF")


@pytest.mark.parametrize("everything", [{"g": 1}, {"g": None}, {"list": [{"g": None}]}])
def test_key_without_words_is_an_error(everything) -> None:
    with pytest.raises(KeyError):
        WORDS.of(everything)
