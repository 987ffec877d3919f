"""Back from a backup: looked through in full, then put where nothing is, then held.

Nothing is touched before every part has been opened from its first byte to its last. Afterwards
nothing leaves until a person has decided about it (newsroom/hold).
"""

import io
import json
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from newsroom.backups import place, postgresql
from newsroom.backups.place import MANIFEST, PARTS, NotReady, Place, sealed_name
from newsroom.backups.sealing import Damaged, Opener, Sealer
from newsroom.hold import gate

WHY = "The database was restored from the backup of {}."


def check(there: Place, backup: str) -> dict[str, Any]:
    """Open all of it; its manifest. Raises NotReady, Damaged."""
    key = place.key()
    with opened(there, backup, MANIFEST, key) as file:
        manifest: dict[str, Any] = json.loads(file.read())
    if manifest["keys"] != place.fingerprint():
        raise NotReady(
            "This backup was made under another BLIND_INDEX_KEY: nobody in it could be found. "
            "Bring back the site’s keys first."
        )
    for part in PARTS:
        seen = Sealer(io.BytesIO(), key, part)
        with opened(there, backup, part, key) as file:
            while data := file.read(1 << 20):
                seen.hash.update(data)
                seen.size += len(data)
        found = {"bytes": seen.size, "sha256": seen.hash.hexdigest()}
        if found != manifest["parts"][part]:
            raise Damaged(f"{part}: not what the manifest says")
    return manifest


def opened(there: Place, backup: str, part: str, key: bytes) -> IO[bytes]:
    try:
        file = there.reading(backup, part)
    except FileNotFoundError as error:
        raise NotReady(f"{backup} has no {part}: it is no whole backup.") from error
    return io.BufferedReader(Opener(file, key, sealed_name(backup, part)), 1 << 20)


def restore(there: Place, backup: str, replace: bool = False) -> None:
    """Put it in place. ``replace``: what is there goes. Raises NotReady, Damaged, Failed."""
    manifest = check(there, backup)
    make_room(manifest, replace)
    key = place.key()
    with opened(there, backup, "database", key) as file:
        options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        database = postgresql.parameters()["dbname"]
        with postgresql.running(
            "pg_restore", *options, f"--dbname={database}", stdin=-1
        ) as program:
            assert program.stdin
            _feed(program.stdin, file)
    with opened(there, backup, "media", key) as file, tarfile.open(fileobj=file, mode="r|") as tar:
        # Debian 12's Python has no filters yet (“tarfile”: Supporting older Python versions); what
        # is in here was sealed by us.
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(settings.MEDIA_ROOT)
    connection.close()
    call_command("migrate", verbosity=0)  # the backup may be older than this version
    gate.look_anew()
    gate.begin(WHY.format(manifest["made"][:16].replace("T", ", ")))


def _feed(to: IO[bytes], file: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # it has ended, and says why
        postgresql.copy(file, to)


def make_room(manifest: dict[str, Any], replace: bool) -> None:
    """Raises NotReady when others are at work, or something is there that may not go."""
    media = Path(settings.MEDIA_ROOT)
    with postgresql.connected() as db:
        if db.info.server_version // 10000 < manifest["postgresql"] // 10000:
            raise NotReady("The backup is of a newer PostgreSQL than this server.")
        busy = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
        if busy and busy[0]:
            raise NotReady(
                f"{busy[0]} others use the database: stop web, workers and beat first, and restart "
                "PgBouncer, which keeps connections open for them."
            )
        tables = db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        has_tables = bool(tables and tables[0])
        if not replace and (has_tables or (media.is_dir() and any(media.iterdir()))):
            raise NotReady(
                "The database or MEDIA_ROOT is not empty. With --replace what is there is lost."
            )
        if has_tables:
            db.execute("DROP SCHEMA public CASCADE")
            db.execute("CREATE SCHEMA public")
