import pytest
from django.utils import timezone

from newsroom import tasks
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
