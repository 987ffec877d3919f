from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations import currencies, money
from donations.currencies import DECIMALS, OFFERED, STEPS
from newsroom.core.languages import NAMES, speaking

LANGUAGES = st.sampled_from(list(NAMES))


def amounts(code: str) -> st.SearchStrategy[int]:
    """What can be given in a currency: Stripe charges some in steps."""
    least, most = money.bounds(code)
    step = STEPS.get(code, 1)
    return st.integers(-(-least // step), most // step).map(lambda n: n * step)


def readings(text: str, code: str) -> list[int]:
    try:
        return [money.parse(text, code)]
    except money.Ambiguous as asked:
        return asked.choices


@given(st.sampled_from(list(DECIMALS)), LANGUAGES, st.data())
def test_every_amount_reads_back_from_what_is_shown(
    code: str, language: str, data: st.DataObject
) -> None:
    """In every currency and language; what is shown with three digits behind a sign may be asked
    about, what stands in a field never is."""
    amount = data.draw(amounts(code))
    with speaking(language):
        shown, editable = money.show(amount, code), money.editable(amount, code)
        assert money.parse(editable, code) == amount
        assert money.parse(money.plain(amount, code), code) == amount
        for text in (shown, money.coded(amount, code), str(money.shown(amount, code))):
            assert amount in readings(text, code), text


@given(st.text(max_size=40), st.sampled_from([*DECIMALS, "zzz"]), LANGUAGES)
def test_whatever_is_typed_gives_an_amount_within_bounds_or_a_message(
    text: str, code: str, language: str
) -> None:
    with suppress(money.BadAmount), speaking(language):
        least, most = money.bounds(code) if code in DECIMALS else (0, 0)
        assert least <= money.parse(text, code) <= most


@given(
    st.text("0123456789٠۵.,٫٬' -$€zł\u00a0\u202f\u200f", max_size=20), st.sampled_from([*DECIMALS])
)
def test_what_is_taken_has_the_digits_that_were_typed(text: str, code: str) -> None:
    """Nothing is added to a number but noughts: no separator is mistaken for a digit."""
    with suppress(money.BadAmount):
        amount = money.parse(text, code, any_size=True)
        typed = "".join(str(int(one)) for one in text if one.isdigit()).strip("0")
        assert str(amount).strip("0") == typed


@pytest.mark.parametrize(
    ("typed", "code", "amount"),
    [
        ("5", "usd", 500), ("12.50", "usd", 1250), ("12,5", "eur", 1250), ("$ 7", "usd", 700),
        ("1 000.50", "eur", 100_050), ("500", "jpy", 500), ("007", "usd", 700),
        ("1 234,56", "pln", 123_456), ("1.234,56", "eur", 123_456), ("1,234.56", "eur", 123_456),
        ("1.000,00", "eur", 100_000), ("€ 1.000,00", "eur", 100_000), ("1.000,- €", "eur", 100_000),
        ("1\u202f234,5", "eur", 123_450), ("1.234.567", "jpy", 1_234_567),
        ("1 000", "pln", 100_000), ("1\u00a0000 zł", "pln", 100_000),
        ("1'234.50", "usd", 123_450), ("1’000.–", "eur", 100_000), ("10,-", "eur", 1000),
        ("1,23,456", "jpy", 123_456), ("1,23,456.50", "inr", 12_345_650),
        ("1,000.50", "usd", 100_050),
        ("10 €", "eur", 1000), ("€10", "eur", 1000), ("10 Euro", "eur", 1000),
        ("40 zł", "pln", 4000), ("zł 40", "pln", 4000), ("40 zl.", "pln", 4000),
        ("40 PLN", "pln", 4000), ("US$10", "usd", 1000), ("10 USD", "usd", 1000),
        ("USD10", "usd", 1000), ("$10 USD", "usd", 1000), ("10 $", "usd", 1000),
        ("￥１，０００", "jpy", 1000), ("１２．５０", "usd", 1250), ("\u00a05\u00a0", "usd", 500),
        ("1,000", "jpy", 1000), ("1.000 円", "jpy", 1000), ("5 000 Ft", "huf", 500_000),
        ("1.250,500", "kwd", 1_250_500), ("1.25", "kwd", 1250), ("5 KD", "kwd", 5000),
        ("10 د.ك.", "kwd", 10_000), ("5.5", "tnd", 5500), ("100 kr", "sek", 10_000),
        ("1.000", "isk", 100_000), ("5,000", "ugx", 500_000), ("50.000", "krw", 50_000),
        ("٥٠", "usd", 5000), ("۱۲٫۵", "usd", 1250), ("۱۲/۵", "usd", 1250),
        ("١٬٢٣٤٫٥٦", "usd", 123_456), ("١٬٠٠٠", "usd", 100_000), ("١٢،٥", "usd", 1250),
        ("\u200f٥٠\u200e ", "usd", 5000), ("\u2068\u200f50\u00a0$\u2069", "usd", 5000),
        ("10 долларов США", "usd", 1000), ("2 доллары", "usd", 200), ("2 dolary", "usd", 200),
        ("12,5 dolara amerykańskiego", "usd", 1250), ("US-Dollar 10", "usd", 1000),
        ("10 U.S. dollars", "usd", 1000), ("10 dollars des États-Unis", "usd", 1000),
        ("10 دولار أمريكي", "usd", 1000), ("۱۰ دلار آمریکا", "usd", 1000),
        ("£GB 10", "gbp", 1000), ("10 livres sterling", "gbp", 1000), ("10 funtów", "gbp", 1000),
        ("10 фунтов стерлингов", "gbp", 1000), ("500 yens", "jpy", 500),
        ("20 eslotis", "pln", 2000), ("20 злоті", "pln", 2000),
        ("10 دينار كويتي", "kwd", 10_000), ("5 динаров", "kwd", 5000),
        ("100 Swiss francs", "chf", 10_000), ("100 Schwedische Kronen", "sek", 10_000),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: str, code: str, amount: int) -> None:
    assert money.parse(typed, code) == amount


@pytest.mark.parametrize(
    ("typed", "code", "choices"),
    [
        ("1,000", "usd", [100, 100_000]), ("1.000", "eur", [100, 100_000]),
        ("5.000", "usd", [500, 500_000]), ("5,000", "pln", [500, 500_000]),
        ("$1,000", "usd", [100, 100_000]), ("1.000 €", "eur", [100, 100_000]),
        ("١،٠٠٠", "usd", [100, 100_000]), ("１．０００", "usd", [100, 100_000]),
        ("1.500", "usd", [150, 150_000]), ("12.345", "usd", [1_234_500]),
        ("1.234", "eur", [123_400]), ("10.000", "huf", [1000, 1_000_000]),
        ("1.250", "kwd", [1250, 1_250_000]), ("5,000", "kwd", [5000, 5_000_000]),
        ("1.234", "kwd", [1_234_000]), ("1.000,", "eur", [100, 100_000]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "de", "fa"])
def test_what_can_be_read_in_two_ways_is_asked_about(
    typed: str, code: str, choices: list[int], language: str
) -> None:
    """Whatever the language: who reads German may type as their phone does."""
    with speaking(language), pytest.raises(money.Ambiguous) as asked:
        money.parse(typed, code)
    assert asked.value.choices == choices


@pytest.mark.parametrize(
    ("typed", "code", "message"),
    [
        ("1.99", "usd", "smallest amount is $2"), ("0", "usd", "smallest"), ("-5", "usd", "number"),
        ("NaN", "usd", "number"), ("1e9", "usd", "number"), ("10 potatoes", "eur", "number"),
        ("1" * 12, "usd", "largest"), ("", "usd", "number"), ("€", "eur", "number"),
        ("1" * 31, "usd", "number"), ("99999999", "usd", "largest"),
        ("500.5", "jpy", "no decimals"), ("Infinity", "usd", "number"), ("5-", "usd", "number"),
        ("5.5", "isk", "no decimals"), ("1,234.567", "usd", "at most 2 decimals"),
        ("1,234.567", "kwd", "last decimal"), ("5.1234", "usd", "decimals"),
        ("1 234 5", "usd", "number"), ("5,000,00", "usd", "number"), ("1.2.3", "usd", "number"),
        ("५०", "usd", "number"), ("5²", "usd", "number"), ("½", "usd", "number"),
        ("10 EUR", "usd", "wrote “EUR”.* USD"), ("€10", "usd", "wrote “€”"),
        ("$10", "eur", "wrote “$”"), ("10 zł", "eur", "wrote “zł”"), ("C$10", "usd", "wrote"),
        ("$10 CAD", "usd", "wrote “CAD”"), ("₿5", "usd", "wrote"), ("5 kr", "usd", "wrote"),
        ("100 руб.", "eur", "wrote"), ("10 Canadian dollars", "usd", "wrote “Canadian dollars”"),
        ("10 долларов США", "eur", "wrote"), ("5", "zzz", "can't read"),
    ],
)  # fmt: skip
def test_bad_amounts_say_what_to_do(typed: str, code: str, message: str) -> None:
    with pytest.raises(money.BadAmount, match=message.replace("$", r"\$")) as refused:
        money.parse(typed, code)
    assert not isinstance(refused.value, money.Ambiguous)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["$5", "€12.50", "zł10,000", "¥1,000", "KD1.250", "SEK 1,000", "-$0.50"]),
        ("de", ["5 $", "12,50 €", "10.000 zł", "1.000 ¥", "1,250 KD", "1.000 SEK", "-0,50 $"]),
        ("pl", ["5 $", "12,50 €", "10 000 zł", "1 000 ¥", "1,250 KD", "1 000 SEK", "-0,50 $"]),
        ("ar", ["5 $", "12.50 €", "10,000 zł", "1,000 ¥", "1.250 KD", "1,000 SEK", "-0.50 $"]),
        ("fa", ["$ 5", "€ 12.50", "zł 10,000", "¥ 1,000", "KD 1.250", "SEK 1,000", "-$ 0.50"]),
    ],
)
def test_amounts_are_shown_in_the_habit_of_the_language(language: str, shown: list[str]) -> None:
    given = [(500, "usd"), (1250, "eur"), (1_000_000, "pln"), (1000, "jpy"), (1250, "kwd"),
             (100_000, "sek"), (-50, "usd")]  # fmt: skip
    plain = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200e": None, "\u200f": None})
    with speaking(language):
        assert [money.show(*one).translate(plain) for one in given] == shown


def test_currency_that_stripe_has_since_today_misleads_nobody() -> None:
    assert money.show(1234, "zzz") == "1234 ZZZ (smallest unit)"
    assert money.coded(1234, "zzz") == money.exact(1234, "zzz") == money.show(1234, "zzz")
    assert money.units(1234, "zzz") == 1234  # more than it can be: a limit holds


@pytest.mark.parametrize(
    ("code", "exact"),
    [("usd", "12.34"), ("krw", "1234"), ("tnd", "1.234"), ("isk", "12.34"), ("huf", "12.34")],
)
def test_spreadsheets_get_whole_units_of_any_currency(code: str, exact: str) -> None:
    assert money.exact(1234, code) == Decimal(exact)


def test_what_is_offered_is_part_of_what_there_is() -> None:
    assert set(OFFERED) < set(DECIMALS) and len(DECIMALS) > 135
    assert set(currencies.CURRENCY_OF.values()) <= set(OFFERED)
    for codes in currencies.signs().values():
        assert codes <= set(DECIMALS)


@given(st.sampled_from(list(DECIMALS)), st.integers(0, 10**9))
def test_what_is_proposed_can_be_charged(code: str, amount: int) -> None:
    proposed = money.chargeable(amount, code)
    assert money.parse(money.editable(proposed, code), code) == proposed


@given(st.sampled_from(list(OFFERED)), st.data())
def test_fee_is_covered_to_the_smallest_unit_and_no_further(code: str, data: st.DataObject) -> None:
    currency = OFFERED[code]
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
    assert currencies.currency_of(languages, ["usd", "eur", "gbp", "jpy"]) == currency
