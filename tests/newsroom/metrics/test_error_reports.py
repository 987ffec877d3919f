"""What is told of an error is where it was, and nothing of whom."""

import gzip
import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import sentry_sdk
from django.test import Client

from newsroom.core import tokens
from newsroom.metrics import error_reports, exposition

ADDRESS, NAME = "ann.secret@example.org", "Annabel Secret"


@pytest.fixture
def received() -> Iterator[list[str]]:
    """The bodies that came to a server of Sentry's kind, ours."""
    bodies: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            bodies.append(f"{self.headers}{(gzip.decompress(body) if zipped else body).decode()}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    before = list(logging.getLogger().handlers)
    error_reports.start(f"http://key@127.0.0.1:{server.server_port}/1")
    yield bodies
    logging.getLogger().handlers[:] = before
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    server.shutdown()


def events(bodies: list[str]) -> list[dict[str, Any]]:
    sentry_sdk.flush()
    lines = [line for body in bodies for line in body.splitlines() if line.startswith("{")]
    return [found for line in lines if "level" in (found := json.loads(line))]


@pytest.mark.django_db
def test_report_of_an_error_names_nobody(
    received: list[str], client: Client, settings: Any, monkeypatch: Any
) -> None:
    settings.METRICS_TOKEN = "the-metrics-token"
    token = tokens.permanent("unsubscribe", 4711)

    def fails(**kwargs: Any) -> None:
        address, person, link = ADDRESS, NAME, token
        raise ValueError(f"{address} of {person} at {link}")

    monkeypatch.setattr(exposition, "CollectorRegistry", fails)
    client.raise_request_exception = False
    client.cookies["sessionid"] = "a-cookie-of-annabel"
    headers = {"Authorization": "Bearer the-metrics-token", "X-Name": NAME}
    assert client.get(f"/metrics?email={ADDRESS}", headers=headers).status_code == 500
    log = logging.getLogger("subscriptions.readers")
    log.error("No mail to %s, at %s", NAME, ADDRESS)
    logging.getLogger("somebody.else").error(f"{NAME} is not there")
    found = events(received)
    assert {one["logger"] for one in found} == {
        "django.request", "subscriptions.readers", "somebody.else",
    }  # fmt: skip
    everything = "".join(received)
    for secret in (ADDRESS, "Annabel", "Secret", token, "the-metrics-token", "a-cookie", "?email"):
        assert secret not in everything, secret
    [error] = [one for one in found if one["logger"] == "django.request"]
    [raised] = error["exception"]["values"]
    assert raised["type"] == "ValueError"
    assert "fails" in [frame["function"] for frame in raised["stacktrace"]["frames"]]
    assert "No mail to %s, at %s" in everything


def test_report_that_holds_more_than_it_may_is_cut() -> None:
    """Whatever a later version of the library adds."""
    frame = {"module": "a", "function": "b", "lineno": 1, "vars": {"x": NAME}, "abs_path": NAME}
    event = {
        "event_id": "1", "user": {"id": NAME}, "request": {"url": NAME}, "extra": {"x": NAME},
        "server_name": NAME, "breadcrumbs": {"values": [{"message": NAME}]},
        "logentry": {"message": f"to {ADDRESS}", "params": [NAME], "formatted": NAME},
        "exception": {"values": [{"type": "E", "value": NAME, "stacktrace": {"frames": [frame]}}]},
    }  # fmt: skip
    kept = json.dumps(error_reports.only_where(event, {}))
    assert NAME not in kept and ADDRESS not in kept
    assert '"function": "b"' in kept
