"""What finance writes beside a contribution, or about what answers a dispute."""

import re
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from newsroom.core.privacy import BlindIndexField, EncryptedField, word_index

from .contribution import Contribution
from .movement import Dispute

MOST_WORDS = 100


class NoteQuerySet(models.QuerySet["Note"]):
    def with_words(self, text: str) -> "NoteQuerySet":
        """Those with all of these words."""
        return self.filter(words__contains=indexes_of(text))


class Note(models.Model):
    """Sealed, and found by whole words. Never changed: who errs writes another."""

    contribution = models.ForeignKey(Contribution, on_delete=models.CASCADE, related_name="notes")
    dispute = models.ForeignKey(Dispute, null=True, on_delete=models.CASCADE, related_name="notes")
    text = EncryptedField(context="note.text")
    words = ArrayField(BlindIndexField(), editable=False, default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [GinIndex(fields=["words"], name="notes_by_word")]

    def __str__(self) -> str:
        return f"note {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.words = indexes_of(self.text)
        super().save(*args, **kwargs)


def indexes_of(text: str) -> list[bytes]:
    words = sorted({word.casefold() for word in re.findall(r"\w+", text)})
    return [word_index(word) for word in words[:MOST_WORDS]]
