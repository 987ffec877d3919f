"""The front's small parts; tests/faults/test_front.py has it whole, under slow clients."""

import asyncio
from typing import Any

import pytest

from newsroom.web.body_limits import PUBLIC_BODY, STAFF_BODY, WEBHOOK_BODY, declared, most_bytes
from newsroom.web.front import Front, plain_type
from newsroom.web.headers import ALWAYS


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("multipart/form-data; boundary=----WebKit7", "multipart/form-data; boundary=----WebKit7"),
        ('multipart/form-data; boundary="a b"', "multipart/form-data"),
        ('multipart/form-data; charset=hex; boundary="ab"', "multipart/form-data; boundary=ab"),
        ("text/plain; charset=hex", "text/plain"), ("text/plain; charset*=x''y", "text/plain"),
        ("", ""), (";", ""), ("x", ""), ("text/plain\0", ""), ("téxt/plain", ""),
    ],
)  # fmt: skip
def test_of_a_content_type_only_what_we_understand_reaches_django(said: str, kept: str) -> None:
    assert plain_type(said) == kept


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ({}, 0), ({"CONTENT_LENGTH": ""}, 0), ({"CONTENT_LENGTH": "17"}, 17),
        ({"CONTENT_LENGTH": "-1"}, 0), ({"CONTENT_LENGTH": "abc"}, 0),
        ({"CONTENT_LENGTH": "9" * 5000}, STAFF_BODY + 1),
        ({"HTTP_TRANSFER_ENCODING": "gzip, Chunked"}, STAFF_BODY),
    ],
)  # fmt: skip
def test_length_is_what_was_declared_and_never_an_error(headers, length: int) -> None:
    assert declared(headers) == length


@pytest.mark.django_db
def test_only_who_is_signed_in_may_send_much_to_the_admin(client, admin_user) -> None:
    long = {"PATH_INFO": "/admin/images/add/", "CONTENT_LENGTH": str(5_000_000)}
    assert most_bytes(long) == PUBLIC_BODY
    assert most_bytes(long | {"HTTP_COOKIE": "sessionid=made-up"}) == PUBLIC_BODY
    client.force_login(admin_user)
    signed_in = f"csrftoken=x; sessionid={client.cookies['sessionid'].value}"
    assert most_bytes(long | {"HTTP_COOKIE": signed_in}) == STAFF_BODY
    elsewhere = long | {"HTTP_COOKIE": signed_in, "PATH_INFO": "/documents/1/x/"}
    assert most_bytes(elsewhere) == PUBLIC_BODY
    client.logout()
    assert most_bytes(long | {"HTTP_COOKIE": signed_in}) == PUBLIC_BODY
    assert most_bytes({"PATH_INFO": "/webhooks/stripe/"}) == WEBHOOK_BODY


def answered_by_the_front(
    gone: bool, monkeypatch: Any, path: str = "/support/checkout/"
) -> tuple[int, dict[str, Any]]:
    """Status and headers for a client that hangs up, or whose body never comes."""
    monkeypatch.setattr("newsroom.web.front.BODY_SECONDS", 0.01)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not gone:
            await asyncio.sleep(5)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    scope |= {"http_version": "1.1", "headers": [(b"content-length", b"5")]}
    asyncio.run(Front(lambda *_: [])(scope, receive, send))
    headers = {name.decode().title(): value for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers


@pytest.mark.parametrize(("gone", "status"), [(True, 400), (False, 408)])
def test_answers_that_django_has_no_part_in_have_the_headers_too(
    gone: bool, status: int, monkeypatch: Any
) -> None:
    found, headers = answered_by_the_front(gone, monkeypatch)
    assert found == status
    wanted = {*ALWAYS, "Content-Security-Policy", "X-Frame-Options", "Cache-Control"}
    assert wanted <= set(headers)
