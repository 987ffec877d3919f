from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations import money


@given(st.sampled_from(list(money.CURRENCIES)), st.data())
def test_every_amount_reads_back_from_what_is_shown(code: str, data: st.DataObject) -> None:
    currency = money.CURRENCIES[code]
    amount = data.draw(st.integers(currency.minimum, currency.maximum))
    assert money.parse(money.plain(amount, code), code) == amount
    assert money.parse(money.show(amount, code), code) == amount


@given(st.text(max_size=30), st.sampled_from(list(money.CURRENCIES)))
def test_whatever_is_typed_gives_an_amount_within_bounds_or_a_message(text: str, code: str) -> None:
    currency = money.CURRENCIES[code]
    with suppress(money.BadAmount):
        amount = money.parse(text, code)
        assert currency.minimum <= amount <= currency.maximum


@pytest.mark.parametrize(
    ("typed", "code", "amount"),
    [
        ("5", "usd", 500), ("12.50", "usd", 1250), ("12,5", "eur", 1250), ("$ 7", "usd", 700),
        ("1,000", "usd", 100_000), ("1 000.50", "eur", 100_050), ("500", "jpy", 500),
        ("1.250", "kwd", 1250),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, code: str, amount: int) -> None:
    assert money.parse(typed, code) == amount


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("1.99", "usd", "smallest amount is $2"), ("0", "usd", "smallest"), ("-5", "usd", "number"),
        ("NaN", "usd", "number"), ("1e9", "usd", "number"), ("10 Euro", "eur", "number"),
        ("1" * 12, "usd", "largest"),
        ("1" * 31, "usd", "number"), ("99999999", "usd", "largest"), ("5.555", "usd", "decimals"),
        ("500.5", "jpy", "no decimals"), ("٥٠", "usd", "number"), ("Infinity", "usd", "number"),
    ],
)  # fmt: skip
def test_bad_amounts_say_what_to_do(typed: str, code: str, message: str) -> None:
    with pytest.raises(money.BadAmount, match=message.replace("$", r"\$")):
        money.parse(typed, code)
