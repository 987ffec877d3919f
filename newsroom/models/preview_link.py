"""Who may read an article before it is published, by a link."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from newsroom.core import tokens
from newsroom.core.privacy import EncryptedField

PURPOSE = "preview link"


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def open(self, now: datetime) -> "PreviewLinkQuerySet":
        return self.filter(ends_at__gt=now)

    def opened_by(self, token: str, now: datetime) -> "PreviewLink | None":
        """None: forged, over, or taken back."""
        try:
            number = tokens.read_permanent(PURPOSE, token)
        except tokens.BadToken:
            return None
        found = self.open(now).select_related("article", "revision").defer("note")
        return found.filter(pk=number).first()


class PreviewLink(models.Model):
    """Lets a lawyer or a source, who have no account, read an article that is not published.

    The row alone opens nothing: the token in the address is made with a key that is not here. It
    knows nothing of who has opened it.
    """

    article = models.ForeignKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="preview_links"
    )
    revision = models.ForeignKey(
        "wagtailcore.Revision",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="What it shows; empty: the newest draft, whatever is written next.",
    )
    note = EncryptedField(context="preview_link.note", blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(help_text="Taken back: now.")

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"preview link {self.pk} of article {self.article_id}"

    @property
    def token(self) -> str:
        return tokens.permanent(PURPOSE, self.pk)

    @property
    def draft(self) -> Any:
        """The article as whoever has the link reads it."""
        if self.revision:
            return self.revision.as_object()
        return self.article.get_latest_revision_as_object()
