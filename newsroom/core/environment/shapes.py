"""What a setting has to look like, and what becomes of its text. No message holds a value that
could be a secret."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ

from newsroom.core.environment import redis_url
from newsroom.core.uris import ascii_address, ascii_host, to_uri

KEY_BYTES = 32
SECRET_CHARACTERS = 50  # as Django's own check wants it (security.W009)
LEAST_VARIETY = 10  # different bytes or characters: random ones have more
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
ADDRESS = re.compile(r"[^\s@<>,;:\"()]+@([^\s@<>]+)")


class Wrong(ValueError):
    """Not what the setting has to look like. The words say what is wrong with it."""


@dataclass(frozen=True)
class Shape:
    looks: str  # “a number”, for the table in the documents
    read: Callable[[str], Any]  # raises Wrong
    empty: Any = ""  # in place of what is not set, or wrong


def each_of(shape: Shape) -> Shape:
    """Several, with commas in between."""

    def read(text: str) -> list[Any]:
        return [shape.read(part.strip()) for part in text.split(",")]

    return Shape(f"{shape.looks}; several with commas", read, [])


def matching(pattern: str, looks: str) -> Shape:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise Wrong(f"looks otherwise: {looks}")
        return text

    return Shape(looks, read)


def one_of(*names: str) -> Shape:
    choices = ", ".join(names)

    def read(text: str) -> str:
        if text not in names:
            raise Wrong(f"is one of: {choices}")
        return text

    return Shape(f"one of {choices}", read)


def number(least: int, most: int = 1_000_000) -> Shape:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise Wrong(f"is a number from {least} to {most:,}")
        return int(text)

    return Shape("a number", read, least)


def _truth(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise Wrong("is “true” or “false”")
    return text.lower() in TRUE


def _host(text: str) -> str:
    host = ascii_host(text.strip()).lower()
    if not HOST.fullmatch(host) or len(host) > 253:
        raise Wrong("is the name of a host, “news.example”, without a scheme, a port or a path")
    return host


def _origin(text: str) -> str:
    words = "is a scheme and a host, “https://news.example”, without a path"
    try:
        found = urlsplit(to_uri(text.rstrip("/")))
        port = found.port
    except ValueError as error:
        raise Wrong(words) from error
    whole = f"{found.scheme}://{found.netloc.lower()}"
    if found.scheme not in ("http", "https") or whole != found.geturl().lower():
        raise Wrong(words)
    if found.username is not None or not HOST.fullmatch(found.hostname or ""):
        raise Wrong(words)
    if port in (80, 443) or (port and found.scheme == "https"):
        raise Wrong("has no port: 443 for https, 80 for http, unless it is http on another one")
    return whole


def _address(text: str) -> str:
    found = ADDRESS.fullmatch(text)
    if not found:
        raise Wrong("is a mail address, “news@news.example”")
    _host(found[1])
    return ascii_address(text)


def _mailbox(text: str) -> str:
    """With a name, or without: “The News <news@news.example>”."""
    name, bracket, rest = text.rpartition("<")
    address = rest.strip().removesuffix(">") if bracket else text
    try:
        return f"{name}<{_address(address)}>" if bracket else _address(address)
    except Wrong as error:
        raise Wrong("is “The News <news@news.example>”, or the address alone") from error


def key_of(text: str) -> bytes:
    """The bytes of a key. Raises Wrong for one that nobody has made at random, too."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Wrong(f"is base64 of {KEY_BYTES} random bytes")
    if len(set(key)) < LEAST_VARIETY:
        raise Wrong("is not random")
    return key


def _key(text: str) -> str:
    key_of(text)
    return text


def numbered_keys(entries: list[str]) -> dict[int, bytes]:
    """Number -> key, in their order. Raises Wrong."""
    keys: dict[int, bytes] = {}
    for entry in entries:
        name, _, key = entry.partition(":")
        if not name.isdecimal() or not 0 < int(name) < 256 or int(name) in keys:
            raise Wrong("is “1:key,2:key”, each key with a number from 1 to 255, none twice")
        keys[int(name)] = key_of(key)
    if len(set(keys.values())) < len(keys):
        raise Wrong("has one key under two numbers")
    return keys


def _numbered(text: str) -> list[str]:
    entries = [entry.strip() for entry in text.split(",")]
    numbered_keys(entries)
    return entries


def _secret(text: str) -> str:
    if len(text) < SECRET_CHARACTERS or len(set(text)) < LEAST_VARIETY:
        raise Wrong(f"has {SECRET_CHARACTERS} random characters at least")
    return text


def _database(text: str) -> Any:
    words = "is “postgres://user:password@host:5432/name”; percent-encode what is special in it"
    if text.partition("://")[0] not in ("postgres", "postgresql"):
        raise Wrong(words)
    try:
        found = environ.Env.db_url_config(text)
    except Exception as error:  # whatever the library makes of it
        raise Wrong(words) from error
    if not found.get("NAME"):
        raise Wrong(words)
    return found


def _broker(text: str) -> str:
    found = urlsplit(text)
    try:
        known = redis_url.Sentinels.of(text) or found.scheme in ("redis", "rediss", "unix")
    except ValueError:
        known = False
    if not known or not (found.netloc or found.path):
        raise Wrong(
            "is “redis://:password@host:6379/0”, “rediss://…” with TLS, “unix:///path”, or "
            "“sentinel://:password@host:26379,host:26379/master/0”"
        )
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Wrong("is no time zone; as in “Europe/Warsaw” (IANA)") from error
    return text


def _folder(text: str) -> str:
    if not PurePath(text).is_absolute():
        raise Wrong("is a folder's whole path, from “/” on")
    return text


def _place(text: str) -> str:
    found = urlsplit(text)
    if found.scheme == "s3" and found.netloc and "@" not in found.netloc:
        return text
    try:
        return _folder(text)
    except Wrong as wrong:
        raise Wrong(f"{wrong}, or “s3://bucket/folder” without a key in it") from wrong


ANY = Shape("", str)
TRUTH = Shape("true or false", _truth, False)
HOSTNAME = Shape("a host", _host)
ORIGIN = Shape("a scheme and a host", _origin)
EMAIL = Shape("a mail address", _address)
MAILBOX = Shape("a name and an address", _mailbox)
KEY = Shape(f"base64 of {KEY_BYTES} random bytes", _key)
KEYS = Shape(f"“1:…,2:…”, base64 of {KEY_BYTES} random bytes each, oldest first", _numbered, [])
SECRET = Shape(f"{SECRET_CHARACTERS} random characters or more", _secret)
DATABASE = Shape("postgres://…", _database, {"ENGINE": "django.db.backends.dummy"})
BROKER = Shape("redis://…", _broker, "redis://127.0.0.1:1/0")  # where nobody is
TIME_ZONE = Shape("a name of IANA's", _time_zone, "UTC")
FOLDER = Shape("a path", _folder)
PLACE = Shape("a path, or s3://bucket/folder", _place)
