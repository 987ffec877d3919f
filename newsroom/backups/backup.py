"""A backup: what PostgreSQL dumps and what was uploaded, each sealed as it streams by; then a
manifest, without which it is none.

The uploads come second: what the dump refers to is there.
"""

import json
import shutil
import tarfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from newsroom.backups import keeping, place, postgresql
from newsroom.backups.place import MANIFEST, NAME, PARTIAL, sealed_name
from newsroom.backups.sealing import Sealer


def make(to: Path) -> Path:
    """Raises NotReady, postgresql.Failed, OSError; then nothing is left that looks like one."""
    key = place.key()
    began = datetime.now(UTC)
    draft = to / f"{began:{NAME}}{PARTIAL}"
    draft.mkdir(parents=True, mode=0o700)
    try:
        parts = {
            "database": _part(draft, "database", key, dump),
            "media": _part(draft, "media", key, pack),
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
        _part(draft, MANIFEST, key, lambda file: file.write(json.dumps(manifest).encode()))
    except BaseException:
        shutil.rmtree(draft)
        raise
    return draft.rename(draft.with_suffix(""))


def _part(draft: Path, name: str, key: bytes, write: Any) -> dict[str, Any]:
    with (draft / name).open("xb") as file:
        sealer = Sealer(file, key, sealed_name(draft, name))
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


def forget(there: Path) -> list[Path]:
    """Those that need not stay, and what was left of some that never were whole; which."""
    found = place.whole(there)
    stay = keeping.kept(found)
    gone = [path for moment, path in found.items() if moment not in stay]
    gone += [path for path in there.glob(f"*{PARTIAL}") if path.is_dir() and _is_old(path)]
    for path in gone:
        shutil.rmtree(path)
    return gone


def _is_old(path: Path) -> bool:
    """Nobody works on it any more."""
    age = datetime.now(UTC).timestamp() - max(
        one.stat().st_mtime for one in [path, *path.iterdir()]
    )
    return age > 24 * 3600
