"""What somebody asked for with an address on a public form, until a job has looked at it."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from newsroom.core.privacy import BlindIndexField, EncryptedField

TRIES = 20
KEPT = timedelta(days=8)


class AskedQuerySet(models.QuerySet["Asked"]):
    def left_behind(self, now: datetime) -> "AskedQuerySet":
        """Those whose job was lost, or failed."""
        return self.filter(
            answered=False,
            held=False,
            created_at__lt=now - timedelta(seconds=10),
            tries__lt=TRIES,
        )

    def unanswered(self) -> "AskedQuerySet":
        return self.filter(answered=False)

    def mailed_since(self, what: str, mailbox: bytes, since: datetime) -> "AskedQuerySet":
        return self.filter(what=what, mailbox=mailbox, mailed=True, created_at__gte=since)


class Asked(models.Model):
    """Anybody can type anybody's address. So the form only writes this down, which takes as long
    for an address that we know as for any other; a job does what was asked, and counts the mails
    that strangers cause to one mailbox. Answered, the address is gone, and the hour; the count
    stays for a week, under an index for each kind of mail.
    """

    what = models.CharField(max_length=20, help_text="The hook asked_… that answers it.")
    email = EncryptedField(context="asked.email", blank=True)
    mailbox = BlindIndexField(help_text="Of the mailbox behind the address: see mail/asked.py.")
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    answered = models.BooleanField(default=False)
    mailed = models.BooleanField(default=False, help_text="It caused a mail.")
    tries = models.PositiveSmallIntegerField(default=0)
    # After a restore, until a person has decided: newsroom/hold/gate.py.
    held = models.BooleanField(default=False, db_default=False)

    objects = AskedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(answered=False), name="asked_and_not_answered"
            ),
            models.Index(
                fields=["mailbox", "what", "created_at"],
                condition=Q(mailed=True),
                name="mails_caused_to_a_mailbox",
            ),
            models.Index(fields=["created_at"], name="asked_by_time"),
        ]

    def __str__(self) -> str:
        return f"asked {self.pk} ({self.what})"
