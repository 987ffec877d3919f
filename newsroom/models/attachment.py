import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from wagtail.documents.models import AbstractDocument, Document

from newsroom.core.languages import addresses_below
from newsroom.models.upload import describe, replacing
from newsroom.uploads import documents
from newsroom.uploads.clean import Clean


class DocumentFile(FieldFile):
    """However a document comes in, it is kept by ``save``."""

    def save(self, name: str, content: Any, save: bool = True) -> None:
        """Raises ValidationError for what documents.clean refuses."""
        cleaned = content if isinstance(content, Clean) else documents.clean(content, name)
        describe(self.instance, cleaned)
        super().save(f"{secrets.token_hex(10)}.{cleaned.extension}", cleaned, save)


class Attachment(AbstractDocument):
    """A document that readers download; it never opens on a page of ours."""

    cleaning = models.PositiveSmallIntegerField(default=0, editable=False)

    admin_form_fields = Document.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = "document"

    def save(self, *args: Any, **kwargs: Any) -> None:
        with replacing(self):
            super().save(*args, **kwargs)

    @property
    def url(self) -> str:
        """By the view that makes it a download, whatever WAGTAILDOCS_SERVE_METHOD says. A file has
        one address, in whatever language the page is that leads to it."""
        with addresses_below("/"):
            path = reverse("wagtaildocs_serve", args=[self.pk, self.filename])
        return f"{settings.MEDIA_ORIGIN}{path}"


setattr(Attachment._meta.get_field("file"), "attr_class", DocumentFile)  # noqa: B010
