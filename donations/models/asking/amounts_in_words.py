"""Amounts in an appeal's words: for each reader in their currency."""

import re
import unicodedata
from html import unescape

from donations.currencies import OFFERED

# “From {least} a month.”
IN_WORDS = re.compile(r"\{(least|" + "|".join(("once", "monthly", "annual")) + r")\}")
# Of HTML. What is said within an attribute’s quotes ends none.
TAG = re.compile(r"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_SIGNS = "|".join(
    re.escape(sign) for one in OFFERED.values() for sign in (one.symbol, one.code.upper())
)
# Signs of other currencies, too (Unicode's category Sc): who can't give in them reads them as well.
_SIGNS += "|[¢-¥֏؋৲৳৻૱௹฿៛\u20a0-\u20cf﷼﹩＄￠￡￥￦]"
# “$2”, “2 €”, “USD 2”: an amount in one currency, which a reader of another would see, too.
WRITTEN_OUT = re.compile(rf"(?:{_SIGNS})[^\S\n]?\d[\d.,]*|\b\d[\d.,]*[^\S\n]?(?:{_SIGNS})(?!\w)")


def problem_in(text: str) -> str:
    if found := WRITTEN_OUT.search(text):
        return (
            f"“{found[0]}” would stand there for readers of every currency. Write {{least}}, "
            "{once}, {monthly} or {annual}; or, if you mean this very sum, its currency as a word."
        )
    if unknown := re.search(r"\{[^}]*\}?", IN_WORDS.sub("", text)):
        return (
            f"“{unknown[0]}” stands for no amount: {{least}}, {{once}}, {{monthly}}, {{annual}} do."
        )
    return ""


def problem_in_html(html: str) -> str:
    """The same, as a reader sees it; and for a word that is partly bold, which would stay there."""
    if problem := problem_in(unescape(TAG.sub("", html.replace("</p>", "\n")))):
        return problem
    if any("{" in IN_WORDS.sub("", unescape(text)) for text in TAG.split(html)):
        return "A word in {} is bold, or a link, as a whole or not at all."
    return ""


def says_nothing(html: str) -> bool:
    """Is there nothing to see in it? To Django an empty paragraph is something; and there are
    spaces that Python takes for signs (Unicode's category Cf)."""
    text = unescape(TAG.sub("", html))
    return all(unicodedata.category(sign)[0] in "CZ" for sign in text)
