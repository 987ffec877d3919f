"""PostgreSQL and Redis, and what lies in them."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.utils import timezone

from newsroom import measures
from newsroom.address.site import disagreement
from newsroom.celery import QUEUES
from newsroom.core import clock
from newsroom.core.privacy import EncryptedField, Unreadable, unseal
from newsroom.doctor.examination import Finding, ok, warning, wrong
from newsroom.hold.models import Hold
from newsroom.models import TransactionalMail
from newsroom.running import parts
from newsroom.staff.roles import ROLES

SECONDS = 4
OLDEST_POSTGRESQL = 14  # Django 5.2; 15 and 18 are what we have tried
# Where a statement that fails would leave its values in the server's log.
QUIET = {"log_min_error_statement": ("panic", "fatal"), "log_statement": ("none", "ddl")}
SILENT = 300  # seconds, as in deploy/monitoring/alerts.yml; the beat has a job for each a minute
LATE, TOO_LATE = timedelta(minutes=10), timedelta(hours=1)


def database_answers() -> Iterator[Finding]:
    try:  # not from the pool, which tries for longer, and says less
        psycopg.connect(**connection.get_connection_params() | {"connect_timeout": SECONDS}).close()
    except psycopg.OperationalError as error:
        words = str(error).strip().splitlines()[0].removeprefix("connection failed: ")
        yield wrong(f"It can't be reached: {words}.", "does it run? is DATABASE_URL right?")
        return
    with connection.cursor():
        info: Any = connection.connection.info
    try:
        with transaction.atomic():
            said = {name: _show(name) for name in (*QUIET, "port")}
    except DatabaseError as error:
        if "transaction blocks" not in str(error):
            raise
        yield wrong("PgBouncer hands out statements.", "pool_mode = transaction, in its own file")
        return
    version = info.server_version // 10000
    through = "" if said.pop("port") == str(info.port) else ", through a pooler"
    if version < OLDEST_POSTGRESQL:
        yield wrong(f"Version {version} is too old.", f"PostgreSQL {OLDEST_POSTGRESQL} or newer")
    else:
        yield ok(f"Version {version}{through}.")
    for name, value in said.items():
        if value not in QUIET[name]:
            words = f"{name} is “{value}”: the server's log may hold addresses of readers."
            yield warning(words, f"{name} = {QUIET[name][0]}")


def _show(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def migrations_are_applied() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield wrong(f"{len(missing)} are not applied.", "manage.py migrate")
    newer = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations or {})
    ours = {config.label for config in apps.get_app_configs()}
    if names := sorted(f"{label}.{name}" for label, name in newer if label in ours):
        words = f"The database is newer than this code: {', '.join(names)}."
        yield warning(words, "start the newer code")


def clocks_agree() -> Iterator[Finding]:
    yield clock_is_apart("the database's", (timezone.now() - clock.now()).total_seconds())


def clock_is_apart(whose: str, seconds: float) -> Finding:
    words = f"This machine's clock and {whose} are {abs(seconds):.0f} seconds apart."
    if abs(seconds) < 5:
        return ok(words)
    if abs(seconds) < 30:
        return warning(words, "timedatectl set-ntp true")
    todo = "timedatectl set-ntp true; codes of second factors and signed webhooks are refused"
    return wrong(words, todo)


def keys_open_what_is_sealed() -> Iterator[Finding]:
    """The newest value of each field."""
    tried, closed = 0, []
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if not isinstance(field, EncryptedField):
                continue
            table, column, key = model._meta.db_table, field.column, model._meta.pk.column
            with connection.cursor() as cursor:
                cursor.execute(
                    f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL '
                    f'ORDER BY "{key}" DESC LIMIT 1'
                )
                row = cursor.fetchone()
            if row is None:
                continue
            tried += 1
            try:
                unseal(row[0], field.context)
            except Unreadable:
                closed.append(field.context)
    if closed:
        words = f"No key of PRIVACY_KEYS opens the newest {', '.join(closed)}."
        yield wrong(words, "find the keys of this database: nothing else opens it")
    else:
        yield ok(f"They open the newest of each sealed value ({tried} kinds).")


def roles_are_granted() -> Iterator[Finding]:
    for name, wanted in ROLES.items():
        rows = Permission.objects.filter(group__name=name)
        has = {".".join(row) for row in rows.values_list("content_type__app_label", "codename")}
        if not has.issuperset(wanted):
            yield wrong(f"“{name}” may not do what this version lets them do.", "manage.py roles")


def site_has_one_address() -> Iterator[Finding]:
    if words := disagreement():
        yield wrong(words)  # which say what to do


def nothing_is_held() -> Iterator[Finding]:
    if hold := Hold.objects.open():
        words = f"{hold.why} Nothing leaves until a person releases it."
        yield warning(words, "in the admin: Reports, “After a restore”; or manage.py after_restore")


def redis_answers() -> Iterator[Finding]:
    try:
        version = _redis("server")["redis_version"]
    except (redis.RedisError, OSError) as error:
        yield wrong(f"It can't be reached: {error}", "does it run? is REDIS_URL right?")
    else:
        yield ok(f"Version {version}.")


def redis_has_room() -> Iterator[Finding]:
    said = _redis("memory")
    used, most = said["used_memory"], said.get("maxmemory") or 0
    policy = said.get("maxmemory_policy", "noeviction")
    if most and policy != "noeviction":
        yield wrong(f"When it is full, it throws jobs away ({policy}).", "noeviction")
    if most and used > 0.8 * most:
        yield warning("It is nearly full.", "more maxmemory; does each queue have a worker?")
    yield ok(f"{used / 1e6:,.0f} MB in use.")


def _redis(section: str) -> dict[str, Any]:
    limits: Any = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
    with redis.from_url(settings.REDIS_URL, **limits) as store:
        found: dict[str, Any] = store.info(section)
        return found


def queues_are_worked_on() -> Iterator[Finding]:
    """By the beat's own jobs: it has one for each queue, every minute."""
    ticks = measures.ticks()
    silent = [queue for queue in QUEUES if time.time() - ticks.get(queue, 0) > SILENT]
    if silent == QUEUES:
        words = "The beat does not beat, or nobody works: no job has come through for five minutes."
        yield wrong(words, "manage.py run; if that has just been started, ask again in two minutes")
    elif silent:
        for queue in silent:
            part = next(name for name, (of, _) in parts.WORKERS.items() if queue in of.split(","))
            yield wrong(f"Nobody works on the queue “{queue}”.", f"manage.py run {part}")
    else:
        yield ok("The beat beats, and each queue is worked on.")


def single_mails_go_out() -> Iterator[Finding]:
    due = TransactionalMail.objects.due(timezone.now())
    yield from waiting("A mail", due.aggregate(oldest=Min("next_try_at"))["oldest"])


def waiting(what: str, since: datetime | None, part: str = "transactional") -> Iterator[Finding]:
    """What is due has to be taken up within minutes."""
    late = timezone.now() - since if since else timedelta(0)
    if late > LATE:
        words = f"{what} has been due for {late.total_seconds() / 60:,.0f} minutes."
        todo = f"do the beat and “{part}” run? what do their logs say?"
        yield (wrong if late > TOO_LATE else warning)(words, todo)
