"""A backup: what PostgreSQL dumps and what was uploaded, each sealed as it streams by; then a
manifest, without which it is none.

The uploads come second: what the dump refers to is there.
"""

import json
import tarfile
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from newsroom.backups import keeping, place, postgresql
from newsroom.backups.place import MANIFEST, NAME, Place, sealed_name
from newsroom.backups.sealing import Sealer


def make(there: Place) -> str:
    """Its name. Raises NotReady, postgresql.Failed, OSError; then nothing looks like one."""
    key = place.key()
    began = datetime.now(UTC)
    name = f"{began:{NAME}}"
    try:
        parts = {
            "database": _part(there, name, "database", key, dump),
            "media": _part(there, name, "media", key, pack),
        }
        pyproject = settings.BASE_DIR / "pyproject.toml"
        with postgresql.connected() as db:
            version = db.info.server_version
        manifest = {
            "made": began.isoformat(),
            "newsroom": tomllib.loads(pyproject.read_text())["project"]["version"],
            "postgresql": version,
            "keys": place.fingerprint(),
            "parts": parts,
        }
        _part(there, name, MANIFEST, key, lambda file: file.write(json.dumps(manifest).encode()))
    except BaseException:
        with suppress(Exception):  # as far as the place lets us; the rest is forgotten later
            there.remove(name)
        raise
    return name


def _part(there: Place, name: str, part: str, key: bytes, write: Any) -> dict[str, Any]:
    with there.writing(name, part) as file:
        sealer = Sealer(file, key, sealed_name(name, part))
        write(sealer)
        sealer.finish()
    return {"bytes": sealer.size, "sha256": sealer.hash.hexdigest()}


def dump(to: IO[bytes]) -> None:
    options = ["--format=custom", "--no-owner", "--no-privileges"]
    with postgresql.running("pg_dump", *options, stdout=-1) as program:
        assert program.stdout
        postgresql.copy(program.stdout, to)


def pack(to: IO[bytes]) -> None:
    root = Path(settings.MEDIA_ROOT)
    with tarfile.open(fileobj=to, mode="w|") as tar:
        if root.is_dir():
            tar.add(root, arcname=".", filter=_no_owner)


def _no_owner(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member if member.isreg() or member.isdir() else None


def forget(there: Place) -> list[str]:
    """Those that need not stay, and what was left of some that never were whole; which."""
    found = place.whole(there)
    stay = keeping.kept(found)
    gone = [name for moment, name in found.items() if moment not in stay]
    gone += place.broken_off(there)
    for name in gone:
        there.remove(name)
    return gone
