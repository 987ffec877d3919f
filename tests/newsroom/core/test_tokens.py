import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.core import tokens


@given(st.integers(min_value=1, max_value=2**62))
def test_permanent_token_gives_back_its_number(number: int) -> None:
    token = tokens.permanent("unsubscribe", number)
    assert len(token) == 27
    assert tokens.read_permanent("unsubscribe", token) == number


@pytest.mark.parametrize("bad", ["", "x", "AAAA", "é" * 27, "A" * 27, "A" * 4000, "%00", "=" * 27])
def test_forged_token_is_refused(bad: str) -> None:
    with pytest.raises(tokens.BadToken):
        tokens.read_permanent("unsubscribe", bad)


def test_token_of_one_purpose_does_not_serve_another() -> None:
    with pytest.raises(tokens.BadToken):
        tokens.read_permanent("preferences", tokens.permanent("unsubscribe", 5))
    with pytest.raises(tokens.BadToken):
        tokens.read_expiring("manage", tokens.expiring("confirm", 5), seconds=60)


def test_expiring_token_grows_stale() -> None:
    with pytest.raises(tokens.StaleToken):
        tokens.read_expiring("confirm", tokens.expiring("confirm", 5), seconds=-1)
