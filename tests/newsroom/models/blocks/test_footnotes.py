import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsroom.models.blocks.footnotes import Footnotes, lifted, without

PIECES = st.sampled_from(
    ["[[", "]]", "[", "words ", "<b>", "</b>", "<p>", "</p>", '<a href="[[x]]">', "</a>"]
)


def test_numbers_take_the_place_of_notes_over_all_pieces_of_a_text() -> None:
    notes = Footnotes()
    first = notes.lifted(
        '<p>One.[[See <a linktype="page" id="3">there</a>.]] Two.[[Or <b>not</b>.]]</p>'
    )
    assert first == "<p>One.<sup>(1)</sup> Two.<sup>(2)</sup></p>"
    assert notes.lifted("<p>Three[[x]]</p>") == "<p>Three<sup>(3)</sup></p>"
    assert list(notes) == ['See <a linktype="page" id="3">there</a>.', "Or <b>not</b>.", "x"]


@pytest.mark.parametrize(
    "typed",
    ["<p>A [[ b</p>", "<p>[[a</p><p>b]]</p>", "<p>a[1] [[b</p>", '<p><a href="/[[x]]">y</a></p>',
     "<p><b>x[[y</b>z]]</p>", "<p>]] [</p>"],
)  # fmt: skip
def test_what_only_looks_like_a_note_stays(typed) -> None:
    assert without(typed) == typed


@given(st.lists(PIECES, max_size=20).map("".join))
def test_nothing_that_was_typed_is_lost(html) -> None:
    typed = html.replace(" ", "")
    assume("[[]]" not in typed)  # a note without words is none
    assert lifted(html, lambda note: f"[[{note}]]").replace(" ", "") == typed
