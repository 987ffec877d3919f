import json
import logging

from newsroom.core.logs import JSONFormatter, Redact


def logged(message: str, *args: object, **extra: object) -> dict[str, object]:
    record = logging.getLogger("t").makeRecord(
        "t", logging.INFO, "f", 1, message, args, None, extra=extra
    )
    Redact().filter(record)
    return dict(json.loads(JSONFormatter().format(record)))


def test_no_address_reaches_the_log() -> None:
    line = logged("Mail to %s failed: <b.c+d@mail.example.org>", "a@example.org", who="x@y.org")
    assert "@" not in json.dumps(line)
    assert line["who"] == "‹address›"


def test_no_token_reaches_the_log() -> None:
    path = "/newsletter/unsubscribe/AAAAAAAAAAFw1234567890abcde/"
    assert "AAAAAAAA" not in str(logged("GET %s", path)["message"])


def test_extra_values_become_keys() -> None:
    assert logged("Sent", batch=7)["batch"] == 7
