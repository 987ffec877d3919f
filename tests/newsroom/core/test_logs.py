import json
import logging

import pytest

from newsroom.core import paths, tokens
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


def filled(route: str) -> str:
    """The address with something in each variable segment; “SECRET…” where a token goes."""
    secret, number = "SECRET-abc_DEF.1:2=", "7"
    return "/" + "/".join(
        secret if paths.is_token(part) else number if "<" in part else part
        for part in route.split("/")
    )


TOKEN_ROUTES = [route for route in paths.all_routes() if "token" in route]


def test_every_address_with_a_token_is_known() -> None:
    """A token under another name would slip through: it is a “<token:…>” in our own patterns."""
    assert len(TOKEN_ROUTES) >= 12
    for route in paths.all_routes():
        if not route.startswith("admin"):
            assert "<str:" not in route.replace("anymail/<str:name>", ""), route


@pytest.mark.parametrize("route", TOKEN_ROUTES)
@pytest.mark.parametrize(
    "line", ["Not Found: %s", "Internal Server Error: %s", 'GET "https://news.example.org%s?q=1"']
)
def test_no_token_of_any_address_reaches_the_log(route: str, line: str) -> None:
    path = filled(route)
    assert "SECRET" in path
    for shown in (path, path.rstrip("/"), path[: path.index("SECRET") + 12]):
        said = str(logged(line, shown)["message"])
        assert "SECRET" not in said and "…" in said


def test_no_token_reaches_the_log_in_the_words_of_an_error() -> None:
    for token in (
        tokens.expiring("manage", 7), tokens.permanent("unsubscribe", 123456),
        tokens.expiring("confirm", [7, 1]), "cs_test_a1B2c3D4e5",
    ):  # fmt: skip
        said = str(logged("Reverse for 'manage' with arguments '('%s',)' not found", token))
        assert token not in said and token[:20] not in said


def test_no_number_in_an_address_is_too_large_for_the_database() -> None:
    """“<id:…>”, but where the view looks at the number itself."""
    numbers = {route for route in paths.all_routes() if "<int:" in route}
    public = {route for route in numbers if not route.startswith(("admin", "documents"))}
    assert public == {"read/<int:pk>/", "support/manage/<token:token>/statements/<int:year>/"}


def test_what_follows_a_question_mark_stays_out() -> None:
    said = str(logged("GET /support/thanks/?session=cs_live_x&email=a%40b.org HTTP/1.1"))
    assert "cs_live" not in said and "email" not in said and "/support/thanks/?…" in said
    assert "How? Like this" in str(logged("How? Like this"))


@pytest.mark.django_db
def test_page_that_fails_names_nobody_and_no_token(client, monkeypatch, caplog, site) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("for ann@example.org")

    monkeypatch.setattr("newsroom.web.http.tokens.read_expiring", broken)
    client.raise_request_exception = False
    token = tokens.expiring("manage", 7)
    for page in (f"/support/manage/{token}/", f"/support/update-payment/{token}/"):
        assert client.get(page).status_code == 500
    assert len(caplog.records) == 2
    for record in caplog.records:
        Redact().filter(record)
        line = JSONFormatter().format(record)
        assert token not in line and "ann@" not in line and "RuntimeError" in line
