"""What was done with a review: a history that only grows."""

from typing import Any

from django.db import models

from newsroom.core.privacy import BlindIndexField, EncryptedField, keyed_hash

from .review import Review


class ReviewStep(models.Model):
    """One thing that somebody did, or that happened. PostgreSQL refuses to change or delete it
    (donations/migrations/0002_books.py): only its words may be sealed with another key, or, of
    a note, be emptied when the donor is erased. Other words would not fit the digest."""

    class What(models.TextChoices):
        OPENED = "opened", "Open again"
        TAKEN = "taken", "Taken"
        LET_GO = "let_go", "Given back to all"
        HANDED_OVER = "handed_over", "Handed over"
        DUE = "due", "Deadline set"
        NOTED = "noted", "Note"
        PROPOSED = "proposed", "Proposed"
        TAKEN_BACK = "taken_back", "Proposal taken back"
        DECLINED = "declined", "Proposal declined"
        DECIDED = "decided", "Decided"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "The refund was not made"
        SETTLED = "settled", "Settled by itself"

    OURS = {What.SETTLED, What.DUE}  # their words are the machine's, and name nobody

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="steps")
    what = models.CharField(max_length=12, choices=What)
    choice = models.CharField(max_length=6, choices=Review.Choice, blank=True)
    who = models.CharField(max_length=150, blank=True, help_text="The login they had then.")
    to = models.CharField(max_length=150, blank=True, help_text="To whom it was handed.")
    text = EncryptedField(context="review step.text", blank=True)
    digest = BlindIndexField(help_text="Of all of it: other words would show.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.get_what_display(), self.get_choice_display()]))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.digest = self.reckoned()
        super().save(*args, **kwargs)

    def reckoned(self) -> bytes:
        said = [str(self.review_id), self.what, self.choice, self.who, self.to, self.text]
        return keyed_hash("|".join(said), "review step")

    @property
    def is_intact(self) -> bool:
        """Does it still say what was written? What an erasure emptied does not."""
        return bytes(self.digest) == self.reckoned()
