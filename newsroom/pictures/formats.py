"""The formats that take a second of a processor each: a worker makes them, and until then pages
show the others."""

from django.db import transaction
from wagtail.models import ReferenceIndex

from newsroom.core.jobs import after_commit
from newsroom.kept_pages import changes
from newsroom.kept_pages.noting import EVERYTHING
from newsroom.models import CreditedImage
from newsroom.models.image import MADE, SLOW

AT_ONCE = 20  # pictures that were left behind, in a minute


def make(pk: int) -> None:
    """One after the other, so that a worker holds one picture at a time, and each for itself: a
    second run goes on where this one stopped. The row is locked, so that no file of a picture that
    is replaced meanwhile, or cut otherwise, takes the place of the new one's."""
    for spec in SLOW:
        with transaction.atomic():
            locked = CreditedImage.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if locked is None:
                return
            locked.get_rendition(spec)
    with transaction.atomic():
        locked.set_made(MADE)
        if ReferenceIndex.get_references_to(locked).exists():
            changes.after_commit(EVERYTHING)  # pages that were kept without them


def make_left_behind() -> None:
    """Whose job was lost, or who came in without one; and all of them when SLOW has changed."""
    waiting = CreditedImage.objects.exclude(made=MADE).order_by("pk")
    for pk in waiting.values_list("pk", flat=True)[:AT_ONCE]:
        after_commit("newsroom.tasks.make_formats", pk)
