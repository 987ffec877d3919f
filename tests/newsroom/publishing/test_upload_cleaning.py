import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from PIL import Image

from newsroom.models import Attachment, CreditedImage
from newsroom.models.image import ALL_FILTERS
from newsroom.publishing import upload_cleaning
from tests.factories import make_image
from tests.newsroom.uploads import kinds, papers


def old_picture(data: bytes, **fields: Any) -> CreditedImage:
    """As it was kept before: the camera's file under the camera's name, renditions made of it."""
    image = make_image("old")
    name = f"original_images/anna-{image.pk}.jpg"
    Path(settings.MEDIA_ROOT, name).write_bytes(data)
    os.unlink(image.file.path)
    with Image.open(Path(settings.MEDIA_ROOT, name)) as opened:
        fields |= {"width": opened.width, "height": opened.height}
    CreditedImage.objects.filter(pk=image.pk).update(file=name, cleaning=0, **fields)
    rendition = image.renditions.first()
    made = f"images/anna-{image.pk}.jpg"
    Path(settings.MEDIA_ROOT, made).write_bytes(data)
    image.renditions.filter(pk=rendition.pk).update(file=made)
    return CreditedImage.objects.get(pk=image.pk)


def old_document() -> Attachment:
    document = Attachment.objects.create(title="x", file=ContentFile(papers.pdf(), name="x.pdf"))
    name = f"documents/anna-{document.pk}.pdf"
    Path(settings.MEDIA_ROOT, name).write_bytes(papers.pdf())
    Attachment.objects.filter(pk=document.pk).update(file=name, cleaning=0)
    return Attachment.objects.get(pk=document.pk)


def told() -> list[str]:
    """Every file that names somebody."""
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    mark = kinds.NAME.encode()
    return [path.name for path in files if mark in path.read_bytes() or "anna" in path.name]


def clean(committing: Any) -> str:
    said = StringIO()
    with committing():
        call_command("clean_uploads", stdout=said)
    return said.getvalue()


@pytest.fixture(autouse=True)
def _empty(db: None, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def test_what_is_there_is_cleaned_once(committing) -> None:
    image, document = old_picture(kinds.jpeg(), focal_point_x=9), old_document()
    assert len(told()) == 3
    assert clean(committing).startswith("2 cleaned")
    assert told() == []
    for row in (image, document):
        row.refresh_from_db()
        assert Path(row.file.path).exists() and row.cleaning
    assert image.focal_point_x == 9 and image.renditions.count() == len(ALL_FILTERS)
    names = [image.file.name, document.file.name]
    assert clean(committing).startswith("0 cleaned")
    image.refresh_from_db()
    assert names == [image.file.name, Attachment.objects.get().file.name]


def test_focal_point_stays_at_its_place(committing) -> None:
    image = old_picture(kinds.saved(kinds.draw(size=(5760, 90)), "JPEG"), focal_point_x=1000)
    clean(committing)
    image.refresh_from_db()
    assert (image.width, image.focal_point_x) == (2880, 500)


def test_file_put_back_from_a_backup_is_cleaned(committing) -> None:
    image = make_image("x")
    Path(image.file.path).write_bytes(kinds.jpeg())
    assert clean(committing).startswith("1 cleaned")
    assert told() == []


def test_stopped_in_the_middle_it_goes_on(committing, monkeypatch) -> None:
    for _ in range(3):
        old_picture(kinds.jpeg())
    save = CreditedImage.save
    saved: list[int] = []

    def stop(self: Any, *args: Any, **kwargs: Any) -> None:
        save(self, *args, **kwargs)
        saved.append(self.pk)
        if len(saved) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(CreditedImage, "save", stop)
        with pytest.raises(KeyboardInterrupt), committing():
            call_command("clean_uploads", stdout=StringIO())
    for image in CreditedImage.objects.all():
        assert Path(image.file.path).exists()
    assert clean(committing).startswith("2 cleaned")
    assert told() == []


def test_leftover_goes_when_nobody_can_be_about_to_name_it(committing) -> None:
    root = Path(settings.MEDIA_ROOT)
    image = make_image("x")
    for folder in upload_cleaning.FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        for name, age in (("old.jpg", 7200), ("new.jpg", 60)):
            (root / folder / name).write_bytes(b"x")
            os.utime(root / folder / name, (time.time() - age,) * 2)
    os.utime(image.file.path, (0, 0))
    assert "4 leftovers" in clean(committing)
    assert not list(root.rglob("old.jpg")) and len(list(root.rglob("new.jpg"))) == 4
    assert Path(image.file.path).exists()


def test_missing_rendition_is_made_again(committing) -> None:
    image = make_image("x")
    os.unlink(image.renditions.first().file.path)
    image.renditions.last().delete()
    clean(committing)
    shown = [one.file.path for one in image.renditions.all()]
    assert len(shown) == len(ALL_FILTERS) and all(Path(path).exists() for path in shown)


def test_what_cannot_be_cleaned_is_named_and_stops_nothing(committing) -> None:
    gone, broken, fine = (old_picture(kinds.jpeg()) for _ in range(3))
    os.unlink(gone.file.path)
    Path(broken.file.path).write_bytes(b"no picture")
    said = StringIO()
    with pytest.raises(CommandError, match="2 could not"), committing():
        call_command("clean_uploads", stdout=said)
    assert f"image {gone.pk}: no such file" in said.getvalue()
    assert f"image {broken.pk}: We cannot read" in said.getvalue()
    fine.refresh_from_db()
    assert fine.cleaning
