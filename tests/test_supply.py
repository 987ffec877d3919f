"""The list of what we are made of, and the question whether holes in it are known."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests import supply

HOLE = {
    "id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z", "summary": "a hole",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "django"}}],
}  # fmt: skip


def test_same_lock_file_gives_the_same_list() -> None:
    text = supply.sbom()
    assert supply.sbom() == text
    found = {one["name"]: one for one in json.loads(text)["components"]}
    assert found["django"]["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert found["django"]["externalReferences"][0]["hashes"][0]["alg"] == "SHA-256"
    assert {"boto3", "sentry-sdk", "smart-open"} <= set(found) and "pytest" not in found
    other = json.loads(text)
    other["metadata"]["timestamp"] = "now"
    other["components"].pop()
    assert (
        json.loads(supply.finished(other, {}))["serialNumber"] != json.loads(text)["serialNumber"]
    )


@pytest.fixture
def osv() -> Iterator[str]:
    """It knows a hole in Django."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            queries = json.loads(self.rfile.read(length))["queries"]
            hole = {"vulns": [{"id": HOLE["id"], "modified": HOLE["modified"]}]}
            self.answer({"results": [hole if asks_for_django(one) else {} for one in queries]})

        def do_GET(self) -> None:
            self.answer(HOLE)

        def answer(self, content: object) -> None:
            raw = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    def asks_for_django(query: dict) -> bool:
        return query["package"].get("name") == "django"

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_known_hole_fails_the_audit(osv: str) -> None:
    code, words = supply.audit(osv)
    assert code == supply.VULNERABLE and "PYSEC-1" in words


def test_audit_that_could_not_be_made_does_not_pretend() -> None:
    code, words = supply.audit("http://127.0.0.1:1/")
    assert code == 0 and words.startswith("NOT AUDITED: http://127.0.0.1:1/ can't be asked")
