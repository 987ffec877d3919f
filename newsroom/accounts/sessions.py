"""Sessions in PostgreSQL (Redis may be wiped at any time), of which a stolen database opens none:
a row's key is a hash of the cookie's, its data are sealed. Twelve hours after signing in it ends.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone

from newsroom.accounts.models import StaffSession
from newsroom.core.privacy import Unreadable, keyed_hash

STARTED = "started"  # in the session: when, ISO 8601


class SessionStore(db.SessionStore):
    """Django's, but for what it writes."""

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        return StaffSession

    def _get_session_from_db(self) -> StaffSession | None:
        found = StaffSession.objects.filter(expire_date__gt=timezone.now())
        try:
            row = found.filter(session_key=hashed(self.session_key or "")).first()
        except Unreadable:  # its key is gone: sign in again
            row = None
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return StaffSession.objects.filter(session_key=hashed(session_key)).exists()

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key or ""
        StaffSession.objects.filter(session_key=hashed(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        return json.dumps(session_dict)  # its column seals it

    def decode(self, session_data: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(session_data)
        return found

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        started = datetime.fromisoformat(data.setdefault(STARTED, timezone.now().isoformat()))
        end = started + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        return StaffSession(
            session_key=hashed(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=min(end, self.get_expiry_date()),
            user_id=data.get(SESSION_KEY),
            started_at=started,
        )


def hashed(session_key: str) -> str:
    """40 hexadecimal digits, as many as Django's column holds."""
    return keyed_hash(session_key, "session").hex()[:40]


def begin(session: Any) -> None:
    """Somebody has signed in: their time runs from now."""
    session[STARTED] = timezone.now().isoformat()


def started(session: Any) -> float:
    """When, in seconds since 1970."""
    return datetime.fromisoformat(session[STARTED]).timestamp() if STARTED in session else 0


def open_of(user: Any) -> Any:
    """Where they are signed in, the newest first."""
    return user.sessions.filter(expire_date__gt=timezone.now()).order_by("-started_at")


def end_others(request: HttpRequest) -> int:
    """How many sessions of theirs, but for this one."""
    user: Any = request.user
    ended, _ = user.sessions.exclude(pk=hashed(request.session.session_key or "")).delete()
    return ended
