"""The way in for every request: slow clients wait here, where they hold no thread.

Django answers in threads, and there are few. A client that sends its body byte by byte, or reads
the answer so, would keep one for as long as it likes; four of them would stop every page. So a
request reaches Django when all of it is here, and an answer leaves when Django has made all of it.
(Headers that don't come are the server's to time out: ``--http1-header-read-timeout``.)

ASGI in front ("ASGI Specification", 3.0), Django's WSGI handler behind (PEP 3333), in groups of
threads: readers' pages go on while Stripe hangs or the admin exports.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.db import close_old_connections

from newsroom.core import for_programs
from newsroom.core.languages import chosen_in
from newsroom.web.body_limits import PUBLIC_BODY, STAFF_BODY, Spool, declared, most_bytes
from newsroom.web.front.together import Together
from newsroom.web.headers import FAILED, PUBLIC

Scope = dict[str, Any]
Environ = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Django = Callable[[Environ, Any], Iterable[bytes]]

# How many threads for what begins with that. DATABASE_POOL must have a connection for each.
THREADS = {"/admin/": 4, "/support/": 4, "/webhooks/": 4, "/livez": 1, "/readyz": 1, "": 4}
ALSO_PAGES = {"/support/"}  # asks Stripe nothing, so it waits for nobody who does
IN_MEMORY = 250_000  # bytes; what is longer waits on disk, unreadable there
PIECE = 64_000
# Seconds: for a form of readers, for an upload of staff, for each piece of an answer.
BODY_SECONDS, UPLOAD_SECONDS, PIECE_SECONDS = 20, 300, 30
# The headers of answers that Django has no part in.
OUR_OWN = [("connection", "close"), *PUBLIC.items(), *FAILED.items()]


class ClientGone(Exception):
    """The client has hung up."""


@dataclass
class Answer:
    body: Spool
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        """WSGI's ``start_response``."""
        self.status = int(status.split()[0])
        self.headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]


def refuse(answer: Answer, path: str, status: HTTPStatus) -> None:
    """Without Django."""
    headers, body = for_programs.failure(path, status) or ({}, b"")
    answer.start(f"{status:d} {status.phrase}", [*(dict(OUR_OWN) | headers).items()])
    answer.body.write(body)


class Front:
    """An ASGI application around Django's WSGI handler."""

    def __init__(self, django: Django, together: Mapping[str, Together] | None = None) -> None:
        """``together``: by path, posts that are answered in groups."""
        self.django, self.together = django, together or {}
        self.threads = {start: ThreadPoolExecutor(many, start) for start, many in THREADS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        with Spool(IN_MEMORY) as asked, Spool(IN_MEMORY) as said:
            environ, answer = environ_of(scope, asked), Answer(said)
            try:
                await self.take(environ, receive)
            except TimeoutError:
                refuse(answer, environ["PATH_INFO"], HTTPStatus.REQUEST_TIMEOUT)
            except ClientGone:  # or what it sent is no body at all
                refuse(answer, environ["PATH_INFO"], HTTPStatus.BAD_REQUEST)
            else:
                if not await self.answered_together(environ, answer):
                    await self.in_thread(environ, self.let_django_answer, environ, answer)
            await give(answer, send)

    async def answered_together(self, environ: Environ, answer: Answer) -> bool:
        group = self.together.get(environ["PATH_INFO"])
        if not group or environ["REQUEST_METHOD"] != "POST":
            return False
        if declared(environ) > most_bytes(environ):  # and so it was not read
            return False
        if await group.answers((environ, answer), declared(environ)):
            return True
        environ["wsgi.input"].seek(0)
        return False

    async def in_thread(self, environ: Environ, work: Callable[..., Any], *about: Any) -> Any:
        threads = self.threads_for(environ["PATH_INFO"] or "/")
        return await asyncio.get_running_loop().run_in_executor(threads, work, *about)

    def threads_for(self, path: str) -> ThreadPoolExecutor:
        _, path = chosen_in(path)  # of whatever language
        fitting = (start for start in self.threads if path.startswith(start))
        return self.threads["" if path in ALSO_PAGES else next(fitting)]

    async def take(self, environ: Environ, receive: Receive) -> None:
        """The body, into ``wsgi.input``. A longer one than allowed is not read to its end; its
        length tells Django, which answers with 413. Raises TimeoutError, ClientGone."""
        length, most, seconds = declared(environ), PUBLIC_BODY, BODY_SECONDS
        if length > PUBLIC_BODY:
            most = await self.in_thread(environ, self.ask_how_much, environ)
        if most >= STAFF_BODY:
            seconds = UPLOAD_SECONDS
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None)
        if chunked or 0 < length <= most:
            async with asyncio.timeout(seconds):
                length = await read(receive, environ["wsgi.input"], most)
        environ["CONTENT_LENGTH"] = str(length)
        environ["CONTENT_TYPE"] = plain_type(environ.get("CONTENT_TYPE", ""))

    def ask_how_much(self, environ: Environ) -> int:
        try:
            return most_bytes(environ)
        finally:
            close_old_connections()  # outside of a request nobody else does

    def let_django_answer(self, environ: Environ, answer: Answer) -> None:
        pieces = self.django(environ, answer.start)
        try:
            for piece in pieces:
                answer.body.write(piece)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()


def plain_type(text: str) -> str:
    """The media type of a body and its boundary, and nothing else: our pages are UTF-8, and Django
    fails on other character sets before any of our code runs (“hex”, “idna”, RFC 2231's forms)."""
    media = text.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media, re.ASCII):
        return ""
    boundary = re.search(r";\s*boundary=(\"?)([\w'()+,./:=?-]{1,70})\1\s*(;|$)", text, re.I | re.A)
    return f"{media}; boundary={boundary.group(2)}" if boundary else media


async def read(receive: Receive, into: Spool, most: int) -> int:
    """How many bytes came; no more than ``most`` are kept. Raises ClientGone."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        length += len(message.get("body", b""))
        if length > most:
            return length
        into.write(message.get("body", b""))
        if not message.get("more_body"):
            into.seek(0)
            return length


async def give(answer: Answer, send: Send) -> None:
    """The answer, as fast as its reader takes it; who takes nothing for too long is left."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    answer.body.seek(0)
    try:
        async with asyncio.timeout(PIECE_SECONDS):
            await send(start)
        more = True
        while more:
            piece = answer.body.read(PIECE)
            more = len(piece) == PIECE
            async with asyncio.timeout(PIECE_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
    except TimeoutError:
        return


def environ_of(scope: Scope, body: Spool) -> Environ:
    """The request as WSGI has it. A header with “_” in its name is left out: WSGI could not tell it
    from one with “-”, say from the proxy's own ``X-Forwarded-For``."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").upper()
        if "_" in name:
            continue
        key = name.replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ | scope.get("environ", {})  # what is put there by who stands in front of us
