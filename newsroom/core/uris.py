"""Other scripts at the edge: inside, an address is what people read; what leaves us is ASCII.

Pages have slugs in any script, editors paste links in any script, hosts and mail domains have
names in any script. Mails, headers, feeds and redirects take only ASCII.
"""

import re

import idna
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

# RFC 3987, 4.1: marks of direction are no part of an address; they come along with a paste.
MARKS = "".join(
    map(chr, [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
)
AUTHORITY = re.compile(r"^([a-z][a-z0-9+.-]*:)?//([^/?#]*)", re.IGNORECASE)


def stays(url: str, *hosts: str, https: bool = False) -> bool:
    """Does this lead to a page of ours: a path, or an address at one of these hosts (``https``: by
    TLS)? Browsers leave
    out tabs and ends of lines (URL Standard, “basic URL parser”): to them “//\\t/example.org” is
    another host, and to Django it is a path."""
    plain = all(ord(sign) > 0x1F for sign in url)
    return plain and url_has_allowed_host_and_scheme(url, set(hosts), https)


def to_uri(iri: str) -> str:
    """The same address in ASCII (RFC 3987, 3.1): the host in punycode, the rest percent-encoded.
    One that is such an address already stays as it is."""
    iri = iri.strip().strip(MARKS).strip()  # at its ends: what comes in between stays where it is
    if found := AUTHORITY.match(iri):
        user, at, host = found[2].rpartition("@")
        name, colon, port = host.partition(":")
        if not name.isascii():
            start, end = found.start(2) + len(user + at), found.end(2)
            iri = f"{iri[:start]}{ascii_host(name)}{colon}{port}{iri[end:]}"
    return str(iri_to_uri(iri))


def ascii_host(name: str) -> str:
    """A host's name as the domain name system has it (RFC 5891; Unicode's UTS 46 first, as browsers
    do). What can't be one stays as it is, and :func:`to_uri` percent-encodes it (RFC 3986, 3.2.2).
    """
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return name


def domain_of(mailbox: str) -> str:
    """The domain of an address, or of “Name <address>”: in ASCII, in small letters."""
    return ascii_host(mailbox.rpartition("@")[2].rstrip(">")).lower()


def ascii_address(email: str) -> str:
    """An address with its domain in ASCII."""
    local, at, domain = email.rpartition("@")
    return f"{local}{at}{ascii_host(domain)}"
