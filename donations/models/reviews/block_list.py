"""Whose money the newsroom wants to look at before it is glad of it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from newsroom.core.privacy import (
    BlindIndexField,
    EncryptedField,
    donor_name_index,
    giving_index,
)

from .review import Review

NETWORK_DAYS = 90  # others get it then


class BlockedMarkQuerySet(models.QuerySet["BlockedMark"]):
    def holds(self, kind: str, index: bytes | None) -> bool:
        return index is not None and self.in_force().filter(kind=kind, index=index).exists()

    def in_force(self) -> "BlockedMarkQuerySet":
        return self.filter(Q(until=None) | Q(until__gte=timezone.localdate()))

    def put(self, marks: Iterable[tuple[str, bytes]], who: str, why: str, **fields: Any) -> int:
        """How many are new. One that is there stays as it is, but for a network, whose days begin
        anew."""
        new, until = 0, timezone.localdate() + timedelta(days=NETWORK_DAYS)
        with transaction.atomic():
            for kind, index in marks:
                ends = until if kind == BlockedMark.Kind.NETWORK else None
                mark, made = self.get_or_create(
                    kind=kind,
                    index=index,
                    defaults={"who": who, "why": why[:300], "until": ends, **fields},
                )
                if ends and not made:
                    self.filter(pk=mark.pk).update(until=ends)
                new += made
        return new

    def forget(self, before: date) -> None:
        """What was put there before that day, and has an end."""
        self.filter(until__lt=before + timedelta(days=NETWORK_DAYS)).delete()


class BlockedMark(models.Model):
    """A keyed number of an address, a name, a card or a network: whoever gives with it opens a
    review. Nobody is refused, and nobody can read from it who it is. The numbers are those by
    which the rest of giving finds its rows (newsroom/core/privacy.py)."""

    class Kind(models.TextChoices):
        ADDRESS = "address", "E-mail address"
        NAME = "name"
        CARD = "card", "Card or account"
        NETWORK = "network"

    INDEX_OF = {Kind.ADDRESS: giving_index, Kind.NAME: donor_name_index}  # what can be typed

    kind = models.CharField(max_length=8, choices=Kind)
    index = BlindIndexField()
    why = EncryptedField(context="blocked.why")
    who = models.CharField(max_length=150, help_text="The login of who put it there.")
    review = models.ForeignKey(Review, null=True, on_delete=models.SET_NULL, related_name="marks")
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateField(null=True, help_text="Of a network: the last day.")

    objects = BlockedMarkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "index"], name="blocked_once_per_kind")
        ]
        verbose_name = "row of the block list"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
