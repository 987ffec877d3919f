"""A page that is kept: its bytes as they leave, made once."""

import gzip
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from math import inf
from typing import Any

import brotli

from newsroom.kept_pages import in_front
from newsroom.kept_pages.purges import FRESH, NEVER, STALE, Moment

Headers = list[tuple[bytes, bytes]]

LARGEST = 2_000_000  # bytes
LEFT_OUT = {b"content-length", b"etag", b"vary", b"content-encoding"}
REFUSED = re.compile(rb"private|no-store")
WORTH_IT = 300  # bytes; less is not made smaller
WORDS = re.compile(rb"text/|image/svg|application/(.+\+)?(json|xml|javascript|manifest)")
NOT_AT_ALL = re.compile(rb"q=0(\.0*)?")
CODINGS = (b"br", b"gzip")


@dataclass
class Page:
    """Also what can't be kept, for those who wait for it now: ``tags`` is empty then."""

    status: int
    headers: Headers
    bodies: dict[bytes, bytes]  # by coding; b"": as it is, if it is short
    tags: frozenset[str] = frozenset()
    pages: int = 0  # that are at “?page=…”
    differs: str = ""  # by what, and no page: each reader's word has one
    until: float = inf  # seconds since 1970
    made: Moment = NEVER  # as of this purge
    made_at: float = field(default_factory=time.time)
    looked_at: Moment = NEVER  # until this purge nothing on it has changed
    counted: bool = False  # one answer with it, among those that Django gave

    @property
    def etag(self) -> bytes:
        return next((value for name, value in self.headers if name == b"etag"), b"")

    @property
    def size(self) -> int:
        return 2000 + sum(map(len, self.bodies.values()))

    def is_fresh(self) -> bool:
        return time.time() - self.made_at < FRESH

    def is_over(self) -> bool:
        now = time.time()
        return now - self.made_at > FRESH + STALE or now >= self.until

    def answer(self, head: bool, headers: dict[bytes, bytes]) -> tuple[int, Headers, bytes]:
        """Status, headers and body for who sent these headers."""
        answered = self.headers
        if self.tags:
            answered = answered + in_front.headers(self.tags, self.until)
        if self.tags and self.is_known(headers):
            return 304, answered, b""
        coding = b"" if b"" in self.bodies else coding_for(headers.get(b"accept-encoding", b""))
        if coding in self.bodies:
            body = self.bodies[coding]
        else:
            body = gzip.decompress(self.bodies[b"gzip"])
        more = [(b"content-length", str(len(body)).encode())]
        if coding:
            more.append((b"content-encoding", coding))
        return self.status, answered + more, b"" if head else body

    def is_known(self, headers: dict[bytes, bytes]) -> bool:
        """Does the client have it already (RFC 9110, 13.1)?"""
        if known := headers.get(b"if-none-match"):
            return self.etag[2:] in known or known == b"*"  # some proxies take off the “W/”
        since = headers.get(b"if-modified-since")
        return since is not None and (b"last-modified", since) in self.headers

    def pack(self) -> bytes:
        about = {
            "status": self.status,
            "headers": [[name.decode(), value.decode("latin-1")] for name, value in self.headers],
            "tags": sorted(self.tags),
            "pages": self.pages,
            "differs": self.differs,
            "until": self.until,
            "made": self.made,
            "made_at": self.made_at,
            "bodies": [[coding.decode(), len(body)] for coding, body in self.bodies.items()],
        }
        return b"\n".join([json.dumps(about).encode(), b"".join(self.bodies.values())])

    @classmethod
    def unpack(cls, packed: bytes) -> "Page":
        head, _, rest = packed.partition(b"\n")
        about = json.loads(head)
        bodies = {}
        for coding, length in about.pop("bodies"):
            bodies[coding.encode()], rest = rest[:length], rest[length:]
        about["headers"] = [(n.encode(), v.encode("latin-1")) for n, v in about["headers"]]
        about |= {"tags": frozenset(about["tags"]), "made": tuple(about["made"])}
        return cls(bodies=bodies, **about)


def made(status: int, headers: Headers, body: bytes, **about: Any) -> Page:
    """To be kept. Takes a millisecond or two, for the compression."""
    tag = b'W/"%s"' % hashlib.sha256(body).hexdigest()[:20].encode()  # the same in all codings
    kept = [(name, value) for name, value in headers if name not in LEFT_OUT]
    vary = [value for name, value in headers if name == b"vary"]
    kept += [(b"etag", tag), (b"vary", b", ".join([*vary, b"Accept-Encoding"]))]
    if not any(name == b"cache-control" for name, _ in headers):
        kept.append((b"cache-control", b"no-cache"))  # may be kept, and is asked after: a 304
    kind = next((value for name, value in headers if name == b"content-type"), b"")
    if len(body) < WORTH_IT or not WORDS.match(kind):
        bodies = {b"": body}
    else:
        bodies = {b"br": brotli.compress(body, quality=5), b"gzip": gzip.compress(body, 6, mtime=0)}
    return Page(status, kept, bodies, **about)


def is_for_all(status: int, headers: Headers, for_all: bool) -> bool:
    """May all who wait for it have it? Whatever its view says: a cookie, or “no-store”, is
    somebody's own. What is not there, or has moved, is so for everybody."""
    if any(name == b"set-cookie" for name, _ in headers):
        return False
    controls = b"".join(value for name, value in headers if name == b"cache-control")
    return status != HTTPStatus.OK or (for_all and not REFUSED.search(controls))


def can_be_kept(status: int, headers: Headers, body: bytes) -> bool:
    encoded = any(name == b"content-encoding" for name, _ in headers)
    return status == HTTPStatus.OK and len(body) <= LARGEST and not encoded


def with_cookie(headers: Headers, cookie: str) -> Headers:
    """What all get, and this beside it for one reader: no cache of others may keep the answer."""
    ours = [one for one in headers if one[0] not in (b"cache-control", b"surrogate-control")]
    return [
        *ours, (b"cache-control", b"private, no-cache"), (b"set-cookie", cookie.encode("latin-1"))
    ]  # fmt: skip


@lru_cache(maxsize=200)
def coding_for(accepted: bytes) -> bytes:
    """The best of those that a client takes (RFC 9110, 12.5.3)."""
    if len(accepted) > 200:
        return b""
    parts = [part.strip().lower().partition(b";") for part in accepted.split(b",")]
    taken = {name.strip() for name, _, weight in parts if not NOT_AT_ALL.fullmatch(weight.strip())}
    return next((coding for coding in CODINGS if coding in taken), b"")
