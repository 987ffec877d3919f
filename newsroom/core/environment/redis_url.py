"""Redis, where ``REDIS_URL`` says: one server, or the one that Sentinel calls the master just now
(“High availability with Redis Sentinel”). Celery and the cache are told in their own words; whoever
else of ours asks Redis does so by ``store``, in an event loop by ``async_store``.

    sentinel://:password@one:26379,two:26379,three:26379/name-of-the-master/0
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.sentinel import Sentinel

SCHEME = "sentinel"
PORT = 26379
# Nobody waits longer for a Redis that is away, or cut off.
LIMITS: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}
AT_ONCE: dict[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


@dataclass(frozen=True)
class Sentinels:
    hosts: list[tuple[str, int]]
    who: str  # “user:password@” of Redis itself, or ""
    master: str
    db: str

    @classmethod
    def of(cls, url: str) -> "Sentinels | None":
        """None: the URL names a server. Raises ValueError."""
        found = urlsplit(url)
        if found.scheme != SCHEME:
            return None
        who, at, hosts = found.netloc.rpartition("@")
        master, _, db = found.path.strip("/").partition("/")
        if not hosts or not master:
            raise ValueError("no host, or no name of a master")
        return cls([_host(one) for one in hosts.split(",")], who + at, master, str(int(db or 0)))

    def manager(self, kind: Any = Sentinel, limits: dict[str, Any] = LIMITS) -> Any:
        user, _, password = self.who.rstrip("@").partition(":")
        login = {"username": unquote(user) or None, "password": unquote(password) or None}
        return kind(self.hosts, db=int(self.db), **login, **limits)


def _host(text: str) -> tuple[str, int]:
    name, _, port = text.partition(":")
    return name, int(port or PORT)


def store() -> Any:
    """Redis itself, by a pool of this process."""
    return _store(settings.REDIS_URL)


@cache
def _store(url: str) -> Any:
    if found := Sentinels.of(url):
        return found.manager().master_for(found.master)
    return redis.from_url(url, **LIMITS)


def async_store(connections: int) -> Any:
    """Redis for code that a reader's page waits for: of the event loop that first uses it, with so
    many connections. Nothing is tried twice."""
    options = AT_ONCE | {"max_connections": connections, "retry": Retry(NoBackoff(), 0)}
    if found := Sentinels.of(settings.REDIS_URL):
        return found.manager(AsyncSentinel, AT_ONCE).master_for(found.master, **options)
    pool = BlockingConnectionPool.from_url(settings.REDIS_URL, timeout=0.5, **options)
    return Redis.from_pool(pool)


def for_celery(url: str) -> tuple[str, dict[str, Any]]:
    """The broker's URL, and its options (kombu/transport/redis.py)."""
    # A stale connection must never keep a web request waiting.
    options: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 2}
    if found := Sentinels.of(url):
        hosts = (f"{SCHEME}://{found.who}{name}:{port}/{found.db}" for name, port in found.hosts)
        return ";".join(hosts), options | {"master_name": found.master}
    return url.replace("unix://", "redis+socket://"), options


def for_cache(url: str) -> dict[str, Any]:
    """Of Django's ``CACHES`` (django-redis). A cache that is away is an empty cache: pages are
    slower then, never broken."""
    options: dict[str, Any] = {
        "IGNORE_EXCEPTIONS": True, "LOG_IGNORED_EXCEPTIONS": True,
        "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 0.5,
    }  # fmt: skip
    if found := Sentinels.of(url):
        url = f"redis://{found.who}{found.master}/{found.db}"
        options["CONNECTION_FACTORY"] = "django_redis.pool.SentinelConnectionFactory"
        options["SENTINELS"] = found.hosts
    backend = "django_redis.cache.RedisCache"
    return {"BACKEND": backend, "LOCATION": url, "OPTIONS": options}
