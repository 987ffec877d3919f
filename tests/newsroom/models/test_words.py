"""Words as the search knows them, and the time that it takes to read them."""

from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.models.article import words


@pytest.mark.parametrize(
    ("written", "plain"),
    [("Dvořák", "dvorak"), ("ЁЛКА", "елка"), ("Й", "и"), ("Łódź", "lodz"),
     ("straße", "strasse"), ("كِتَابٌ", "کتاب"), ("पनीर", "पनीर"), ("plain", "plain")],
)  # fmt: skip
def test_accents_are_taken_off(written: str, plain: str) -> None:
    assert words.fold(written) == plain


def test_letter_and_mark_apart_are_the_letter() -> None:
    assert words.forms("й") == words.forms("и\u0306")


def test_cyrillic_words_are_known_by_russian_rules_in_any_paper() -> None:
    assert words.forms("Bread и Хлеба")[-1] == ("russian", "и хлеба")


def test_signs_that_no_space_parts_are_found_one_and_two_at_a_time() -> None:
    assert words.as_written("面包店").split() == ["面", "包", "店", "面包", "包店"]


@given(st.text(st.characters(categories=["L"]), min_size=4, max_size=12), st.data())
def test_one_letter_wrong_leaves_something_in_common(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    typed = data.draw(
        st.sampled_from(
            [word[:place] + word[place + 1 :], f"{word[:place]}x{word[place:]}",
             f"{word[:place]}x{word[place + 1 :]}",
             word[:place] + word[place : place + 2][::-1] + word[place + 2 :]]
        )
    )  # fmt: skip
    assert set(words.mistyped(word)) & set(words.mistyped(typed))


@given(st.text(max_size=300))
def test_any_text_has_words_and_a_time(text: str) -> None:
    assert words.minutes(text) >= 0
    assert all(form for _, form in words.forms(text))
    assert all(words.SHORTEST <= len(word) <= words.LONGEST for word in words.distinctive(text))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("", 0), ("!", 0), ("word", 1), ("word " * 1000, 4), ("слово " * 1000, 4), ("字" * 900, 3),
     ("ก" * 4000, 4), ("हिन्दी " * 1000, 4)],
)  # fmt: skip
def test_time_to_read(text: str, minutes: int) -> None:
    assert words.minutes(text) == minutes


def test_nearest_word_is_alike() -> None:
    assert get_close_matches("govenment", ["garment", "government"], n=1, cutoff=0.7)
