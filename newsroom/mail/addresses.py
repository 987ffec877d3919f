"""Addresses that we can write to, as readers type them and as they are stored."""

import re
from functools import lru_cache
from typing import Any

from disposable_email_domains import blocklist
from django import forms
from django.utils.translation import gettext_lazy as _
from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    validate_email,
)
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from newsroom.core.uris import MARKS

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
