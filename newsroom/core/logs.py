"""Logs that a machine reads and that name no one."""

import json
import logging
import re
from datetime import UTC, datetime

ADDRESS = re.compile(r"[^\s@<>\"'=(,;:]+(?:@|%40)[^\s@<>\"'),;:]+")
# Signed links are keys to somebody's page.
TOKEN = re.compile(r"(/(?:confirm|preferences|unsubscribe|manage|cancel)/)[\w:.=-]{12,}")
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def redact(text: str) -> str:
    return TOKEN.sub(r"\1…", ADDRESS.sub("‹address›", text))


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
