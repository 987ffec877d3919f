"""``manage.py doctor`` in a world without web, workers and beat; and what lies in its stores."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from newsroom import measures
from newsroom.backups import place
from newsroom.celery import QUEUES
from newsroom.core import privacy
from newsroom.core.environment.table import TABLE
from newsroom.doctor import machine, stores, table
from newsroom.hold.models import Hold
from newsroom.metrics import requests
from newsroom.staff import roles
from tests.factories import make_subscriber
from tests.newsroom.doctor.test_examination import states
from tests.production import key


@pytest.mark.django_db(transaction=True)
def test_all_checks_are_told_for_people_and_for_machines(settings: Any) -> None:
    out, short = StringIO(), StringIO()
    for words, to in ((["--json"], out), ([], short)):
        with pytest.raises(SystemExit) as ended:
            call_command("doctor", *words, stdout=to)
        assert ended.value.code == 1  # no web process
    found: dict[str, list[str]] = {}
    for one in json.loads(out.getvalue()):
        found.setdefault(one["check"], []).append(one["state"])
    assert list(found) == [check.label for check in table.checks()]
    for label in ("PostgreSQL", "Redis", "Migrations", "Clock", "Keys"):
        assert set(found[label]) == {"ok"}, label
    assert found["The way in"] == ["wrong"] and found["Stripe's way in"] == ["unknown"]
    assert "\n         → do the web process and the proxy run?" in short.getvalue()
    assert " wrong, " in short.getvalue().splitlines()[-1]
    said = out.getvalue() + short.getvalue()
    secrets = [settings.SECRET_KEY, settings.BLIND_INDEX_KEY, *settings.STRIPE_WEBHOOK_SECRETS]
    secrets += [one.partition(":")[2] for one in settings.PRIVACY_KEYS]
    assert "@" not in said and not [one for one in secrets if one in said]


def test_stores_that_are_away_are_told_without_their_passwords(
    monkeypatch: Any, settings: Any
) -> None:
    settings.REDIS_URL = "redis://:geheim@127.0.0.1:1/0"
    for name, value in {"HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "geheim"}.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    for look in (stores.database_answers, stores.redis_answers):
        [found] = look()
        assert found.state == "wrong" and "refused" in found.words and "geheim" not in str(found)


@pytest.mark.django_db
def test_keys_of_another_database_are_found(settings: Any) -> None:
    make_subscriber()
    assert states(stores.keys_open_what_is_sealed()) == ["ok"]
    settings.PRIVACY_KEYS = [f"1:{key()}"]
    privacy._ciphers.cache_clear()
    try:
        assert "wrong" in states(stores.keys_open_what_is_sealed())
    finally:
        privacy._ciphers.cache_clear()


@pytest.mark.django_db
def test_roles_and_holds_are_looked_at() -> None:
    roles.grant()
    assert states(stores.roles_are_granted()) == [] == states(stores.nothing_is_held())
    Group.objects.get(name="Finance").permissions.clear()
    Group.objects.get(name="List owners").delete()
    assert states(stores.roles_are_granted()) == ["wrong", "wrong"]
    Hold.objects.create(why="The database was restored.", began_at=timezone.now())
    [found] = stores.nothing_is_held()
    assert found.state == "warning" and found.words.startswith("The database was restored.")


def test_silent_queue_is_told_with_the_part_that_works_on_it() -> None:
    requests.store().delete(measures.TICKS)
    try:
        [found] = stores.queues_are_worked_on()
        assert "The beat does not beat" in found.words
        for queue in QUEUES:
            measures.tick(queue)
        assert states(stores.queues_are_worked_on()) == ["ok"]
        requests.store().hset(measures.TICKS, "mail", int(time.time()) - 400)
        [found] = stores.queues_are_worked_on()
        assert (found.state, found.todo) == ("wrong", "manage.py run sender")
    finally:
        requests.store().delete(measures.TICKS)


def test_redis_that_throws_jobs_away_is_told(settings: Any) -> None:
    with redis.from_url(settings.REDIS_URL) as store:
        store.config_set("maxmemory", "1gb")
        store.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert states(stores.redis_has_room()) == ["wrong", "ok"]
        finally:
            store.config_set("maxmemory", "0")
            store.config_set("maxmemory-policy", "noeviction")


def test_what_is_due_for_long_is_told() -> None:
    now = timezone.now()
    assert states(stores.waiting("A mail", None)) == []
    assert states(stores.waiting("A mail", now - timedelta(minutes=5))) == []
    assert states(stores.waiting("A mail", now - timedelta(minutes=20))) == ["warning"]
    assert states(stores.waiting("A mail", now - timedelta(hours=3))) == ["wrong"]


def test_settings_are_told_line_by_line(monkeypatch: Any) -> None:
    monkeypatch.setenv("HSTS", "forever")
    monkeypatch.setenv("TRUSTED_PROXYS", "1")
    words = [one.words for one in machine.settings_are_right()]
    assert any("HSTS" in one for one in words) and any("TRUSTED_PROXYS" in one for one in words)
    assert "TRUSTED_PROXYS" not in TABLE


@pytest.mark.parametrize(
    ("hours", "state"), [(3, "ok"), (40, "warning"), (400, "wrong"), (None, "wrong")]
)
def test_backups_have_an_age(tmp_path: Path, monkeypatch: Any, hours: Any, state: str) -> None:
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path))
    if hours is not None:
        made = tmp_path / f"{datetime.now(UTC) - timedelta(hours=hours):{place.NAME}}"
        made.mkdir()
        (made / place.MANIFEST).touch()
    assert states(machine.backups_are_new()) == [state]
    monkeypatch.delenv("BACKUP_DIR")
    assert states(machine.backups_are_new()) == ["unknown"]


def test_file_of_keys_is_for_its_owner_alone(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "keys.env"
    file.touch(mode=0o600)
    monkeypatch.setenv("KEYS_FILE", str(file))
    assert states(machine.keys_are_their_owners()) == []
    file.chmod(0o640)
    [found] = machine.keys_are_their_owners()
    assert found.todo == f"chmod 600 {file}"


def test_folders_that_are_not_there_yet_can_be_made(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT, settings.STATE_DIR = str(tmp_path / "a" / "b"), ""
    found = [one for one in machine.disk_has_room() if one.state != "unknown"]
    assert len(found) == 2 and str(tmp_path) in found[0].words
    assert ("unknown" in states(machine.disk_has_room())) == (os.geteuid() == 0)
