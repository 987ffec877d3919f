"""How long a request's body may be: for the front, before it is read, and for Django."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.http import parse_cookie

# Bytes. A reader's form is a few hundred; Stripe's largest events are some 100 kB; staff upload
# pictures and documents.
PUBLIC_BODY, WEBHOOK_BODY, STAFF_BODY = 64_000, 1_000_000, 20_000_000


def most_bytes(environ: dict[str, Any]) -> int:
    """Of this request's body. The database is asked only about a long one for the admin. The path
    decides, since no view is found yet; no page has such a path (newsroom/web/addresses.py)."""
    path = environ["PATH_INFO"]
    if path.startswith("/webhooks/"):
        return WEBHOOK_BODY
    if path.startswith("/admin/") and declared(environ) > PUBLIC_BODY and signed_in(environ):
        return STAFF_BODY
    return PUBLIC_BODY


def declared(environ: dict[str, Any]) -> int:
    """The body's length as its sender says; a chunked one may be as long as any."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return STAFF_BODY
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return 0
    return int(length) if len(length) < 16 else STAFF_BODY + 1


def signed_in(environ: dict[str, Any]) -> bool:
    """Does its cookie open a session of staff? Strangers fill no disk of ours."""
    key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    sessions = import_module(settings.SESSION_ENGINE)
    try:
        return SESSION_KEY in sessions.SessionStore(key).load()
    except DatabaseError:
        return False
