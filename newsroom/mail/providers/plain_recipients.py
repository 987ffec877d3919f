"""Addresses that need no parsing, for calls with a thousand of them.

Anymail parses each recipient with Python's full RFC 5322 parser, half the cost of a call. Ours
were validated when they were stored: one that is a plain ``local@domain`` is taken as it is.
"""

import re
from typing import Any

from anymail.backends.base import BasePayload
from anymail.utils import EmailAddress, concat_lists, parse_address_list

# RFC 5321, 4.1.2: a dot-string at a domain of letters, digits and hyphens; no quoting needed.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
PLAIN = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})+")


class PlainAddress(EmailAddress):
    """An address without a name whose every form is the string itself."""

    def __init__(self, addr_spec: str) -> None:
        self._username, _, self._domain = addr_spec.rpartition("@")
        self._display_name = ""
        self.__dict__["address"] = self._plain = addr_spec

    @property
    def addr_spec(self) -> str:
        return self._plain

    def format(self, **kwargs: Any) -> str:
        return self._plain

    def format_addr_spec(self, **kwargs: Any) -> str:
        return self._plain


def parse_recipients(addresses: Any) -> list[EmailAddress]:
    """What ``parse_address_list`` gives. Raises AnymailInvalidAddress."""
    if all(isinstance(address, str) and PLAIN.fullmatch(address) for address in addresses):
        return [PlainAddress(address) for address in addresses]
    parsed: list[EmailAddress] = parse_address_list(addresses, field="to")
    return parsed


class PlainRecipients(BasePayload):
    """Mixed into an Anymail payload: its ``to`` is read the fast way."""

    base_message_attrs = tuple(
        (attr, concat_lists, parse_recipients) if attr == "to" else (attr, combiner, converter)
        for attr, combiner, converter in BasePayload.base_message_attrs
    )
