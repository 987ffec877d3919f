"""Where a picture is used: on pages as they are published, and in drafts, which Wagtail's index of
references does not know."""

from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import TextField
from django.db.models.functions import Cast
from wagtail.models import Page, ReferenceIndex, Revision

from newsroom.models import CreditedImage

MOST = 50  # shown; and drafts that are looked into
LIVE, DRAFT, BOTH = "published", "in a draft", "published, and in a newer draft"


@dataclass(frozen=True)
class Use:
    page: Page
    where: str


def uses(image: CreditedImage) -> list[Use]:
    """On pages, the newest first."""
    references = ReferenceIndex.get_references_to(image)
    pages = ContentType.objects.get_for_model(Page)
    saved = {
        int(pk)
        for pk in references.filter(base_content_type=pages).values_list("object_id", flat=True)[
            :MOST
        ]
    }
    drafted = in_drafts(image)
    found = Page.objects.filter(pk__in=saved | drafted).order_by("-latest_revision_created_at")
    return [Use(page, state(page, saved, drafted)) for page in found[:MOST]]


def state(page: Page, saved: set[int], drafted: set[int]) -> str:
    published = page.live and page.pk in saved
    if published and page.pk in drafted:
        return BOTH
    return LIVE if published else DRAFT


def in_drafts(image: CreditedImage) -> set[int]:
    """Pages whose newest, unpublished version has it. What holds a picture is called an image or a
    picture, and its number follows; of whichever look so, each is asked."""
    drafts = Page.objects.filter(has_unpublished_changes=True)
    newest = Revision.objects.filter(pk__in=drafts.values("latest_revision"))
    named = newest.alias(text=Cast("content", TextField())).filter(
        text__regex=rf"(image|picture)\w*\W+{image.pk}\D"
    )
    kind = ContentType.objects.get_for_model(CreditedImage).pk
    return {
        int(draft.object_id)
        for draft in named.order_by("-pk")[:MOST]
        if any(
            (of_kind, pk) == (kind, str(image.pk))
            for of_kind, pk, *_ in ReferenceIndex._extract_references_from_object(draft.as_object())
        )
    }
