"""The front's small parts; tests/faults/test_front.py has it whole, under slow clients."""

import pytest

from newsroom.web.body_limits import PUBLIC_BODY, STAFF_BODY, WEBHOOK_BODY, declared, most_bytes
from newsroom.web.front import plain_type


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
