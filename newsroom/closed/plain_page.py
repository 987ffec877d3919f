"""What everybody sees of a closed newsroom: one page, 503, without a name, a link or a cookie.

Needs no settings: they went with the keys. Texts come from the same catalogues as all others.
The one-click unsubscribe (RFC 8058) of mails that lie in inboxes is taken down, and done later.
"""

import hashlib
import os
import re
import sys
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import cache
from gettext import NullTranslations, translation
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from newsroom.closed import keys_file
from newsroom.core import for_programs

LOCALE = Path(__file__).resolve().parent.parent.parent / "locale"
RIGHT_TO_LEFT = {"ar", "fa"}
STYLE = (
    "body{font:1.125rem/1.6 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}"
    "main{max-width:34rem;margin:0 auto;padding:3rem 1.25rem}h1{font-size:1.75rem;line-height:1.25}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}}"
)
_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
AWAY = {"Retry-After": "86400", "X-Robots-Tag": "noindex"}
LEAVING = re.compile(r"(?:/[a-z]{2})?/newsletter/unsubscribe/([A-Za-z0-9_-]{27})/")
PART = re.compile(r"([a-z]+)(?::\d+)?")  # of `manage.py run`: “sender:4”
PROBES = {"/healthz", "/livez", "/readyz"}

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def _(text: str) -> str:
    """Marks a text for the catalogues; it is looked up when its language is known."""
    return text


TITLE = _("This site is closed for now")
WORDS = [
    _("No page can be read here, and no mail is sent. If it opens again, it will be here."),
    _(
        "You can still leave a newsletter with the button of your mail program. It counts when we "
        "are back; until then nothing is sent."
    ),
]
NOTED = _("You have left the newsletter. It counts when we are back; until then nothing is sent.")


def answer(method: str, path: str, accepted: str) -> Answer:
    """To any request; ``accepted`` is its Accept-Language."""
    if path.rstrip("/") in PROBES:  # a load balancer's: else it would show a page of its own
        return Answer(200, HEADERS | {"Content-Type": "application/json"}, b'{"status": "closed"}')
    if for_programs.asks_first(method, path):
        return Answer(204, HEADERS | for_programs.ANY_SITE, b"")
    if failed := for_programs.failure(path, 503):
        return Answer(503, HEADERS | AWAY | failed[0], failed[1])
    leaving = LEAVING.fullmatch(path)
    if method == "POST" and leaving and keys_file.note_leaving(leaving[1]):
        return page(200, path, accepted, [NOTED])
    return page(503, path, accepted, WORDS)


def page(status: int, path: str, accepted: str, words: list[str]) -> Answer:
    language = language_of(path, accepted)
    say = catalogue(language).gettext
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    title = escape(say(TITLE))
    text = "".join(f"<p>{escape(say(one))}</p>" for one in words)
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{text}</main></body></html>"
    )
    headers = HEADERS | {"Content-Type": "text/html; charset=utf-8"}
    return Answer(status, headers | (AWAY if status == 503 else {}), html.encode())


def language_of(path: str, accepted: str) -> str:
    """Of the address, else the one that the browser likes best, else English."""
    ours = {"en", *(folder.name for folder in LOCALE.iterdir())}
    if path[1:3] in ours and path[3:4] in ("", "/"):
        return path[1:3]
    wishes = re.findall(r"([a-z]{2})(?:-\w+)*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?", accepted.lower())
    liked = [(float(weight or 1), code) for code, weight in wishes if code in ours]
    return max(liked, key=lambda wish: wish[0], default=(1, "en"))[1]


@cache
def catalogue(language: str) -> NullTranslations:
    return translation("django", LOCALE, [language], fallback=True)


def stand_in(words: list[str]) -> None:
    """For ``manage.py run`` while the newsroom is closed: in place of the web this page, which ends
    when the keys are back, so that whoever started us starts all anew; of other parts nothing."""
    if asks_for_web(words) and keys_file.closed_since():
        options = ["--interface", "asgi", "--http", "1", "--no-ws", "--log-level", "warning"]
        granian = [sys.executable, "-m", "granian", *options, "newsroom.asgi:application"]
        os.execv(sys.executable, granian)
    while keys_file.closed_since():
        time.sleep(keys_file.LOOKS_EVERY)


def asks_for_web(words: list[str]) -> bool:
    """By name, or by none. Names look like no option, and like no option's value."""
    parts = [found[1] for word in words if (found := PART.fullmatch(word))]
    return not parts or "web" in parts


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI, in place of the whole product."""
    if scope["type"] != "http":
        return
    headers = {name.lower(): value for name, value in scope["headers"]}
    accepted = headers.get(b"accept-language", b"").decode("latin-1")[:500]
    found = answer(scope["method"], scope["path"], accepted)
    said = [(name.lower().encode(), value.encode()) for name, value in found.headers.items()]
    await send({"type": "http.response.start", "status": found.status, "headers": said})
    body = b"" if scope["method"] == "HEAD" else found.body
    await send({"type": "http.response.body", "body": body})
