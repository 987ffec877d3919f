"""Uploads that are there already: from before a cleaning, put back from a backup, or left over.

Each is done for itself: cleaned into a new file, its row changed, the file before removed. Wherever
this stops, a row names a whole file, and the next run finds the rest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from wagtail.models import UploadedFile
from wagtail.utils.file import hash_filelike

from newsroom.models import Attachment, CreditedImage, CreditedRendition
from newsroom.models.image import FOCAL_POINT
from newsroom.models.upload import CLEANING
from newsroom.uploads import documents, pictures

# Who names files, and where they lie.
KEEPERS: list[Any] = [CreditedImage, CreditedRendition, Attachment, UploadedFile]
FOLDERS = ["original_images", "images", "documents", "wagtail_uploads"]
# A file is there before its row; what Wagtail keeps aside, for a form to be filled in, for a day.
FRESH, ASIDE = timedelta(hours=1), timedelta(days=1)


@dataclass
class Done:
    cleaned: int = 0
    failed: int = 0
    removed: int = 0


def run(say: Callable[[str], Any]) -> Done:
    """``say`` is told what could not be cleaned, and why."""
    done = Done()
    for model in (CreditedImage, Attachment):
        for pk in list(model.objects.order_by("pk").values_list("pk", flat=True)):
            try:
                done.cleaned += clean(model, pk)
            except (OSError, ValidationError) as error:
                why = error.messages[0] if isinstance(error, ValidationError) else "no such file"
                say(f"{model._meta.verbose_name} {pk}: {why}")
                done.failed += 1
    forget_put_aside()
    for name in list(leftovers()):
        default_storage.delete(name)
        done.removed += 1
    return done


def forget_put_aside() -> None:
    """Uploads that Wagtail keeps as they came, for a form that nobody has filled in since."""
    for aside in UploadedFile.objects.all():
        if is_old(aside.file.name, ASIDE):
            aside.delete()


@transaction.atomic
def clean(model: Any, pk: int) -> bool:
    """Was there something to clean? The row is locked, so that no editor's change is lost. Raises
    OSError when its file is gone, ValidationError when it can't be cleaned."""
    row = model.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:  # deleted since
        return False
    with default_storage.open(row.file.name) as file:
        is_clean = row.cleaning == CLEANING and hash_filelike(file) == row.file_hash
        if model is Attachment and not is_clean:
            row.file.save("", documents.clean(file, row.file.name), save=False)
        elif model is CreditedImage and not is_clean:
            focus = {name: getattr(row, name) for name in FOCAL_POINT}
            cleaned = pictures.clean(file)
            row.file.save("", cleaned, save=False)
            for name, value in focus.items():
                setattr(row, name, None if value is None else round(value * cleaned.scale))
    if not is_clean:
        row.save()
    elif model is CreditedImage:
        row.make_renditions()
        for one in row.renditions.all():
            if not default_storage.exists(one.file.name):
                one.file = row.generate_rendition_file(one.filter)
                one.save()
    return not is_clean


def leftovers() -> Iterator[str]:
    """Files that no row names (any more)."""
    named = {name for keeper in KEEPERS for name in keeper.objects.values_list("file", flat=True)}
    for folder in FOLDERS:
        files = default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
        for name in (f"{folder}/{file}" for file in files):
            if name not in named and is_old(name, FRESH):
                yield name


def is_old(name: str, age: timedelta) -> bool:
    """So old, or gone."""
    if not default_storage.exists(name):
        return True
    return default_storage.get_modified_time(name) < timezone.now() - age
