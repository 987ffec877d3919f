"""The mail sandbox's memory: calls as they came, one row per recipient, events to tell."""

import json
import sqlite3
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, message_id TEXT, domain TEXT, at REAL, fields TEXT, variables TEXT);
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY, call INTEGER REFERENCES calls, email TEXT);
CREATE INDEX IF NOT EXISTS mails_by_email ON mails (email);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, payload TEXT, next_at REAL, tries INTEGER DEFAULT 0,
    answer TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS faults (mode TEXT PRIMARY KEY, left INTEGER);
"""


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()

    @cached_property
    def db(self) -> sqlite3.Connection:
        """Opened when it is first needed, under the lock: importing us makes no file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + TABLES)
        return db

    def accept(
        self, domain: str, message_id: str, to: list[str], fields: dict[str, Any], variables: Any
    ) -> int:
        """Store a call and its recipients, in one transaction, before it is answered."""
        with self.lock, self.db:
            call = self.db.execute(
                "INSERT INTO calls (message_id, domain, at, fields, variables) "
                "VALUES (?, ?, ?, ?, ?)",
                (message_id, domain, time.time(), json.dumps(fields), json.dumps(variables)),
            ).lastrowid
            self.db.executemany(
                "INSERT INTO mails (call, email) VALUES (?, ?)", [(call, email) for email in to]
            )
        return call or 0

    def mails(self, search: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """The newest mails, optionally to addresses that contain ``search``."""
        with self.lock:
            rows = self.db.execute(
                "SELECT mails.id, email, at, fields, variables FROM mails "
                "JOIN calls ON calls.id = call WHERE email LIKE ? ORDER BY mails.id DESC LIMIT ?",
                (f"%{search}%", limit),
            ).fetchall()
        return [self._mail(row) for row in rows]

    def mail(self, pk: int) -> dict[str, Any] | None:
        with self.lock:
            row = self.db.execute(
                "SELECT mails.id, email, at, fields, variables, message_id FROM mails "
                "JOIN calls ON calls.id = call WHERE mails.id = ?",
                (pk,),
            ).fetchone()
        return self._mail(row) if row else None

    def _mail(self, row: sqlite3.Row) -> dict[str, Any]:
        fields, variables = json.loads(row["fields"]), json.loads(row["variables"])
        return dict(row) | {"fields": fields, "variables": variables.get(row["email"], {})}

    def accepted(self, recipient: str, since: float, until: float) -> list[dict[str, Any]]:
        """The calls of that time that had this recipient, newest first."""
        with self.lock:
            rows = self.db.execute(
                "SELECT message_id, at, fields FROM mails JOIN calls ON calls.id = call "
                "WHERE email = ? AND at BETWEEN ? AND ? ORDER BY calls.id DESC LIMIT 300",
                (recipient, since, until),
            ).fetchall()
        return [dict(row) | {"fields": json.loads(row["fields"])} for row in rows]

    def tagged(self, tag: str, since: float, until: float) -> int:
        """How many mails of that time have this tag."""
        with self.lock:
            rows = self.db.execute(
                "SELECT fields FROM mails JOIN calls ON calls.id = call WHERE at BETWEEN ? AND ?",
                (since, until),
            ).fetchall()
        return sum(tag in json.loads(row["fields"]).get("o:tag", []) for row in rows)

    def count(self) -> int:
        with self.lock:
            return int(self.db.execute("SELECT count(*) FROM mails").fetchone()[0])

    def tell(self, payload: dict[str, Any]) -> None:
        with self.lock, self.db:
            self.db.execute(
                "INSERT INTO events (payload, next_at) VALUES (?, ?)",
                (json.dumps(payload), time.time()),
            )

    def due_events(self) -> list[sqlite3.Row]:
        with self.lock:
            return self.db.execute(
                "SELECT * FROM events WHERE next_at <= ? ORDER BY id LIMIT 50", (time.time(),)
            ).fetchall()

    def told(self, pk: int, answer: str, next_at: float | None) -> None:
        with self.lock, self.db:
            self.db.execute(
                "UPDATE events SET tries = tries + 1, answer = ?, next_at = ? WHERE id = ?",
                (answer, next_at, pk),
            )

    def set_fault(self, mode: str, times: int) -> None:
        with self.lock, self.db:
            self.db.execute("DELETE FROM faults")
            self.db.execute("INSERT INTO faults VALUES (?, ?)", (mode, times))

    def next_fault(self) -> str:
        """The fault to play on this call, "" for none; counts it off."""
        with self.lock, self.db:
            row = self.db.execute("SELECT mode FROM faults WHERE left > 0").fetchone()
            if row:
                self.db.execute("UPDATE faults SET left = left - 1")
        return row[0] if row else ""
