"""Escrow copies: how one is made, and what proves that it exists.

A copy is proved by opening it: somebody brings the file and the passphrase, once, and the database
keeps the day and the fingerprints of the keys that it held. Neither stays here.
"""

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from newsroom.closed import keys_file, sealed_copy
from newsroom.closed.models import EscrowCheck, fingerprint


class Stale(Exception):
    """The copy lacks keys that are in use; which, as ``args[0]``."""


def secrets_here() -> str:
    """What a copy holds: all of ``KEYS_FILE``, so that with it everything comes back; without one,
    the keys."""
    if file := keys_file.path():
        return file.read_text()
    keys = {
        "SECRET_KEY": settings.SECRET_KEY,
        "PRIVACY_KEYS": ",".join(settings.PRIVACY_KEYS),
        "BLIND_INDEX_KEY": settings.BLIND_INDEX_KEY,
        "LINKS_REVOKED": ",".join(settings.LINKS_REVOKED),
    }
    return "".join(f"{name}={value}\n" for name, value in keys.items() if value)


def make(file: Path) -> str:
    """Writes a copy into a new file, which only its owner reads; its passphrase. Raises OSError."""
    passphrase = sealed_copy.new_passphrase()
    copy = sealed_copy.sealed(secrets_here(), passphrase)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(copy)
    return passphrase


def check(text: str) -> EscrowCheck:
    """Notes down that a copy with these secrets exists. Raises Stale."""
    found = keys_file.values(text)
    held = [*found.get("PRIVACY_KEYS", "").split(","), found.get("BLIND_INDEX_KEY", "")]
    prints = {fingerprint(key) for key in held}
    if missing := [name for name, own in keys_in_use().items() if own not in prints]:
        raise Stale(", ".join(missing))
    return EscrowCheck.objects.create(fingerprints=sorted(prints))


def keys_in_use() -> dict[str, str]:
    """Those that nobody can make anew, as people call them, with their fingerprints."""
    keys = {f"PRIVACY_KEYS {key.partition(':')[0]}": key for key in settings.PRIVACY_KEYS}
    keys["BLIND_INDEX_KEY"] = settings.BLIND_INDEX_KEY
    return {name: fingerprint(key) for name, key in keys.items()}


def last_check() -> EscrowCheck | None:
    """Of a copy that holds all keys in use."""
    prints = list(keys_in_use().values())
    return EscrowCheck.objects.filter(fingerprints__contains=prints).first()


def without_copy() -> list[str]:
    """Keys that the last copy does not hold; none: all is well."""
    if last_check():
        return []
    newest = EscrowCheck.objects.first()
    held = newest.fingerprints if newest else []
    return [name for name, own in keys_in_use().items() if own not in held] or list(keys_in_use())


def age_in_days(seen: EscrowCheck) -> int:
    return (timezone.now() - seen.checked_at).days
