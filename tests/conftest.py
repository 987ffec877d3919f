"""What the tests of all three apps share."""

import gc
import math
import os
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
import requests
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from wagtail.signal_handlers import disable_reference_index_auto_update

from newsroom.celery import app as celery_app
from newsroom.closed import state
from newsroom.hold import gate
from newsroom.web import public_forms
from tests import turns, usual
from tests.environment import PRODUCTS
from tests.factories import make_site

settings.STATE_DIR = ""  # a test's database comes and goes
celery_app.loader.import_default_modules()  # as a worker does: jobs are queued by name
BROKER = redis.Redis.from_url(settings.REDIS_URL)  # one connection for all tests
QUEUES = ("transactional", "stripe", "mail", "events", "default")

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no defect
hypothesis.settings.load_profile("patient")
# Of a test that needs a database, of one that is costly, and of what walks through a running
# product, `make test` takes one case; the others are rare.
SLOW = {"stripe_sandbox", "mail_sandbox", "server", "client", "product"}  # fixtures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is rare, slow, or another commit's (tests/__main__.py)."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(turns.test_of(item.nodeid), []).append(item)
    others = turns.others()
    for test, of_test in cases.items():
        # Which ones, its name says: so each language, provider or way is the one of some test.
        first = zlib.crc32(test.encode()) % len(of_test)
        for place, item in enumerate(of_test[first:] + of_test[:first]):
            if place >= most_cases(item):
                item.add_marker(pytest.mark.rare)
            elif test in others:
                item.add_marker(pytest.mark.another_turn)
            if (place and uses_database(item)) or SLOW & fixtures_of(item) or commits(item):
                item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=largest_first(items))


def largest_first(items: list[pytest.Item]) -> Callable[[pytest.Item], float]:
    """What takes longest begins first, so that all worlds are through at about the same time:
    the running products, then files with many tests that need a database."""
    weights: Counter[Path] = Counter()
    for item in items:
        if not (item.get_closest_marker("rare") or item.get_closest_marker("another_turn")):
            weights[item.path] += uses_database(item)
    return lambda item: -math.inf if item.nodeid.startswith(PRODUCTS) else -weights[item.path]


def most_cases(item: pytest.Item) -> float:
    if item.get_closest_marker("every_case"):
        return math.inf
    in_browser = item.nodeid.startswith("tests/browser/")
    costly = item.get_closest_marker("costly") or in_browser or uses_database(item)
    return 1 if costly else math.inf


def fixtures_of(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def uses_database(item: pytest.Item) -> bool:
    asked = item.get_closest_marker("django_db")
    return asked is not None or bool(fixtures_of(item) & {"db", "transactional_db"})


def commits(item: pytest.Item) -> bool:
    asked = item.get_closest_marker("django_db")
    really = asked is not None and asked.kwargs.get("transaction", False)
    return really or "transactional_db" in fixtures_of(item)


def pytest_collection_finish() -> None:
    """What is loaded now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The tests' database begins as a copy of the one that is migrated (tests/worlds.py)."""
    connection.settings_dict["TEST"]["TEMPLATE"] = "newsroom"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Made once: what nearly every test begins with, and its transaction returns to."""
    with django_db_blocker.unblock():
        usual.make()
    TransactionTestCase._fixture_teardown = usual.put_back  # type: ignore[attr-defined]


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """What is counted by the minute all falls into one, however long it takes."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    """No try counted and no job left over from the test before."""
    cache.clear()
    gate.look_anew()
    BROKER.delete(*QUEUES)


@pytest.fixture(autouse=True)
def _windows_begin_now(monkeypatch: Any) -> None:
    """Windows begin with the test: one that counts its tries to the last would fail now and then,
    when a window ends between them."""
    began = time.time()
    monkeypatch.setattr(public_forms, "window", lambda long: int(time.time() - began) // long)


@pytest.fixture(autouse=True)
def _open() -> None:
    """Nobody looks whether the newsroom is closed, which would be a query now and then."""
    state._known.update(closed=False, until=math.inf)


@pytest.fixture(autouse=True)
def _real_mail(request: Any, settings: Any) -> None:
    """Django would collect mail in a list; ours goes over HTTP to the sandbox, which is there for
    whoever has something to send."""
    if uses_database(request.node):
        request.getfixturevalue("mail_sandbox")
    settings.EMAIL_BACKEND = "newsroom.mail.providers.mailgun.EmailBackend"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Slow hashes are for who steals them (Django: “Testing”, password hashing)."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _static_files_when_asked_for(settings: Any) -> None:
    """Each new client would list them all."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _index_when_asked_for(request: Any, settings: Any) -> Iterator[None]:
    """A tenth of the time of all tests would go into what nobody looks up; ``indexed`` is for who
    searches, or asks where something is used."""
    if "indexed" in request.fixturenames:
        yield
        return
    default = settings.WAGTAILSEARCH_BACKENDS["default"] | {"AUTO_UPDATE": False}
    settings.WAGTAILSEARCH_BACKENDS = {"default": default}
    with disable_reference_index_auto_update():
        yield


@pytest.fixture
def indexed() -> None:
    """What is saved is found by search, and its uses are known."""


@pytest.fixture
def site(db: None) -> Any:
    """A newsroom with a section, a newsletter and a privacy policy."""
    return make_site()


def run_jobs() -> int:
    """Run what lies in the real broker, here, until nothing is left; how many jobs."""
    done = 0
    with celery_app.connection_for_read() as connection:
        found = True
        while found:
            found = False
            for name in QUEUES:
                with connection.SimpleQueue(name) as queue:
                    while message := _next(queue):
                        message.ack()
                        args, kwargs, _ = message.payload
                        celery_app.tasks[message.headers["task"]](*args, **kwargs)
                        found, done = True, done + 1
    return done


def _next(queue: Any) -> Any:
    try:
        return queue.get(block=False)
    except queue.Empty:
        return None


Committing = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """``with committing(): …`` commits what is done inside, then runs the jobs it queued."""

    @contextmanager
    def run() -> Iterator[None]:
        with django_capture_on_commit_callbacks(execute=True):
            yield
        with django_capture_on_commit_callbacks(execute=True):
            run_jobs()
        run_jobs()

    return run


class Inbox:
    """The mail sandbox's inbox, as its web page shows it; it is one for all tests, so only what
    came since this test began."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.before = self._ask("nobody")["count"]  # mails are numbered, and none is deleted

    def to(self, address: str) -> list[dict[str, Any]]:
        """The mails to one address, newest first."""
        mails = self._ask(address)["mails"]
        return [mail for mail in mails if mail["to"] == address and mail["id"] > self.before]

    def _ask(self, to: str) -> Any:
        return requests.get(self.url, params={"to": to, "format": "json"}, timeout=10).json()

    def fault(self, mode: str, times: int = 1) -> None:
        requests.post(f"{self.url}/faults", data={"mode": mode, "times": times}, timeout=10)


@pytest.fixture
def inbox(mail_sandbox: str) -> Inbox:
    return Inbox(mail_sandbox)
