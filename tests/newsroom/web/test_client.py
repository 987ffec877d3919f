"""Whose address and scheme are believed."""

from io import BytesIO
from typing import Any

import pytest

from newsroom.web.client import believe, parsed
from newsroom.web.front import environ_of
from newsroom.web.public_forms import network_of

PROXY = "10.0.0.1"


def asked(**headers: str) -> dict[str, Any]:
    return {"REMOTE_ADDR": PROXY, "wsgi.url_scheme": "http"} | headers


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "6.6.6.6", PROXY),
        (1, "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (1, "192.0.2.7", "192.0.2.7"),
        (2, "6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (2, "192.0.2.7", "192.0.2.7"),
        (1, "", PROXY),
        (1, " , ,", PROXY),
    ],
)
def test_address_is_the_one_our_outermost_proxy_saw(settings, trusted, forwarded, address) -> None:
    settings.TRUSTED_PROXIES = trusted
    meta = asked(HTTP_X_FORWARDED_FOR=forwarded)
    believe(meta)
    assert meta["REMOTE_ADDR"] == address
    assert not [name for name in meta if "FORWARDED" in name]


@pytest.mark.parametrize(
    ("trusted", "said", "scheme"),
    [(0, "https", "http"), (1, "https", "https"), (1, "http", "http"), (1, "", "http"),
     (1, "https, http", "http"), (2, "https, http", "https"), (1, "HTTPS", "https"),
     (1, "javascript", "http")],
)  # fmt: skip
def test_scheme_is_our_proxys_word(settings, trusted, said, scheme) -> None:
    settings.TRUSTED_PROXIES = trusted
    meta = asked(HTTP_X_FORWARDED_PROTO=said)
    believe(meta)
    assert meta["wsgi.url_scheme"] == scheme


@pytest.mark.django_db
def test_stranger_cannot_say_that_it_was_https(client, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert client.get("/support/manage/", headers=said).status_code == 503
    settings.TRUSTED_PROXIES = 1
    assert client.get("/support/manage/", headers=said).status_code == 200


@pytest.mark.parametrize(
    ("text", "address"),
    [("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7:443", "192.0.2.7"), ("[2001:db8::1]:443", None),
     ("::FFFF:c000:207", "192.0.2.7"), ("unknown", None), ("", None), ("1.2.3.4.5", None)],
)  # fmt: skip
def test_address_is_read_in_every_form(text: str, address: str | None) -> None:
    if text.startswith("["):
        assert str(parsed(text)) == "2001:db8::1"
    else:
        assert (str(parsed(text)) if parsed(text) else None) == address


def test_one_client_in_both_notations_is_one_network(rf) -> None:
    mapped = rf.get("/", REMOTE_ADDR="::ffff:192.0.2.7")
    assert network_of(mapped) == network_of(rf.get("/", REMOTE_ADDR="192.0.2.9"))


def test_header_with_an_underscore_is_nobodys_word() -> None:
    scope = {
        "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1",
        "headers": [(b"x_forwarded_for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.7"),
                    (b"x-forwarded-for", b"10.0.0.2"), (b"content_length", b"9")],
    }  # fmt: skip
    environ = environ_of(scope, BytesIO())
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.7,10.0.0.2"
    assert "CONTENT_LENGTH" not in environ


@pytest.mark.parametrize(
    ("trusted", "headers", "status"),
    [
        (0, {}, 301),
        (0, {"X-Forwarded-Proto": "http"}, 301),
        (0, {"X-Forwarded-Proto": "https"}, 503),
        (0, {"Sec-Fetch-Site": "none"}, 503),
        (1, {"X-Forwarded-For": "192.0.2.7"}, 503),
        (1, {"X-Forwarded-Proto": "http"}, 301),
        (1, {"X-Forwarded-Proto": "https"}, 200),
    ],
)
@pytest.mark.django_db
def test_redirect_without_end_is_said_instead(
    client, settings, trusted: int, headers: dict[str, str], status: int
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, trusted
    answer = client.get("/robots.txt", headers=headers)
    assert answer.status_code == status
    if status == 503:
        assert "docs/proxy.md" in answer.text
