"""Errors, told to whoever ``SENTRY_DSN`` names by Sentry's protocol: where in the code, and nothing
of what it was about.

What a report may hold is listed here, and all else is left out: an exception's own words may quote
a row, a log line's values a name, and a frame's variables anything. So it has the kinds of
exceptions, the places in our code, and what a log line says before its values are put in.
"""

import logging
from typing import Any

from newsroom.core.logs import redact

try:
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception
except ImportError:  # the extra “sentry” is not installed
    sentry_sdk = None  # type: ignore[assignment]

# Whose log lines are written with their values apart.
KNOWN = ("newsroom", "subscriptions", "donations", "django", "celery")
OF_EVENT = {"event_id", "timestamp", "level", "logger", "platform", "environment", "exception"}
OF_EVENT |= {"logentry", "sdk"}
OF_FRAME = {"module", "function", "lineno", "in_app"}


class Reports(logging.Handler):
    """The first of the root's handlers, since the one after it puts values into words."""

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"level": record.levelname.lower(), "logger": record.name}
        if record.exc_info and record.exc_info[0]:
            options = sentry_sdk.get_client().options
            event |= event_from_exception(record.exc_info, client_options=options)[0]
        if record.name.partition(".")[0] in KNOWN and isinstance(record.msg, str):
            event["logentry"] = {"message": record.msg}
        sentry_sdk.capture_event(event)  # type: ignore[arg-type]


def start(dsn: str) -> None:
    """Report errors from now on, of this process and of its forks."""
    if sentry_sdk is None:
        raise ImportError("SENTRY_DSN is set: install the extra “sentry” (uv sync --extra sentry).")
    sentry_sdk.init(
        dsn,
        environment="production",
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        server_name="",
        # It would take brotli, which we have, and not every server of its kind can read.
        _experiments={"transport_compression_algo": "gzip"},  # type: ignore[typeddict-item]
        before_send=only_where,
    )
    logging.getLogger().handlers.insert(0, Reports(logging.ERROR))


def only_where(event: Any, hint: Any) -> Any:
    """The report, of what may stand in one."""
    kept = {name: value for name, value in event.items() if name in OF_EVENT}
    values = (event.get("exception") or {}).get("values") or []
    if values:
        kept["exception"] = {"values": [_place_of(one) for one in values]}
    if said := event.get("logentry"):
        kept["logentry"] = {"message": redact(str(said.get("message", "")))}
    return kept


def _place_of(exception: dict[str, Any]) -> dict[str, Any]:
    frames = (exception.get("stacktrace") or {}).get("frames") or []
    return {
        "type": exception.get("type"),
        "module": exception.get("module"),
        "stacktrace": {
            "frames": [
                {name: frame[name] for name in OF_FRAME & set(frame)}
                | {"filename": frame.get("module") or "?"}
                for frame in frames
            ]
        },
    }
