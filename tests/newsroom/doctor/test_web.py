"""The site asked by its own address: certificates, what proxies pass on, and clocks."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from newsroom.doctor import web
from newsroom.doctor.examination import State
from newsroom.doctor.stores import clock_is_apart

LIAR, CLIENT, INNER = web.STRANGER, "198.51.100.7", "10.0.0.2"


@pytest.mark.parametrize(
    ("many", "host", "came", "proto", "wrong"),
    [
        (1, "", f"{LIAR}, {CLIENT}", "https", 0),
        (1, "", CLIENT, "https", 0),
        (2, "", f"{LIAR}, {CLIENT}, {INNER}", "https", 0),
        (0, "", LIAR, "http", 0),  # TLS by ourselves
        (1, "127.0.0.1:8000", CLIENT, "https", 1),
        (1, "", LIAR, "https", 1),
        (2, "", f"{LIAR}, {CLIENT}", "https", 1),
        (1, "", f"{LIAR}, {CLIENT}, {INNER}", "https", 1),
        (1, "", "", "https", 1),
        (1, "", CLIENT, "http", 1),
        (1, "", CLIENT, "", 1),
        (0, "", f"{LIAR}, {CLIENT}", "http", 1),
        (0, "", LIAR, "https", 1),
    ],
)
def test_what_proxies_pass_on_is_judged(
    settings: Any, many: int, host: str, came: str, proto: str, wrong: int
) -> None:
    settings.BASE_URL, settings.TRUSTED_PROXIES = "https://news.newsroom.test", many
    found = {"host": host or "news.newsroom.test", "for": came, "proto": proto}
    assert [one.state for one in web.judged(found)] == [State.WRONG] * wrong


# --- Certificates ---


def serve_tls(folder: Path, name: str, days: int) -> Iterator[tuple[str, Path]]:
    private = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who)
        .public_key(private.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=90)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    file = folder / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                    context.wrap_socket(client, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{server.getsockname()[1]}", file


@pytest.mark.parametrize(
    ("name", "days", "trusted", "state", "words"),
    [
        ("localhost", 80, True, "ok", "79 days left"),
        ("localhost", 15, True, "warning", "days left"),
        ("localhost", 3, True, "wrong", "days left"),
        ("localhost", -1, True, "wrong", "expired"),
        ("other.test", 80, True, "wrong", "mismatch"),
        ("localhost", 80, False, "wrong", "self"),
    ],
)
def test_certificate_is_judged(
    tmp_path: Path, monkeypatch: Any, name: str, days: int, trusted: bool, state: str, words: str
) -> None:
    for origin, file in serve_tls(tmp_path, name, days):
        monkeypatch.setenv("SSL_CERT_FILE", str(file) if trusted else "/nowhere")
        found = web.certificate(origin)
        assert (str(found.state), words in found.words) == (state, True), found


# --- Others ---


@pytest.mark.parametrize(
    ("apart", "state"), [(0, "ok"), (15, "warning"), (-15, "warning"), (3600, "wrong"), (None, "")]
)
def test_clock_is_compared_with_the_one_of_a_web_server(apart: int | None, state: str) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(200)
            if apart is not None:
                shown = datetime.now(UTC) - timedelta(seconds=apart)
                self.send_header("Date", format_datetime(shown, usegmt=True))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Not into our output."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.handle_request, daemon=True).start()
        seconds = web.seconds_apart(f"http://127.0.0.1:{server.server_port}")
    if seconds is None:
        assert state == ""
    else:
        assert clock_is_apart("its", seconds).state == state, seconds


def test_nobody_there_is_told(settings: Any) -> None:
    settings.BASE_URL = "http://127.0.0.1:1"
    [found] = web.proxies_pass_on()
    for one in (
        found,
        web.hook_answers("/webhooks/stripe/"),
        web.certificate("https://127.0.0.1:1"),
    ):
        assert one.state is State.WRONG and "Connection refused" in one.words and one.todo
    assert web.seconds_apart(settings.BASE_URL) is None
    settings.MAIL_PROVIDER, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp", "127.0.0.1", 1
    settings.EMAIL_BACKEND = "newsroom.mail.providers.smtp.EmailBackend"
    [found] = web.mail_server_takes_us()
    assert found.state is State.WRONG and "Connection refused" in found.words
