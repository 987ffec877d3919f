"""Addresses that we can write to, as readers type them and as they are stored."""

from typing import Any

from disposable_email_domains import blocklist
from django import forms
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from newsroom.core.uris import MARKS


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

    def clean(self, value: str) -> str:
        value = str(super(forms.EmailField, self).clean(value)).strip()
        if not value:
            return ""
        try:
            parts = validate_email(value, allow_smtputf8=False, check_deliverability=False)
        except EmailNotValidError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        domain = parts.ascii_domain.lower()
        labels = domain.split(".")
        if any(".".join(labels[n:]) in blocklist for n in range(len(labels) - 1)):
            raise forms.ValidationError(self.error_messages["disposable"], code="disposable")
        return f"{parts.ascii_local_part}@{domain}"
