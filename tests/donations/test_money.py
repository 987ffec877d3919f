from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations import money


@given(st.sampled_from(list(money.CURRENCIES)), st.data())
def test_every_amount_reads_back_from_what_is_shown(code: str, data: st.DataObject) -> None:
    currency = money.CURRENCIES[code]
    step = 10 if currency.decimals == 3 else 1  # Stripe: multiples of 10
    amount = data.draw(st.integers(currency.minimum // step, currency.maximum // step)) * step
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
        ("1.250", "kwd", 1250), ("1 234,56", "pln", 123_456), ("1.234,56", "eur", 123_456),
        ("1\u202f234,5", "eur", 123_450), ("1.234.567", "jpy", 1_234_567),
        ("٥٠", "usd", 5000), ("۱۲٫۵", "usd", 1250), ("١٬٢٣٤٫٥٦", "usd", 123_456),
        ("\u200f٥٠\u200e ", "usd", 5000),
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
        ("500.5", "jpy", "no decimals"), ("Infinity", "usd", "number"),
        ("1.234", "eur", "decimals"), ("1,23,456", "usd", "number"),
        ("1 234 5", "usd", "number"), ("५०", "usd", "number"),
    ],
)  # fmt: skip
def test_bad_amounts_say_what_to_do(typed: str, code: str, message: str) -> None:
    with pytest.raises(money.BadAmount, match=message.replace("$", r"\$")):
        money.parse(typed, code)


@given(st.sampled_from(list(money.CURRENCIES)), st.data())
def test_fee_is_covered_to_the_smallest_unit_and_no_further(code: str, data: st.DataObject) -> None:
    currency = money.CURRENCIES[code]
    amount = data.draw(st.integers(currency.minimum, currency.maximum // 2))
    charged = money.with_fee(amount, code)
    left = charged - charged * money.FEE_SHARE - currency.fee
    assert 0 <= left - amount <= 10
    if currency.decimals == 3:
        assert charged % 10 == 0


@pytest.mark.parametrize(
    ("languages", "currency"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "eur"),
        ("en-GB,en;q=0.5", "gbp"),
        ("en-US,en", ""),
        ("es-MX", "usd"),
        ("es", "eur"),
        ("ja", "jpy"),
        ("xx,pl;q=0.3", ""),
        ("*", ""),
        ("", ""),
        ("de" * 3000, ""),
    ],
)
def test_language_suggests_a_currency_that_is_offered(languages: str, currency: str) -> None:
    assert money.currency_of(languages, ["usd", "eur", "gbp", "jpy"]) == currency
