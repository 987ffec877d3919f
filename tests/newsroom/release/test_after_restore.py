"""From the restore to the end of its hold."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from newsroom.accounts.models import AuditEntry, StaffSession
from newsroom.hold import gate, items
from newsroom.mail import asked, outbox
from newsroom.models import Asked, Hold, TransactionalMail
from newsroom.release import after_restore
from subscriptions.models import Subscription
from tests.factories import make_subscription, make_user

pytestmark = pytest.mark.django_db
Status = TransactionalMail.Status


def keys() -> list[str]:
    return [item.key for item in items.held()]


def waiting(purpose: str, subscription: Subscription, key: str) -> TransactionalMail:
    outbox.post(purpose, subscription.pk, key=key)
    return TransactionalMail.objects.latest("pk")


def send_waiting() -> None:
    for mail in TransactionalMail.objects.due(timezone.now() + timedelta(hours=1)):
        outbox.send(mail, timezone.now())


@pytest.fixture
def reader(site) -> Subscription:
    return make_subscription(site.newsletter)


def test_mail_of_before_waits_and_what_is_asked_for_afterwards_goes(reader, inbox) -> None:
    old = waiting("unsubscribed", reader, "old")
    gate.begin(gate.BY_HAND)
    new = waiting("welcome", reader, "new")
    late = waiting("thanks", reader, "of Stripe's list")
    send_waiting()
    for mail, held in ((old, True), (new, False), (late, True)):
        mail.refresh_from_db()
        assert (mail.held, mail.status == Status.WAITING) == (held, held)
    [mail] = inbox.to(reader.subscriber.email)
    today = timezone.localdate()
    assert keys() == [f"mails thanks {today}", f"mails unsubscribed {today}"]


def test_released_mail_that_had_arrived_already_is_not_sent_twice(reader, inbox) -> None:
    mail = waiting("welcome", reader, "one")
    send_waiting()
    as_in_the_dump = {"status": "waiting", "object_id": reader.pk, "created_at": timezone.now()}
    TransactionalMail.objects.filter(pk=mail.pk).update(**as_in_the_dump, tries=0, in_doubt=False)
    gate.begin(gate.BY_HAND)
    after_restore.decide(f"mails welcome {timezone.localdate()}", "release")
    send_waiting()
    mail.refresh_from_db()
    assert mail.status == Status.SENT
    assert len(inbox.to(reader.subscriber.email)) == 1


def test_dropped_mail_forgets_whose_it_was(reader) -> None:
    mail = waiting("welcome", reader, "one")
    gate.begin(gate.BY_HAND)
    after_restore.decide(f"mails welcome {timezone.localdate()}", "drop")
    mail.refresh_from_db()
    assert (mail.status, mail.object_id, mail.created_at.hour) == (Status.DROPPED, None, 0)


def test_request_of_before_is_not_answered_until_it_is_released(site, committing) -> None:
    asked.ask("signup", "ann@example.org", newsletters=[site.newsletter.pk])
    request = Asked.objects.get()
    gate.begin(gate.BY_HAND)
    asked.answer(request.pk)
    request.refresh_from_db()
    assert not request.answered
    after_restore.decide("asked signup", "drop")
    request.refresh_from_db()
    assert request.answered and not request.email


def test_hold_ends_when_all_is_gathered_and_nothing_is_left(reader, stripe_sandbox) -> None:
    waiting("welcome", reader, "one")
    gate.begin(gate.BY_HAND)
    after_restore.keep()
    assert Hold.objects.get().gathered_at and gate.look()
    after_restore.decide(f"mails welcome {timezone.localdate()}", "drop")
    assert Hold.objects.get().ended_at and not gate.look()
    assert not waiting("thanks", reader, "new").held


def test_stripe_that_does_not_answer_stands_in_the_list(settings, db) -> None:
    settings.STRIPE_SANDBOX = "http://127.0.0.1:9"
    from donations.payments import gateway

    gateway.client.cache_clear()
    try:
        gate.begin(gate.BY_HAND)
        after_restore.keep()
    finally:
        gateway.client.cache_clear()
    [item] = items.held()
    assert (item.key, item.facts[0][:6]) == ("list", "Stripe")
    after_restore.decide("list", "release")
    assert Hold.objects.get().ended_at


def test_everybody_signs_in_anew(client, site) -> None:
    client.force_login(make_user("Editors"))
    assert StaffSession.objects.exists()
    gate.begin(gate.BY_HAND)
    assert not StaffSession.objects.exists()


def test_numbers_that_were_given_since_the_dump_are_not_given_again(reader) -> None:
    before = reader.pk
    gate.begin(gate.BY_HAND)
    assert make_subscription(reader.newsletter).pk > before + 1_000_000


def test_page_shows_decides_and_writes_it_down(client: Client, reader) -> None:
    waiting("welcome", reader, "one")
    gate.begin(gate.BY_HAND)
    client.force_login(make_user(None))
    key = f"mails welcome {timezone.localdate()}"
    page = client.get("/admin/after-restore/")
    assert f"release {key}" in page.content.decode()
    assert "no mail goes out" in client.get("/admin/").content.decode()
    client.post("/admin/after-restore/decide/", {"decision": f"drop {key}"})
    assert TransactionalMail.objects.get(purpose="welcome").status == Status.DROPPED
    entry = AuditEntry.objects.filter(what="decided after a restore").get()
    assert entry.why == f"drop {key}"


def test_terminal_shows_and_decides_the_same(reader) -> None:
    waiting("welcome", reader, "one")
    out = StringIO()
    call_command("after_restore", hold=True, stdout=out)
    key = f"mails welcome {timezone.localdate()}"
    assert key in out.getvalue()
    call_command("after_restore", drop=[key], stdout=StringIO())
    with pytest.raises(CommandError, match="not held"):
        call_command("after_restore", drop=[key], stdout=StringIO())
