"""Whatever stops a request to an API on its way: it is told in JSON that any site can read."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from newsroom.closed import plain_page, state
from subscriptions.readers import views
from tests.newsroom.web.test_front import answered_by_the_front

SIGN_UP, ARTICLES = "/newsletter/api/signup/", "/api/v2/articles/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
JSON = {"content_type": "application/json"}

FAILS: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "too large": (413, "post", SIGN_UP, JSON | {"data": "x" * 70_000}),
    "too large for a list": (413, "post", ARTICLES, JSON | {"data": "x" * 70_000}),
    "a NUL": (400, "post", SIGN_UP, JSON | {"data": b"\0"}),
    "no JSON": (400, "post", SIGN_UP, JSON | {"data": "{"}),
    "a form": (415, "post", SIGN_UP, {"data": {"email": "ann@example.org"}}),
    "another method": (405, "get", SIGN_UP, {}),
    "another method in German": (405, "get", f"/de{SIGN_UP}", {}),
    "another method of lists": (405, "post", ARTICLES, {}),
    "no such API": (404, "get", "/api/v3/", {}),
    "no such sign-up": (404, "post", "/newsletter/api/nothing/", {}),
    "no such article": (404, "get", f"{ARTICLES}9999/", {}),
    "no such filter": (400, "get", f"{ARTICLES}?x=1", {}),
    "unknown host": (400, "get", ARTICLES, {"headers": {"Host": "other.example"}}),
    "unknown host of a post": (
        400, "post", SIGN_UP, JSON | {"data": "{}", "headers": {"Host": "other.example"}}
    ),
}  # fmt: skip


def is_for_any_program(answer: Any, path: str) -> bool:
    said = json.loads(answer.content)
    shape = "status" if "newsletter" in path else "message"
    assert answer["Access-Control-Allow-Origin"] == "*" and not answer.cookies
    return answer["Content-Type"].startswith("application/json") and bool(said[shape])


@pytest.mark.parametrize("what", FAILS)
def test_failure_on_the_way_is_json_with_its_headers(client, what, settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    status, method, path, options = FAILS[what]
    answer = getattr(client, method)(path, **options)
    assert answer.status_code == status and is_for_any_program(answer, path)
    assert status != 405 or answer["Allow"]


@pytest.mark.parametrize("path", [SIGN_UP, ARTICLES])
def test_closed_newsroom_says_so_in_json_also_without_its_keys(client, path, monkeypatch) -> None:
    monkeypatch.setattr(state, "is_closed", lambda: True)
    answer = client.post(path) if path == SIGN_UP else client.get(path)
    assert answer.status_code == 503 and is_for_any_program(answer, path)
    said = plain_page.answer("GET", path, "")
    assert said.status == 503 and json.loads(said.body)
    assert said.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("closed", [False, True])
def test_browser_that_asks_first_may_always_ask(client, closed, monkeypatch, settings) -> None:
    """Else the script could not read why not."""
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(state, "is_closed", lambda: closed)
    for answer in (client.options(SIGN_UP), client.options(SIGN_UP, headers={"Host": "x.example"})):
        assert answer.status_code == 204 and answer["Access-Control-Allow-Headers"]
    assert plain_page.answer("OPTIONS", SIGN_UP, "").status == 204


def test_failure_of_ours_is_json(client, monkeypatch) -> None:
    def fails(*_: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(views.signup, "is_open", fails)
    client.raise_request_exception = False
    answer = client.post(SIGN_UP, "{}", content_type="application/json")
    assert answer.status_code == 500 and is_for_any_program(answer, SIGN_UP)


@pytest.mark.parametrize(("gone", "status"), [(True, 400), (False, 408)])
def test_answer_without_django_is_json(gone, status, monkeypatch) -> None:
    found, headers = answered_by_the_front(gone, monkeypatch, SIGN_UP)
    assert found == status and headers["Content-Type"] == b"application/json"
    assert headers["Access-Control-Allow-Origin"] == b"*"


def test_pages_stay_pages(client) -> None:
    for path in ("/apiary/", "/newsletter/apiary/", "/nothing/"):
        assert client.get(path)["Content-Type"].startswith("text/html")


def test_probe_says_no_in_json(client) -> None:
    answer = client.post("/livez")
    assert answer.status_code == 405 and answer["Allow"] == "GET, HEAD" and answer.json()
