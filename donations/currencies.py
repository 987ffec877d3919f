"""The one table of currencies: all that Stripe charges in, and of those what we offer to give in.

Stripe, "Supported currencies". An amount is an integer in the currency's smallest unit.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import product

from babel import Locale
from babel.numbers import get_currency_name, get_currency_symbol
from django.utils.translation.trans_real import parse_accept_lang_header

from newsroom.core.languages import NAMES
from newsroom.core.uris import MARKS

# Decimals -> codes. ISK and UGX have two at the API, but only whole amounts of them can be charged.
# (HUF and TWD are whole in payouts only.) Codes that Stripe has given up stay: rows may have them.
DECIMALS = {
    code: decimals
    for decimals, codes in {
        0: "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
        2: """
            aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd
            cad cdf chf cny cop crc cve czk dkk dop dzd eek egp etb eur fjd fkp gbp gel ghs gip gmd
            gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl
            ltl lvl mad mdl mkd mmk mnt mop mro mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd
            pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sll sos srd ssp std
            stn svc szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs vef ves wst xcd xcg yer zar
            zmw
        """,
        3: "bhd jod kwd omr tnd",
    }.items()
    for code in codes.split()
}
# What can be charged are multiples of this, in the smallest unit.
STEPS = {code: 10 for code, decimals in DECIMALS.items() if decimals == 3} | {
    "isk": 100,
    "ugx": 100,
}


@dataclass(frozen=True)
class Offered:
    """A currency that readers can give in."""

    code: str
    symbol: str
    minimum: int  # the least one can give, in the smallest unit: about two dollars
    maximum: int  # beyond this somebody has slipped on a key: about 10,000 dollars
    fee: int  # the fixed part of what the payment provider takes, about 30 cents

    @property
    def decimals(self) -> int:
        return DECIMALS[self.code]


OFFERED = {
    one.code: one
    for one in (
        Offered("usd", "$", 200, 10_000_00, 30),
        Offered("eur", "€", 200, 10_000_00, 25),
        Offered("gbp", "£", 200, 10_000_00, 20),
        Offered("pln", "zł", 8_00, 40_000_00, 100),
        Offered("jpy", "¥", 300, 1_500_000, 40),
        Offered("kwd", "KD", 1_000, 3_000_000, 100),
    )
}

# What people write for which currencies, in any of our languages, without spaces and full stops.
_DOLLARS = """
    usd ars aud bbd bmd bnd bsd bzd cad clp cop dop fjd gyd hkd jmd kyd lrd mxn nad nio nzd sbd sgd
    srd ttd twd uyu xcd
"""
_WRITTEN = {
    "$ dollar dollars dólar dólares dolar dolara dolary dolarów доллар доллара доллары долларов "
    "долар долара долари доларів "
    "دولار دولارات دلار": _DOLLARS,
    "us$ $us": "usd", "c$ ca$ $ca": "cad", "a$ au$ $au": "aud", "nz$ $nz": "nzd", "hk$": "hkd",
    "s$": "sgd", "nt$": "twd", "mx$ $mx": "mxn", "r$": "brl",
    "€ euro euros евро євро يورو یورو": "eur",
    "£ pound pounds libra libras livre livres pfund funt funta funty funtów фунт фунта фунты "
    "фунтов фунти фунтів جنيه پوند": "gbp egp fkp gip lbp shp",
    "uk£ poundsterling poundssterling pfundsterling фунтстерлингов фунтастерлингов "
    "фунтовстерлингов фунтстерлінгів фунтастерлінгів фунтистерлінгів фунтівстерлінгів": "gbp",
    "¥ yen yens yenes jen jena jeny jenów иена иены иен єна єни єн ين ین": "jpy cny",
    "jp¥ 円": "jpy", "cn¥ rmb 元": "cny",
    "zł zl złoty złote złotego złotych zloty zlote zlotego zlotych zlotys zlotis esloti eslotis "
    "злотый злотого злотые злотых злотий злоті злотих زلوتي زلوتی": "pln",
    "kd دك": "kwd", "dt دت": "tnd", "bd دب": "bhd", "jd دا": "jod",
    "دينار دینار دنانير dinar dinars dinares dinara dinary dinarów динар динара динары динаров "
    "динари динарів": "kwd bhd jod tnd dzd rsd",
    "₽ руб рубль рубля рублей р": "rub", "₴ грн гривня гривні гривень": "uah",
    "kr krone kroner kronen krona kronor": "sek nok dkk isk", "kč kc": "czk", "ft": "huf",
    "fr sfr franc francs franken": "chf", "peso pesos": "ars clp cop dop mxn php uyu",
    "lei leu": "ron mdl", "лв": "bgn", "₺ tl": "try", "₪": "ils", "₾": "gel", "₸": "kzt",
    "₼": "azn",
    "₹": "inr", "rs ₨ rupee rupees": "inr pkr lkr npr mur scr", "৳": "bdt", "฿": "thb",
    "₫ đ": "vnd", "₱": "php",
    "₩ 원": "krw", "₭": "lak", "៛": "khr", "₮": "mnt", "₦": "ngn", "₵": "ghs", "₡": "crc",
    "₲": "pyg",
}  # fmt: skip


def bare(sign: str) -> str:
    """A sign as ``signs`` has it: “U.S. dollars” is “usdollars”."""
    text = unicodedata.normalize("NFKC", sign).translate(dict.fromkeys(map(ord, f"{MARKS}. ")))
    return text.casefold().replace("\u00a0", "")


@cache
def signs() -> dict[str, set[str]]:
    """What may stand beside an amount, and whose it is: codes, what is written above, and what
    CLDR has: “$US”, “10 долларов США”, “dolary amerykańskie”."""
    found = {code: {code} for code in DECIMALS}
    for written, codes in _WRITTEN.items():
        for sign in written.split():
            found.setdefault(sign, set()).update(codes.split())
    for code, locale in product(DECIMALS, map(Locale.parse, NAMES)):
        names = {get_currency_name(code.upper(), count, locale) for count in (None, 1, 2, 5, 1.5)}
        for name in {*names, get_currency_symbol(code.upper(), locale)}:
            found.setdefault(bare(name), set()).add(code)
    return found


# The language a browser asks for -> the currency it most likely pays in. With a region first.
CURRENCY_OF = {"en-gb": "gbp", "en-ie": "eur", "es-419": "usd", "pl": "pln", "ja": "jpy"}
CURRENCY_OF |= {"ar-kw": "kwd"} | {f"es-{region}": "usd" for region in ("us", "mx", "ar", "co")}
EURO = "bg ca de el es et fi fr ga hr it lt lv mt nl pt-pt sk sl"
CURRENCY_OF |= dict.fromkeys(EURO.split(), "eur") | {"fr-ca": "usd"}


def currency_of(accept_language: str, offered: Collection[str]) -> str:
    """The currency for a reader's languages (RFC 9110, 12.5.4), "" if none of them tells."""
    for tag, _quality in parse_accept_lang_header(accept_language):
        code = CURRENCY_OF.get(tag) or CURRENCY_OF.get(tag.partition("-")[0])
        if code in offered:
            return str(code)
    return ""
