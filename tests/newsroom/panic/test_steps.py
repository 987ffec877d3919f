"""Closing: step by step, twice, in the middle, with parts away; and the way back."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from newsroom.accounts.models import AuditEntry, StaffSession
from newsroom.celery import app
from newsroom.closed import keys_file, sealed_copy, state, watch
from newsroom.closed.models import Closure
from newsroom.core import tokens
from newsroom.mail import outbox
from newsroom.models import PreviewLink, TransactionalMail
from newsroom.panic import escrow, putting_back, reopening, steps
from subscriptions.models import Batch, Mailing, ReaderImport, Subscription
from subscriptions.sending import engine
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user
from tests.sending import send_all

pytestmark = pytest.mark.django_db


def close(**how: Any) -> dict[str, steps.Step]:
    return {step.title: step for step in steps.close("owl", **how)}


def copied(tmp_path: Path) -> tuple[str, str]:
    """An escrow copy that was checked, and its passphrase."""
    file = tmp_path / "copy.txt"
    passphrase = escrow.make(file)
    escrow.check(sealed_copy.opened(file.read_text(), passphrase))
    return file.read_text(), passphrase


def test_there_and_back(
    site: Any, client: Client, keys: Path, tmp_path: Path, settings: Any, inbox: Any
) -> None:
    reader = make_subscription(site.newsletter)
    leaver = make_subscription(site.newsletter)
    article = make_article(site.section, live=False)
    later = timezone.now() + timedelta(days=1)
    preview = PreviewLink.objects.create(article=article, ends_at=later)
    own, leave = (
        tokens.permanent("preferences", reader.subscriber_id),
        tokens.permanent("unsubscribe", leaver.pk),
    )
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    outbox.post("welcome", reader.pk, key="1")
    waiting_import = ReaderImport.objects.create(newsletter=site.newsletter)
    waiting_import.pieces.create(number=0, content="somebody@example.org")
    admin = make_user(None, username="owl", email="owl@example.org")
    client.force_login(admin)
    copy, passphrase = copied(tmp_path)

    done = close()
    assert [step.words for step in done.values() if not step.done] == []
    for path in ("/", "/admin/", f"/newsletter/preferences/{own}/", f"/preview/{preview.token}/"):
        answer = client.get(path)
        assert answer.status_code == 503 and "closed for now" in answer.text
    assert StaffSession.objects.count() == 0
    mailing.refresh_from_db()
    assert mailing.status == Mailing.Status.PAUSED
    assert TransactionalMail.objects.get(purpose="welcome").status == "failed"
    waiting_import.refresh_from_db()
    assert waiting_import.status == "dropped" and not waiting_import.pieces.exists()
    assert not PreviewLink.objects.open(timezone.now()).exists()
    assert "The newsroom is closed" in inbox.to("owl@example.org")[0]["subject"]
    assert keys.read_text().startswith("CLOSED_SINCE=") and "sk_live" not in keys.read_text()
    # A mail program leaves; the plain page of a machine without keys notes another.
    assert client.post(f"/newsletter/unsubscribe/{leave}/").status_code == 200
    other = make_subscription(site.newsletter)
    keys_file.note_leaving(tokens.permanent("unsubscribe", other.pk))
    keys_file.note_leaving("A" * 27)

    again = close()
    assert again["Keys destroyed"].done and Closure.objects.count() == 1

    with pytest.raises(reopening.StillOld):
        reopening.reopen("owl")
    with pytest.raises(sealed_copy.Unopened):
        putting_back.put_back(copy, "abc", keys_file.closed_since())
    putting_back.put_back(copy, passphrase, keys_file.closed_since())
    back = keys_file.values(keys.read_text())
    assert back["STRIPE_SECRET_KEY"] == "sk_live_1"
    settings.SECRET_KEY = back["SECRET_KEY"]
    settings.LINKS_REVOKED = back["LINKS_REVOKED"].split(",")
    assert "1 readers left" in reopening.reopen("owl")
    assert client.get("/").status_code == 200
    left = Subscription.objects.filter(status="unsubscribed")
    assert set(left) == {leaver, other}
    # What was mailed before opens nothing; what stops mail does, and leads no further.
    assert client.get(f"/newsletter/preferences/{own}/").status_code == 404
    page = client.post(f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', reader.pk)}/")
    assert "/preferences/" in page.text
    page = client.post(f"/newsletter/unsubscribe/{leave}/")
    assert page.status_code == 200 and "/preferences/" not in page.text
    assert client.get("/admin/").status_code == 302
    # Nothing goes on by itself.
    send_all()
    assert mailing.batches.filter(status="pending").exists()
    mailing.refresh_from_db()
    assert engine.resume(mailing, timezone.now()) and mailing.thresholds_on
    assert AuditEntry.objects.filter(what="opened the newsroom again").exists()


def test_from_the_first_step_on_nothing_leaves(site: Any, inbox: Any) -> None:
    subscription = make_subscription(site.newsletter)
    make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    outbox.post("welcome", subscription.pk, key="1")
    mail = TransactionalMail.objects.get()
    assert Batch.objects.sendable().exists()
    assert next(steps.close("owl")).title == "Closed"
    assert not Batch.objects.sendable().exists()
    outbox.send(mail, timezone.now())
    mail.refresh_from_db()
    assert mail.status == "waiting" and mail.tries == 0
    assert app.tasks["subscriptions.tasks.send_loop"]() is None
    assert inbox.to(subscription.subscriber.email) == []


def test_keys_stay_without_a_copy_that_was_opened(site: Any, keys: Path, tmp_path: Path) -> None:
    secret = keys.read_text()
    escrow.make(tmp_path / "never-checked.txt")
    done = close()
    assert not done["Keys destroyed"].done and "BLIND_INDEX_KEY" in done["Keys destroyed"].words
    assert keys.read_text() == secret and Closure.current().order is None
    with pytest.raises(escrow.Stale, match="BLIND_INDEX_KEY"):
        escrow.check("PRIVACY_KEYS=1:QUJD\nBLIND_INDEX_KEY=QUJD\n")
    assert close(without_escrow=True)["Keys destroyed"].done
    assert "BLIND_INDEX_KEY" not in keys.read_text()


def test_another_machine_follows_an_order_of_who_has_the_keys(
    site: Any, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(tmp_path)
    other = tmp_path / "other.env"
    other.write_text(keys.read_text())
    assert not watch.anywhere()
    close()
    closure = Closure.current()
    monkeypatch.setenv("KEYS_FILE", str(other))
    Closure.objects.update(order=b"x" * 32)
    assert not watch.anywhere() and "BLIND_INDEX_KEY" in other.read_text()
    Closure.objects.update(order=closure.order)
    assert watch.anywhere() and "BLIND_INDEX_KEY" not in other.read_text()


def test_a_step_that_fails_stops_no_other(
    site: Any, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    copied(tmp_path)
    make_user(None, email="owl@example.org")
    settings.ANYMAIL = settings.ANYMAIL | {"MAILGUN_API_URL": "http://127.0.0.1:9/v3"}

    def away() -> str:
        raise OperationalError("gone")

    monkeypatch.setattr(steps, "sign_out", away)
    done = close()
    assert {title for title, step in done.items() if not step.done} == {"Signed out", "Told"}


def test_command_asks_for_a_word(site: Any, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda words: "yes")
    with pytest.raises(CommandError, match="Nothing is done"):
        call_command("panic")
    with pytest.raises(CommandError, match="Nothing is done"):
        call_command("panic", "--without-escrow", "--yes")
    assert Closure.objects.count() == 0
    monkeypatch.setattr("builtins.input", lambda words: "Close")
    said = io.StringIO()
    with pytest.raises(CommandError, match="Not everything"):  # no copy was checked
        call_command("panic", stdout=said)
    assert "1. Closed: done" in said.getvalue() and "\n- Stripe: roll" in said.getvalue()
    assert state.is_closed()
