"""Addresses that we can write to, as readers type them and as they are stored."""

from disposable_email_domains import blocklist
from django import forms
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email


class AddressField(forms.EmailField):
    """An address we can write to, as it is stored: ASCII, its domain in punycode.

    No name server is asked: that would tell a third party who signs up.
    """

    default_error_messages = {
        "required": _("Please enter your e-mail address."),
        "invalid": _("That does not look like an e-mail address. Please check it."),
        "disposable": _("Please use a lasting address: throw-away ones get no newsletter."),
    }

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
