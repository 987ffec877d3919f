"""Secrets of the right shape, made at random, as lines of an environment file."""

import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from newsroom.core.environment.reading import Environment
from newsroom.core.environment.shapes import KEY_BYTES


def key() -> str:
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


# Those of the table that say “manage.py keys”.
MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "PRIVACY_KEYS": lambda: f"1:{key()}",
    "BLIND_INDEX_KEY": key,
    "ANYMAIL_WEBHOOK_SECRET": lambda: f"events:{secrets.token_urlsafe(24)}",
    "BACKUP_KEY": key,
    "METRICS_TOKEN": lambda: secrets.token_urlsafe(24),
}


def lines(variables: Mapping[str, str], anew: bool) -> list[str]:
    """Of what is not set yet; ``anew``: of all."""
    env = Environment(variables)
    return [f"{name}={make()}" for name, make in MAKERS.items() if anew or not env.given(name)]


def next_line(variables: Mapping[str, str]) -> str:
    """PRIVACY_KEYS with a further key, which seals from then on; the older ones open."""
    held: list[str] = Environment(variables)("PRIVACY_KEYS")
    number = max((int(entry.partition(":")[0]) for entry in held), default=0) + 1
    return f"PRIVACY_KEYS={','.join([*held, f'{number}:{key()}'])}"


def write(path: Path, text: str) -> None:
    """A new file that only its owner reads. Raises FileExistsError: nothing is written over."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
