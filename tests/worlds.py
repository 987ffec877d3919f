"""Worlds that are built once and copied: a database after all migrations, and the running demo.

Building takes half a minute and a minute, a copy a second. The name of what is built says from
which files, so that it is built anew when one of them changes. Several runs may ask at once.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "var" / "built"
APPS = ("newsroom", "subscriptions", "donations")
MIGRATE = """
import django
from django.core.management import call_command
from django.db import connection
from newsroom.devserver import engines
with engines.servers():
    django.setup()
    call_command("migrate", verbosity=0)
    # A test kills processes, never the machine: nothing has to wait for the disk.
    connection.cursor().execute("ALTER SYSTEM SET fsync = off")
"""


def migrated() -> Path:
    """A folder with the data of a PostgreSQL whose database has the tables and nothing of ours."""
    sources = [path for app in APPS for path in (ROOT / app).rglob("migrations/*.py")]
    return _built("migrated", sources, _migrate)


def demo() -> Path:
    """A folder as `make up` leaves it after its first start. Its draft is for the coming Friday at
    nine, so from Friday at eight on it is built anew."""
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    since_friday = datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=4, hours=8)
    return _built("demo", sources, _load_demo, week=f"{since_friday:%G-%V}")


def place(built: Path, world: Path) -> None:
    """Let a world be a copy of it, unless that is what it began as."""
    mark = world / "built"
    if mark.exists() and mark.read_text() == built.name:
        return
    shutil.rmtree(world, ignore_errors=True)
    copy(built, world)
    mark.write_text(built.name)


def copy(built: Path, world: Path) -> None:
    """With owners, as PostgreSQL's is another one when we are root."""
    world.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(built), str(world)], check=True)


def _built(name: str, sources: list[Path], build: Callable[[Path], None], week: str = "") -> Path:
    digest = hashlib.sha256(week.encode())
    for path in sorted([*sources, ROOT / "uv.lock", Path(__file__)]):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    folder = BUILT / f"{name}-{digest.hexdigest()[:12]}"
    with _alone(name):
        if not folder.exists():
            draft = BUILT / f"{name}.draft"
            for old in BUILT.glob(f"{name}[-.]*"):
                shutil.rmtree(old, ignore_errors=True)
            build(draft)
            draft.rename(folder)
    return folder


@contextmanager
def _alone(name: str) -> Iterator[None]:
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(draft: Path) -> None:
    (draft / "static").mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-c", MIGRATE],
        cwd=ROOT,
        env=os.environ
        | {"NEWSROOM_VAR": str(draft), "DJANGO_SETTINGS_MODULE": "newsroom.settings"},
        check=True,
    )


def _load_demo(draft: Path) -> None:
    from tests.product import Product

    copy(migrated(), draft)
    product = Product(str(draft.relative_to(ROOT / "var")))
    product.start()
    assert product.stop() == 0, product.output()
    product.log.unlink()
