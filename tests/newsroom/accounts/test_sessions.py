"""A stolen database opens no session, and none lasts longer than twelve hours."""

from datetime import timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from newsroom import tasks
from newsroom.accounts.models import StaffSession
from newsroom.accounts.sessions import hashed
from tests.factories import make_user


def test_neither_the_key_nor_what_is_in_it_can_be_read(db: None, client: Any) -> None:
    user = make_user()
    client.force_login(user)
    session = client.session
    session["typed"] = "irena@example.org"
    session.save()
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_staffsession::text FROM accounts_staffsession")
        [(row,)] = cursor.fetchall()
    assert key not in row and "irena@" not in row and b"irena@".hex() not in row
    assert StaffSession.objects.get().pk == hashed(key)
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = StaffSession.objects.get().pk[:40]
    assert "/login/" in stolen.get("/admin/")["Location"]
    assert client.get("/admin/").status_code == 200


def test_a_session_ends_twelve_hours_after_signing_in_however_busy_it_is(
    db: None, client: Any
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        client.force_login(make_user())
        for hours in range(1, 12):
            clock.move_to(now + timedelta(hours=hours))
            session = client.session
            session["busy"] = hours
            session.save()
            assert client.get("/admin/").status_code == 200
        clock.move_to(now + timedelta(hours=12, seconds=1))
        assert client.get("/admin/").status_code == 302


def test_a_key_that_no_longer_opens_is_no_session(db: None, client: Any) -> None:
    client.force_login(make_user())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_staffsession SET session_data = '\\xff00'")
    assert client.get("/admin/").status_code == 302


def test_sign_out_everywhere_else_leaves_this_session(db: None, client: Any) -> None:
    user = make_user()
    elsewhere = Client()
    elsewhere.force_login(user)
    client.force_login(user)
    other = make_user()
    colleague = Client()
    colleague.force_login(other)
    page = client.get("/admin/security/").content.decode()
    assert page.count("Sign out there") == 1 and "(here)" in page
    assert client.post("/admin/security/", {"do": "end others"}).status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    assert client.get("/admin/").status_code == colleague.get("/admin/").status_code == 200


def test_one_ends_their_own_sessions_only(db: None, client: Any) -> None:
    client.force_login(make_user())
    colleague = Client()
    colleague.force_login(make_user())
    row = StaffSession.objects.latest("started_at")
    client.post("/admin/security/", {"do": "end", "session": row.pk})
    assert colleague.get("/admin/").status_code == 200


def test_expired_sessions_are_cleared(db: None, client: Any) -> None:
    client.force_login(make_user())
    tasks.clear_sessions()
    assert StaffSession.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        tasks.clear_sessions()
    assert not StaffSession.objects.exists()
