"""Header fields for a mail server: in ASCII, and no line longer than mail allows, in any script.

Anymail gives a provider's API its texts as they are. What is said by SMTP is encoded here: Django
leaves an empty first line before a long word (obsolete: RFC 5322, 4.2), and puts a long name into
one word of any length. Values are one line; where they are folded, every line fits.
"""

import re
from email.header import Header
from email.utils import parseaddr, quote

from newsroom.core.uris import ascii_address

LINE = 76  # RFC 2047, 2: no line with an encoded word is longer
LONGEST_WORD = 60  # what has no place to be folded is encoded, since encoded words can be cut
SPECIALS = re.compile(r'[][()<>@,:;.\\"]')  # RFC 5322, 3.2.3


def one_line(text: str) -> str:
    """A line break would end the header."""
    return " ".join(text.split())


def named(name: str, address: str) -> str:
    """“"Name" <address>”, its script as it is: what Anymail and :func:`mailbox` read."""
    return f'"{quote(one_line(name))}" <{address}>'


def words(header: str, text: str) -> str:
    """What a header such as Subject says (RFC 5322, 2.2.1 “unstructured”)."""
    text = one_line(text)
    if text.isascii() and "=?" not in text and longest(text) <= LONGEST_WORD:
        return text
    return one_line(Header(text, "utf-8", LINE, header).encode())


def phrase(header: str, text: str) -> str:
    """A name before something in angle brackets (RFC 5322, 3.2.5)."""
    said = words(header, text)
    return f'"{quote(said)}"' if said == one_line(text) and SPECIALS.search(said) else said


def mailbox(header: str, sender: str) -> str:
    """Name and address, or an address alone, as a From header has them."""
    name, address = parseaddr(sender)
    address = ascii_address(address)
    return f"{phrase(header, name)} <{address}>" if name else address


def longest(text: str) -> int:
    return max(map(len, text.split(" ")))
