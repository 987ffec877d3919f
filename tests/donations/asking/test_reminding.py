"""The run: many to a call, none twice, none lost."""

from datetime import timedelta

import pytest
from anymail.utils import UNSET
from django.utils import timezone

from donations.asking import reminders, reminding
from donations.models import Deferral
from newsroom.mail import compose, outbox
from newsroom.models import TransactionalMail
from newsroom.tasks import send_mail, send_waiting_mails
from tests.factories import make_appeal, make_deferral

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(site, inbox):
    """Confirmed wishes of some readers whose moment has come."""
    appeal = make_appeal()

    def make(*names: str, **fields: object) -> list[Deferral]:
        now = {"due_at": timezone.now(), "appeal": appeal, **fields}
        return [make_deferral(f"{name}@example.org", **now) for name in names]

    return make


def test_one_mail_is_rendered_for_all_of_an_appeal_and_language(
    due, inbox, committing, monkeypatch
) -> None:
    english, german = due("ann", "bob", "eve"), due("uwe", "ute", language="de")
    rendered = []
    render = compose.render
    monkeypatch.setattr(compose, "render", lambda *given: rendered.append(1) or render(*given))
    with committing():
        assert reminding.send_due(timezone.now()) == 5
    assert len(rendered) == 2 == TransactionalMail.objects.count()
    for deferral in (*english, *german):
        [mail] = inbox.to(deferral.email)
        assert reminders.token_of(deferral) in mail["text"]
        assert sum(reminders.token_of(other) in mail["html"] for other in (*english, *german)) == 1
    assert "Vor einiger Zeit haben Sie uns gebeten" in mail["text"]  # the last is German


def test_run_that_dies_has_done_nothing_and_the_next_one_does_it_once(
    due, inbox, committing, monkeypatch
) -> None:
    due("ann", "bob")
    post = outbox.post

    def dies(*given: object, **more: object) -> None:
        raise MemoryError

    monkeypatch.setattr(outbox, "post", dies)
    with pytest.raises(MemoryError):
        reminding.send_due(timezone.now())
    assert set(Deferral.objects.values_list("status", "call")) == {("waiting", None)}
    monkeypatch.setattr(outbox, "post", post)
    with committing():
        reminding.send_due(timezone.now())
        reminding.send_due(timezone.now())
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "bob")] == [1, 1]


def test_call_that_went_and_whose_worker_died_is_not_sent_again(due, inbox, committing) -> None:
    due("ann", "bob")
    with committing():
        reminding.send_due(timezone.now())
    mail = TransactionalMail.objects.get()
    call = Deferral.objects.first().call
    at = timezone.now() - timedelta(hours=1)
    again = {"status": "sending", "in_doubt": True, "object_id": call, "next_try_at": at}
    TransactionalMail.objects.update(**again)
    send_mail(mail.pk)
    mail.refresh_from_db()
    assert mail.status == "sent" and len(inbox.to("ann@example.org")) == 1


def test_address_that_the_provider_refuses_stands_alone_in_the_end(due, inbox, committing) -> None:
    due("ann", "bob", "eve")
    make_deferral("bad@example", due_at=timezone.now(), appeal=Deferral.objects.first().appeal)
    with committing():
        reminding.send_due(timezone.now())
    for _ in range(3):  # each half is queued by the one before
        with committing():
            send_waiting_mails()
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "bob", "eve")] == [1, 1, 1]
    assert TransactionalMail.objects.filter(status="failed").count() == 1


def test_where_nobody_fills_in_fields_each_gets_a_mail_of_their_own(due, settings) -> None:
    settings.MAIL_PROVIDER = "smtp"
    due("ann", "bob")
    reminding.send_due(timezone.now())
    assert TransactionalMail.objects.count() == 2
    for deferral in Deferral.objects.all():
        [letter] = [writer(deferral.call) for words, writer in [outbox.mails()["reminder"]]]
        message = compose.compose(outbox.mails()["reminder"][0], letter)
        assert message.to == [deferral.email] and message.merge_data is UNSET
        assert reminders.token_of(deferral) in message.body and "((" not in message.body
