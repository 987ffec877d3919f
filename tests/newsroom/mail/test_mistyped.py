"""“Did you mean …?”, asked once, by a list of ours and no name server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail.addresses import WELL_KNOWN, one_slip, well_known

known = st.sampled_from(sorted(WELL_KNOWN))
words = st.text("ab.", max_size=5)


@pytest.mark.parametrize(
    ("typed", "better"),
    [
        ("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmai.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"), ("outlok.com", "outlook.com"), ("gmx.con", "gmx.com"),
        ("t-onlin.de", "t-online.de"), ("yahooo.com", "yahoo.com"), ("posteo.dee", "posteo.de"),
        # In use, or too short to tell.
        ("gmail.ru", ""), ("mail.ru", ""), ("gmx.com", ""), ("mai.ru", ""), ("wer.de", ""),
        ("web.dk", ""), ("mail.rs", ""), ("example.org", ""), ("example.con", ""), ("", ""),
    ],
)  # fmt: skip
def test_slip_of_the_finger_is_seen(typed: str, better: str) -> None:
    assert well_known(f"Ann.o@{typed}") == (better and f"Ann.o@{better}")


@given(known)
def test_nobody_is_asked_about_a_provider_that_is_well_known(domain: str) -> None:
    assert well_known(f"ann@{domain}") == ""


@given(st.emails(), known, st.integers(0, 30), st.characters(codec="ascii"))
def test_answer_is_well_known_one_slip_away_and_keeps_the_name(email, domain, at, sign) -> None:
    before, after = domain[:at], domain[at:]
    for typed in (email, f"a@{before}{sign}{after}", f"a@{before}{after[1:]}"):
        if better := well_known(typed):
            local, _, found = better.rpartition("@")
            name, _, was = typed.rpartition("@")
            assert local == name and found in WELL_KNOWN and one_slip(was, found)


@given(words, words)
def test_slip_is_what_the_edit_distance_says(one: str, other: str) -> None:
    assert one_slip(one, other) == one_slip(other, one) == (distance(one, other) == 1)


def distance(one: str, other: str) -> int:
    """Damerau and Levenshtein's, with neighbours changing places (“optimal string alignment”)."""
    rows = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same)
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]
