"""A mail as bytes with holes: made once per mailing, filled in for each reader by joining bytes.

The bodies are quoted-printable (RFC 2045, 6.7). A personal part stands on lines of its own
between soft line breaks, so that what surrounds it needs no second look.
"""

import re
from dataclasses import dataclass
from quopri import encodestring

from django.core.mail import EmailMessage

from newsroom.mail.headers import mailbox, words
from newsroom.mail.providers import ANY_FIELD

LINE = 72  # bytes of a personal part per line; RFC 2045 allows 76
SOFT_BREAK = b"=\r\n"
BOUNDARY = b"=_newsroom_alternative"  # can't occur in quoted-printable: “=” begins hex there


@dataclass(frozen=True)
class Template:
    """Literal bytes and names of personal parts, in turns: literal, name, literal, …

    Names ending in ``:header`` are put in as they are, the others as quoted-printable.
    """

    pieces: list[bytes | str]

    def fill(self, values: dict[str, str]) -> bytes:
        """The whole message as DATA takes it (RFC 5321, 4.5.2: dots stuffed), without the final
        dot. ``values`` holds ASCII text without line breaks."""
        made = {name: quoted(value) for name, value in values.items()}
        made |= {f"{name}:header": value.encode("ascii") for name, value in values.items()}
        return b"".join(piece if isinstance(piece, bytes) else made[piece] for piece in self.pieces)


def build(subject: str, html: str, text: str, sender: str, headers: dict[str, str]) -> Template:
    """A template from a rendered issue. Header values may hold ``((reader.…))`` too."""
    personal = {name: value for name, value in headers.items() if ANY_FIELD.search(value)}
    shared = {name: value for name, value in headers.items() if name not in personal}
    pieces: list[bytes | str] = [head(subject, sender, shared)]
    for name, value in personal.items():
        pieces += with_holes(f"{name}: {value}\r\n", suffix=":header")
    pieces.append(
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%s"\r\n'
        % BOUNDARY
    )
    for subtype, body in (("plain", text), ("html", html)):
        pieces.append(
            b"\r\n--%s\r\nContent-Type: text/%s; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" % (BOUNDARY, subtype.encode())
        )
        pieces += with_holes(body)
    pieces.append(b"\r\n--%s--\r\n" % BOUNDARY)
    return Template(joined(pieces))


def head(subject: str, sender: str, headers: dict[str, str]) -> bytes:
    """The headers that everyone's copy shares, folded as Django does. Raises BadHeaderError for a
    line break in one."""
    message = EmailMessage(
        words("Subject", subject),
        "",
        mailbox("From", sender),
        headers={**headers, "Message-ID": "later"},
    )
    made = message.message()
    for name in ("Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "To"):
        del made[name]
    return made.as_bytes().rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def with_holes(text: str, suffix: str = "") -> list[bytes | str]:
    """Text cut at its personal parts; without ``suffix``, its literal parts encoded."""
    cut = ANY_FIELD.split(text)  # literal, name, literal, …
    if suffix:
        return [
            part + suffix if place % 2 else part.encode("ascii") for place, part in enumerate(cut)
        ]
    return [part if place % 2 else literal(part) for place, part in enumerate(cut)]


def literal(text: str) -> bytes:
    """Quoted-printable with CRLF line ends and stuffed dots."""
    lines = encodestring(text.replace("\r\n", "\n").encode())
    return stuffed(lines.replace(b"\n", b"\r\n"))


def quoted(value: str) -> bytes:
    """A personal part on lines of its own, between soft breaks."""
    width = LINE // 3 if "=" in value else LINE  # “=3D” is never cut
    cut = [value[start : start + width] for start in range(0, len(value), width)]
    lines = [part.replace("=", "=3D").encode("ascii") for part in cut]
    return SOFT_BREAK + stuffed(SOFT_BREAK.join(lines)) + SOFT_BREAK


def stuffed(lines: bytes) -> bytes:
    """RFC 5321, 4.5.2: a line that begins with a dot gets a second one."""
    return re.sub(rb"(?m)^\.", b"..", lines)


def joined(pieces: list[bytes | str]) -> list[bytes | str]:
    """Neighbouring literals as one."""
    result: list[bytes | str] = []
    for piece in pieces:
        if result and isinstance(piece, bytes) and isinstance(result[-1], bytes):
            result[-1] += piece
        else:
            result.append(piece)
    return result
