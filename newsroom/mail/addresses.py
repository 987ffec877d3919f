"""Addresses that we can write to, as readers type them and as they are stored; and those that look
mistyped, about which a form asks once."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from disposable_email_domains import blocklist
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    validate_email,
)
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from newsroom.core.uris import MARKS
from newsroom.web.public_forms import Refused

# Where most mailboxes are. No name server is asked: these are all that tell a typing error.
WELL_KNOWN = frozenset([
    "gmail.com", "googlemail.com", "outlook.com", "outlook.de", "outlook.fr", "hotmail.com",
    "hotmail.de", "hotmail.fr", "hotmail.es", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.co.uk", "ymail.com", "rocketmail.com", "icloud.com",
    "me.com", "mac.com", "aol.com", "aol.de", "proton.me", "protonmail.com", "pm.me",
    "tutanota.com", "tutanota.de", "tuta.io", "tuta.com", "fastmail.com", "fastmail.fm",
    "riseup.net", "mailbox.org", "posteo.de", "posteo.net", "zoho.com", "gmx.de", "gmx.net",
    "gmx.com", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.de", "mail.com",
    "email.com", "email.de", "arcor.de", "vodafone.de", "bluewin.ch", "yandex.ru", "yandex.com",
    "yandex.by", "yandex.kz", "yandex.ua", "ya.ru", "mail.ru", "gmail.ru", "email.ru", "bk.ru",
    "inbox.ru", "list.ru", "rambler.ru", "ukr.net", "meta.ua", "i.ua", "bigmir.net", "tut.by",
    "mail.by", "wp.pl", "o2.pl", "onet.pl", "onet.eu", "interia.pl", "op.pl", "gazeta.pl",
    "seznam.cz", "centrum.cz", "azet.sk", "abv.bg", "mail.bg", "laposte.net", "orange.fr",
    "wanadoo.fr", "free.fr", "sfr.fr", "libero.it", "virgilio.it", "alice.it", "terra.es",
    "telefonica.net", "qq.com", "163.com", "126.com", "sina.com", "naver.com", "daum.net",
    "rediffmail.com", "comcast.net", "verizon.net", "btinternet.com", "sky.com",
])  # fmt: skip
# Shorter names have neighbours that are in use: “web.de” and “wer.de”.
LONG = 5
NO_ENDINGS = frozenset([
    "con", "cmo", "ocm", "comm", "coom", "cim", "vom", "xom", "nett", "nte", "ent", "ner",
])  # fmt: skip

# What nearly all addresses are made of. Two hyphens together may be punycode, or forbidden.
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)
PLAIN_DOMAIN = re.compile(
    r"(?!.*--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII
)
LONGEST, LONGEST_LOCAL = 254, 64  # RFC 5321, erratum 1690
SPECIAL = {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}


class AddressField(forms.EmailField):
    """An address we can write to, as it is stored: ASCII, its domain in punycode.

    No name server is asked: that would tell a third party who signs up.
    """

    default_error_messages = {
        "required": _("Please enter your e-mail address."),
        "invalid": _("That does not look like an e-mail address. Please check it."),
        "foreign": _(
            "We can't write to this address: before the @ it has letters that many mail servers "
            "don't take. Please give another one."
        ),
        "disposable": _("Please use a lasting address: throw-away ones get no newsletter."),
    }

    def to_python(self, value: Any) -> str:
        """Pasted between words that are read from right to left, an address brings marks along."""
        text = str(super().to_python(value)).strip(MARKS).strip()
        if not text.rpartition("@")[0].isascii():  # they would need SMTPUTF8 (RFC 6531)
            raise forms.ValidationError(self.error_messages["foreign"], code="foreign")
        return text

    def clean(self, value: Any) -> str:
        """``value``: None, if the field was not sent."""
        text = str(value or "")
        if len(text) <= (self.max_length or 0) and (stored := plain(text)):
            return stored
        return self.looked_at_closely(value)

    def looked_at_closely(self, value: Any) -> str:
        value = str(super(forms.EmailField, self).clean(value)).strip()
        if not value:
            return ""
        try:
            parts = validate_email(value, allow_smtputf8=False, check_deliverability=False)
        except EmailNotValidError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        domain = parts.ascii_domain.lower()
        if is_disposable(domain):
            raise forms.ValidationError(self.error_messages["disposable"], code="disposable")
        return f"{parts.ascii_local_part}@{domain}"


def plain(text: str) -> str | None:
    """The address as it is stored, if it is one of the usual kind; None: look at it closely. The
    same as :meth:`AddressField.looked_at_closely`, in a fiftieth of its time: an import looks at
    millions."""
    local, _, domain = text.rpartition("@")
    if len(text) > LONGEST or len(local) > LONGEST_LOCAL or not PLAIN_LOCAL.fullmatch(local):
        return None
    if local.lower() in CASE_INSENSITIVE_MAILBOX_NAMES or not (kept := plain_domain(domain)):
        return None
    return f"{local}@{kept}"


@lru_cache(10_000)
def plain_domain(domain: str) -> str:
    """… as it is stored; "": look closely."""
    lower = domain.lower()
    if not PLAIN_DOMAIN.fullmatch(lower) or lower.rpartition(".")[2] in SPECIAL:
        return ""
    return "" if is_disposable(lower) else lower


def is_disposable(domain: str) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[n:]) in blocklist for n in range(len(labels) - 1))


class Question(NamedTuple):
    """Was the one typed, and the other meant?"""

    typed: str
    better: str


def question(form: forms.Form) -> Refused | None:
    """Ask once about an address that looks mistyped, with a button for each answer
    (templates/newsroom/mistyped.html). Many a mistyped domain belongs to who throws mail away."""
    thrown_away = form.has_error("email", "disposable")
    typed = form["email"].value() if thrown_away else form.cleaned_data.get("email", "")
    if not typed or form.data.get("sure") == typed or not (better := well_known(typed)):
        return None
    return Refused("", 422, question=Question(typed, better))


def answered(said: QueryDict) -> QueryDict:
    """The form, with the address whose button was pressed; it is not asked about again."""
    if not (meant := said.get("meant")):
        return said
    said = said.copy()
    said["email"] = said["sure"] = meant
    return said


def well_known(email: str) -> str:
    """The address at the one well-known provider that is a slip of the finger away; “” for none."""
    local, _, domain = email.strip().rpartition("@")
    domain = domain.lower()
    if not local or domain in WELL_KNOWN:
        return ""
    found = [known for known in WELL_KNOWN if one_slip(domain, known) and _likely(domain, known)]
    return f"{local}@{found[0]}" if len(found) == 1 else ""


def _likely(domain: str, known: str) -> bool:
    name, _, ending = domain.partition(".")
    same = name == known.partition(".")[0]
    return (same and ending in NO_ENDINGS) or len(known.partition(".")[0]) >= LONG


def one_slip(one: str, other: str) -> bool:
    """Does one sign more, less or another, or two that have changed places, make the difference?"""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while one[start : start + 1] == other[start : start + 1]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
