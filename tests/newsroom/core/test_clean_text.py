import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.core.clean_text import clean, clean_field

ANYTHING = st.text(st.characters(exclude_categories=[]))  # half characters, too


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Bread\vand salt", "Bread and salt"),  # a word processor's line break
        ("Bread\fand\x85salt\u2028now", "Bread and salt now"),
        ("Br\x00e\x1ba\x7fd\x9b\ufffe", "Bread"),
        ("a\tb\r\nc\n", "a\tb\r\nc\n"),
        ("cafe\u0301", "café"),
        ("\u0438\u0306", "й"),
        ("\ud83d alone", "\ufffd alone"),
        ("🗞️ کتاب‌ها \u200fمرحبا", "🗞️ کتاب‌ها \u200fمرحبا"),  # joiners and marks of direction
        ("", ""),
    ],
)
def test_text_is_composed_and_holds_what_can_be_seen(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(ANYTHING)
def test_any_text_can_stand_in_xml_and_be_sent(typed: str) -> None:
    text = clean(typed)
    text.encode()
    assert clean(text) == text
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(one) == "Cc" and one not in "\t\r\n" for one in text)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"rows": [["a\vb", None], ["cafe\u0301", 1.5]]}, {"rows": [["a b", None], ["café", 1.5]]}),
        (["\ud800"], ["\ufffd"]),
        ({"k\v": {"x": "\b"}}, {"k ": {"x": ""}}),
    ],
)  # fmt: skip
def test_text_inside_json_is_cleaned(sent: Any, kept: Any) -> None:
    assert json.loads(clean_field(json.dumps(sent))) == kept


@pytest.mark.parametrize(
    "typed",
    [
        '{ "a" : "b" }',  # nothing to be cleaned: the same letters
        "[1, 2",
        "{not json}",
        "[" * 100_000,
        json.dumps({"blocks": [{"text": "cafe\u0301", "inlineStyleRanges": []}], "entityMap": {}}),
    ],
    ids=lambda typed: typed[:10],
)
def test_what_is_clean_or_counts_characters_stays_as_it_was_sent(typed: str) -> None:
    assert clean_field(typed) == typed


def test_what_only_looks_like_json_is_text() -> None:
    assert clean_field('{"entityMap\v"') == '{"entityMap "'
