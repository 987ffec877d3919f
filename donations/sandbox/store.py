"""The sandbox's memory: Stripe objects, events with their deliveries, idempotency keys.

One SQLite file, so that a killed sandbox comes back with everything it has answered.

The environment says where: SANDBOX_FILE (that file), SANDBOX_URL (where the sandbox is reached),
WEBHOOK_URL and WEBHOOK_SECRET (where it sends events, how it signs them), SANDBOX_RATE (API calls
a second: Stripe's own limit in live mode is 100, "Rate limits", but there a call takes some tenth
of a second, here a thousandth).
"""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

BASE_URL = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8420")
WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "")
WEBHOOK_SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_sandbox")
RATE = int(os.environ.get("SANDBOX_RATE", "1000"))
KEYS_ARE_KEPT = 24 * 60 * 60  # seconds ("Idempotent requests": at least 24 hours, here no longer)

TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    id TEXT PRIMARY KEY, kind TEXT, parent TEXT, created INTEGER, data TEXT);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, created);
CREATE INDEX IF NOT EXISTS objects_by_parent ON objects (parent, kind);
CREATE TABLE IF NOT EXISTS deliveries (
    event TEXT PRIMARY KEY, next_at REAL, tries INTEGER DEFAULT 0, answer TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS kept_answers (
    key TEXT PRIMARY KEY, request TEXT, status INTEGER, body TEXT, given_at REAL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""


class Store:
    """Objects by id. All access is serialised: a sandbox needs to be right, not fast."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()

    @cached_property
    def db(self) -> sqlite3.Connection:
        """Opened when it is first needed, under the lock: importing us makes no file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing; a killed machine may: it is a sandbox.
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + TABLES)
        return db

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: a request that is refused half-way leaves no trace."""
        with self.lock:
            nested = self.db.in_transaction
            if not nested:
                self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if not nested:
                    self.db.execute("ROLLBACK")
                raise
            if not nested:
                self.db.execute("COMMIT")

    def put(self, data: dict[str, Any], parent: str = "") -> None:
        with self.lock:
            self.db.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
                (data["id"], data["object"], parent, data.get("created", 0), json.dumps(data)),
            )

    def adopt(self, pk: str, parent: str) -> None:
        """The object belongs to another one from now on."""
        with self.lock:
            self.db.execute("UPDATE objects SET parent = ? WHERE id = ?", (parent, pk))

    def get(self, pk: str, kind: str = "") -> dict[str, Any] | None:
        with self.lock:
            row = self.db.execute(
                "SELECT data FROM objects WHERE id = ? AND (? = '' OR kind = ?)", (pk, kind, kind)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, parent: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
        """Newest first, optionally only those of one parent object ("": of none)."""
        with self.lock:
            rows = self.db.execute(
                "SELECT data FROM objects WHERE kind = ? AND (? IS NULL OR parent = ?) "
                "ORDER BY created DESC, rowid DESC LIMIT ?",
                (kind, parent, parent, limit),
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def reset(self, keep: str = "") -> None:
        """Forget everything but one kind of objects; the clock, too."""
        with self.transaction():
            self.db.execute("DELETE FROM objects WHERE kind != ?", (keep,))
            for table in ("deliveries", "kept_answers", "facts"):
                self.db.execute(f"DELETE FROM {table}")

    # --- The clock ---

    def now(self) -> int:
        """Seconds since 1970 by the sandbox's own clock, which can be set forward."""
        return int(time.time()) + int(self.fact("clock offset") or 0)

    def advance(self, seconds: int) -> None:
        self.set_fact("clock offset", str(int(self.fact("clock offset") or 0) + seconds))

    def fact(self, name: str) -> str:
        with self.lock:
            row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def set_fact(self, name: str, value: str) -> None:
        with self.lock:
            self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # --- Idempotent requests ---

    def answer(self, key: str) -> tuple[str, int, str] | None:
        with self.lock:
            return self.db.execute(
                "SELECT request, status, body FROM kept_answers WHERE key = ? AND given_at > ?",
                (key, self.now() - KEYS_ARE_KEPT),
            ).fetchone()

    def remember(self, key: str, request: str, status: int, body: str) -> None:
        with self.lock:
            self.db.execute(
                "INSERT OR REPLACE INTO kept_answers VALUES (?, ?, ?, ?, ?)",
                (key, request, status, body, self.now()),
            )

    # --- Deliveries, by the sandbox's clock ---

    def deliver(self, event_id: str, seconds: float = 0) -> None:
        with self.lock:
            self.db.execute(
                "INSERT OR REPLACE INTO deliveries (event, next_at) VALUES (?, ?)",
                (event_id, self.now() + seconds),
            )

    def due_deliveries(self) -> list[tuple[str, int]]:
        with self.lock:
            return self.db.execute(
                "SELECT event, tries FROM deliveries WHERE next_at <= ? ORDER BY next_at LIMIT 50",
                (self.now(),),
            ).fetchall()

    def delivered(self, event_id: str, answer: str, next_at: float | None) -> None:
        with self.lock:
            self.db.execute(
                "UPDATE deliveries SET tries = tries + 1, answer = ?, next_at = ? WHERE event = ?",
                (answer, next_at, event_id),
            )

    def delivery_of(self, event_id: str) -> tuple[int, str] | None:
        with self.lock:
            return self.db.execute(
                "SELECT tries, answer FROM deliveries WHERE event = ?", (event_id,)
            ).fetchone()


store = Store(Path(os.environ.get("SANDBOX_FILE", "stripe-sandbox.sqlite3")))
