"""Events of many requests, taken in together: at the front, and through Django where one is odd."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail import hooks

from newsroom.closed import state
from newsroom.devserver import engines
from newsroom.mail.webhooks import taking_in
from newsroom.web.body_limits import WEBHOOK_BODY, Spool
from newsroom.web.front import Answer, Front, environ_of
from subscriptions.models import ProviderEvent, ProviderEventKey
from tests.newsroom.mail.test_webhooks import BASIC, COMPLAINTS, SECRETS, mailgun_signature

PATH = "/webhooks/anymail/mailgun/tracking/"
TABLE = "subscriptions_providereventkey"
Answered = tuple[int, dict[str, str], bytes]


@pytest.fixture(autouse=True)
def mailgun(settings: Any, site: Any) -> None:
    settings.ANYMAIL = settings.ANYMAIL | SECRETS
    settings.MAIL_PROVIDER = "mailgun"
    settings.ALLOWED_HOSTS = ["localhost"]


def event(number: int, signed_as: int | None = None, **more: Any) -> bytes:
    about = {"id": f"e{number}", "recipient": f"{number}@example.org"} | more
    data = COMPLAINTS["mailgun"]["event-data"] | about
    token = f"t{number if signed_as is None else signed_as:049}"
    return json.dumps({"event-data": data, "signature": mailgun_signature(token)}).encode()


def asked(body: bytes = b"", **more: Any) -> dict[str, Any]:
    headers = {"host": "localhost", "content-type": "application/json", **BASIC}
    headers |= {"content-length": str(len(body))} | more.pop("headers", {})
    scope = {"type": "http", "method": "POST", "path": PATH, "http_version": "1.1"}
    scope |= {"query_string": b"", "client": ("127.0.0.1", 1), "body": body}
    return scope | {"headers": [(k.encode(), v.encode()) for k, v in headers.items()]} | more


def answers(front: Front, *requests: dict[str, Any]) -> list[Answered]:
    """All of them asked at once."""

    async def one(scope: dict[str, Any]) -> Answered:
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": scope["body"], "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        await front(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return said[0]["status"], headers, b"".join(one["body"] for one in said[1:])

    async def every() -> list[Answered]:
        return list(await asyncio.gather(*map(one, requests)))

    return asyncio.run(every())


def statuses(front: Front, *requests: dict[str, Any]) -> list[int]:
    return [status for status, _, _ in answers(front, *requests)]


@pytest.fixture
def front() -> Front:
    return Front(get_wsgi_application(), taking_in.at_the_front())


@pytest.fixture
def groups(front: Front) -> list[list[bool]]:
    """Of each group, which were answered in it."""
    seen: list[list[bool]] = []
    work = front.together[PATH].work

    def noted(group: Any) -> list[bool]:
        seen.append(list(work(group)))
        return seen[-1]

    front.together[PATH].work = noted
    return seen


ODD: dict[str, Callable[[], dict[str, Any]]] = {
    "good": lambda: asked(event(1)),
    "its repeat": lambda: asked(event(1)),
    "signed by nobody": lambda: asked(event(2).replace(b'"token": "t', b'"token": "u')),
    "wrong password": lambda: asked(event(3), headers={"authorization": "Basic bmV3czp3cm9uZw=="}),
    "a used signature": lambda: asked(event(4, signed_as=1)),
    "no event": lambda: asked(b"[]"),
    "not JSON": lambda: asked(b"\xff\xfe"),
    "too deep": lambda: asked(b"[" * 60_000),
    "too large": lambda: asked(b"x" * (WEBHOOK_BODY + 1)),
    "a form": lambda: asked(b"a=b", headers={"content-type": "application/x-www-form-urlencoded"}),
    "a look": lambda: asked(method="GET"),
    "a look at the head": lambda: asked(method="HEAD"),
    "what may one do": lambda: asked(method="OPTIONS"),
    "of another host": lambda: asked(event(5), headers={"host": "elsewhere.example"}),
    "another provider's": lambda: asked(event(6), path=PATH.replace("mailgun", "postmark")),
    "in a language": lambda: asked(event(7), path=f"/de{PATH}"),
    "with a query": lambda: asked(event(8), query_string=b"a=%00"),
}


@pytest.mark.django_db(transaction=True)
def test_each_is_answered_as_if_it_were_alone(front) -> None:
    """Status, headers and body; and a good one is stored, whatever comes with it."""
    alone = Front(get_wsgi_application())
    apart = [answers(alone, make())[0] for make in ODD.values()]
    ProviderEvent.objects.all().delete()
    ProviderEventKey.objects.all().delete()
    together = answers(front, *(make() for make in ODD.values()))
    assert dict(zip(ODD, together, strict=True)) == dict(zip(ODD, apart, strict=True))
    assert ProviderEvent.objects.count() == ProviderEventKey.objects.count() == 2
    assert {status for status, _, _ in together} >= {200, 400, 404, 405, 413}


@pytest.mark.django_db(transaction=True)
def test_events_of_a_group_are_stored_in_one_statement_and_a_bad_one_is_left_out(front) -> None:
    requests = []
    for body in (event(1), event(2), b"{}", event(3, signed_as=2), event(4)):
        spool = Spool(10_000)
        spool.write(body)
        spool.seek(0)
        requests.append((environ_of(asked(body), spool), Answer(Spool(0))))
    with CaptureQueriesContext(connection) as queries:
        answered = front.together[PATH].work(requests)
    assert answered == [True, True, False, False, True]
    assert [answer.status for _, answer in requests] == [200, 200, 500, 500, 200]
    assert len([one for one in queries if TABLE in one["sql"]]) == 1
    assert ProviderEvent.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_that_breaks_the_group_is_tried_alone_and_so_are_the_others(front, groups) -> None:
    def breaks(provider: Any, events: Any) -> None:
        if any(one.recipient == "3@example.org" for one in events):
            raise RuntimeError

    with hooks.register_temporarily("provider_events", breaks, order=-1):
        found = statuses(front, *(asked(event(number)) for number in range(6)))
    assert found == [200, 200, 200, 500, 200, 200]
    assert groups == [[False] * 6]
    assert ProviderEvent.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_database_that_goes_in_the_middle_refuses_all_and_loses_none(front, groups) -> None:
    """The provider repeats what was not answered with 200."""
    requests = [asked(event(number)) for number in range(3)]
    over = threading.Event()
    with psycopg.connect(
        host=str(engines.sockets()), user="postgres", dbname=configured.DATABASES["default"]["NAME"]
    ) as other:
        other.execute(f"LOCK TABLE {TABLE}")  # so that they are found in the middle
        cutter = threading.Thread(target=cut_who_waits, args=[over])
        cutter.start()
        try:
            assert {status // 100 for status in statuses(front, *requests)} == {5}
        finally:
            over.set()
            cutter.join()
    assert groups == [[False] * 3]
    assert not ProviderEvent.objects.exists() and not ProviderEventKey.objects.exists()
    assert statuses(front, *requests) == [200] * 3
    assert ProviderEvent.objects.count() == 3


def cut_who_waits(over: threading.Event) -> None:
    with psycopg.connect(
        host=str(engines.sockets()), user="postgres", dbname="postgres", autocommit=True
    ) as other:
        while not over.wait(0.05):
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock'"
            )


@pytest.mark.django_db(transaction=True)
def test_process_that_dies_between_commit_and_answer_has_stored_it_once(front) -> None:
    """So a repeat, which comes to another process, is harmless."""
    requests = [asked(event(number)) for number in range(3)]
    work = front.together[PATH].work

    def dies(group: Any) -> Any:
        work(group)
        raise SystemError

    front.together[PATH].work = dies
    front.django = lambda environ, start: start("502 Bad Gateway", []) or []
    assert statuses(front, *requests) == [502] * 3
    assert ProviderEvent.objects.count() == 3
    assert statuses(Front(get_wsgi_application(), taking_in.at_the_front()), *requests) == [200] * 3
    assert ProviderEvent.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_while_the_newsroom_is_closed_none_is_taken(front, monkeypatch) -> None:
    monkeypatch.setattr(state, "is_closed", lambda: True)
    assert 200 not in statuses(front, *(asked(event(number)) for number in range(3)))
    assert not ProviderEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_redis_they_are_taken_in_together_all_the_same(front, groups, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert statuses(front, *(asked(event(number)) for number in range(3))) == [200] * 3
    assert groups == [[True] * 3]


@pytest.mark.django_db
def test_who_asks_others_over_the_network_keeps_nobody_waiting(settings) -> None:
    settings.MAIL_PROVIDER = "ses"
    assert taking_in.at_the_front() == {}
    settings.MAIL_PROVIDER = "smtp"
    assert taking_in.at_the_front() == {}
