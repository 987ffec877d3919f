from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom import tasks
from newsroom.mail import outbox
from newsroom.models import TransactionalMail

pytestmark = pytest.mark.django_db


def test_transactional_mail_is_tried_again_after_a_definite_no(
    site, inbox, committing, client
) -> None:
    inbox.fault("429")
    with committing():
        client.post("/newsletter/weekly/signup/", {"email": "late@example.org", "consent": "on"})
    assert inbox.to("late@example.org") == []
    mail = TransactionalMail.objects.get()
    assert (mail.status, mail.tries) == ("waiting", 1)
    TransactionalMail.objects.update(next_try_at=timezone.now())
    with committing():
        tasks.send_waiting_mails()
    assert len(inbox.to("late@example.org")) == 1
    with committing():
        tasks.send_mail.delay(mail.pk)  # the task runs twice: nothing more is sent
    assert len(inbox.to("late@example.org")) == 1


def test_provider_that_is_away_for_a_day_loses_no_mail(
    site, inbox, committing, client, settings
) -> None:
    there = settings.ANYMAIL
    settings.ANYMAIL = there | {"MAILGUN_API_URL": "http://127.0.0.1:1/v3"}
    tomorrow = timezone.now() + timedelta(hours=24)
    with committing():
        client.post("/newsletter/weekly/signup/", {"email": "late@example.org", "consent": "on"})
    mail = TransactionalMail.objects.get()
    while mail.next_try_at < tomorrow:
        assert (mail.status, mail.in_doubt) == ("waiting", False)
        outbox.send(mail, mail.next_try_at)
        mail.refresh_from_db()
    settings.ANYMAIL = there
    for _ in range(2):
        outbox.send(mail, mail.next_try_at)
    assert len(inbox.to("late@example.org")) == 1
