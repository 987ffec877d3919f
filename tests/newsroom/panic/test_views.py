"""The button: one asks, another one agrees, with a proof of their own made since then."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsroom.accounts.models import AuditEntry
from newsroom.closed.models import Closure, ClosureRequest
from newsroom.panic import travel
from newsroom.staff.gate import PROVED
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/emergency/"


@pytest.fixture
def owl(site: Any) -> Client:
    return signed_in(make_user(None, username="owl", email="owl@example.org"))


@pytest.fixture
def heron(site: Any) -> Client:
    return signed_in(make_user(None, username="heron", email="heron@example.org"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    prove(client)
    return client


def prove(client: Client, at: float = 0) -> None:
    session = client.session
    session[PROVED] = at or time.time()
    session.save()


def agree(client: Client, asked: ClosureRequest) -> Any:
    return client.post(PAGE, {"do": "agree", "asked": asked.pk})


def test_two_close_the_newsroom(
    owl: Client, heron: Client, keys: Path, committing: Any, inbox: Any
) -> None:
    with committing():
        owl.post(PAGE, {"do": "ask"})
    assert "asks to close" in inbox.to("heron@example.org")[0]["subject"]
    asked = ClosureRequest.objects.get()
    for again in (owl.post(PAGE, {"do": "ask"}), agree(owl, asked)):
        assert again["Location"] == PAGE  # not with oneself
    assert agree(heron, asked)["Location"].startswith("/admin/prove/")  # shown before they asked
    assert Closure.objects.count() == 0
    prove(heron, time.time() + 1)
    page = agree(heron, asked)
    assert page.status_code == 200 and "What remains with people" in page.text
    assert "no escrow copy" in page.text  # so the keys stay, and it is said
    assert Closure.objects.get().by == "owl, heron"
    assert AuditEntry.objects.filter(who="owl, heron", what="closed the newsroom").exists()
    assert owl.get("/admin/").status_code == heron.get(PAGE).status_code == 503
    assert agree(heron, asked).status_code == 503 and Closure.objects.count() == 1


@pytest.mark.parametrize("why", ["late", "refused", "travels", "disabled"])
def test_what_was_asked_ends(owl: Client, heron: Client, why: str) -> None:
    owl.post(PAGE, {"do": "ask"})
    asked = ClosureRequest.objects.get()
    prove(heron, time.time() + 1)
    if why == "late":
        ClosureRequest.objects.update(asked_at=timezone.now() - timedelta(minutes=16))
    elif why == "refused":
        heron.post(PAGE, {"do": "end", "asked": asked.pk})
    elif why == "travels":
        travel.begin(asked.asked_by, "heron")
    else:
        asked.asked_by.is_active = False
        asked.asked_by.save()
    assert agree(heron, asked)["Location"] == PAGE
    assert Closure.objects.count() == 0


def test_no_editor_and_no_forged_form_gets_anywhere(owl: Client) -> None:
    owl.post(PAGE, {"do": "ask"})
    asked = ClosureRequest.objects.get()
    editor = signed_in(make_user("Editors"))
    assert editor.get(PAGE)["Location"] == agree(editor, asked)["Location"] == "/admin/"
    for do in ("agree", "ask", "end", "x", ""):
        owl.post(PAGE, {"do": do, "asked": "1;DROP"})
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(None))
    assert agree(strict, asked).status_code == 403
    assert Closure.objects.count() == 0 and ClosureRequest.objects.waiting().exists()
