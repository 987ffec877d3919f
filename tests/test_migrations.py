"""From version 0.2.0 on a migration is safe on a live table, and lets the version before run on."""

import hashlib
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter.sql_analyser import PostgresqlAnalyser, analyse_sql_statements

from tests.worlds import ROOT

# The last migration of each app in 0.2.0. What came so far nobody has to live with while it runs;
# and what somebody has applied stays as it was.
RELEASED = {
    "newsroom.accounts": "0002_audit_log_only_grows",
    "newsroom.closed": "0001_initial",
    "donations": "0003_account_months",
    "newsroom": "0002_lean_search_rows",
    "subscriptions": "0003_reader_moves",
}
AS_RELEASED = "6abd826d8da3cc64bad3e246f011b54ce1e2c907ad4173d5ae4e0bb86a07b16a"
OURS = ("donations", "newsroom", "subscriptions")


def problems(statements: list[str]) -> list[str]:
    errors, _, warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    return [issue.message for issue in (*errors, *warnings)]


@pytest.mark.parametrize(
    ("statement", "safe"),
    [
        ('ALTER TABLE "x" ADD COLUMN "y" boolean NULL;', True),
        ('ALTER TABLE "x" ADD COLUMN "y" integer DEFAULT 0 NOT NULL;', True),
        ('CREATE TABLE "x" ("y" integer NOT NULL);', True),
        ('CREATE INDEX CONCURRENTLY "x_y" ON "x" ("y");', True),
        ('ALTER TABLE "x" ADD COLUMN "y" integer NOT NULL;', False),
        ('ALTER TABLE "x" DROP COLUMN "y" CASCADE;', False),
        ('ALTER TABLE "x" RENAME COLUMN "y" TO "z";', False),
        ('ALTER TABLE "x" RENAME TO "z";', False),
        ('ALTER TABLE "x" ALTER COLUMN "y" TYPE text;', False),
        ('DROP TABLE "x" CASCADE;', False),
        ('CREATE INDEX "x_y" ON "x" ("y");', False),
        ('ALTER TABLE "x" ADD CONSTRAINT "x_y" UNIQUE ("y");', False),
    ],
)
def test_linter_knows_what_is_safe(statement: str, safe: bool) -> None:
    assert (problems([statement]) == []) is safe


@pytest.mark.django_db
def test_migrations_since_the_release_are_safe() -> None:
    loader = MigrationLoader(connection)
    later = [
        (app, name)
        for app, name in sorted(loader.disk_migrations)
        if (module := apps.get_app_config(app).name).startswith(OURS)
        and name > RELEASED.get(module, "")
    ]
    found = {}
    for app, name in later:
        said = StringIO()
        call_command("sqlmigrate", app, name, stdout=said)
        statements = [line for line in said.getvalue().splitlines() if line[:2] not in ("", "--")]
        found[f"{app} {name}"] = problems(statements)
    assert {name: said for name, said in found.items() if said} == {}
    last = {(module.rpartition(".")[2], name) for module, name in RELEASED.items()}
    assert last <= set(loader.disk_migrations)


def test_what_was_released_is_never_changed() -> None:
    """Who has applied it would go without the change, and nothing would tell them."""
    files = [
        file
        for module, last in sorted(RELEASED.items())
        for file in sorted((ROOT / module.replace(".", "/") / "migrations").glob("0*.py"))
        if file.stem <= last
    ]
    said = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    assert said == AS_RELEASED, "Write another migration; this one is out."
