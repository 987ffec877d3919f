"""Every way in which a picture comes in leads through the same cleaning."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.models import Collection, UploadedFile
from wagtail.users.models import UserProfile
from wagtail.utils.file import hash_filelike

from newsroom.models import CreditedImage
from newsroom.models.image import QUICK
from newsroom.models.upload import CLEANING
from tests.factories import make_article, make_image, make_issue, make_user
from tests.newsroom.uploads import kinds

pytestmark = pytest.mark.costly

FILE_NAME = "anna-kowalska-at-home.jpg"


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(FILE_NAME, data, "image/jpeg")


@pytest.fixture
def editor(client: Client, db: None) -> Client:
    client.force_login(make_user(None))
    return client


def form(**more: Any) -> dict[str, Any]:
    root = Collection.get_first_root_node().pk
    return {"title": "A town", "collection": root, "tags": "", "description": "", **more}


def by_form(client: Client, data: bytes) -> Any:
    return client.post(reverse("wagtailimages:add"), form(file=upload(data)))


def by_many(client: Client, data: bytes) -> Any:
    return client.post(reverse("wagtailimages:add_multiple"), form() | {"files[]": upload(data)})


def by_many_with_a_title_too_long(client: Client, data: bytes) -> Any:
    """Wagtail keeps the upload aside, and asks."""
    long = form(title="x" * 300) | {"files[]": upload(data)}
    answer = client.post(reverse("wagtailimages:add_multiple"), long)
    kept_aside = UploadedFile.objects.last()
    if kept_aside is None:
        return answer
    address = reverse("wagtailimages:create_multiple_from_uploaded_image", args=[kept_aside.pk])
    prefix = f"uploaded-image-{kept_aside.pk}"
    return client.post(address, {f"{prefix}-{name}": value for name, value in form().items()})


def by_chooser(client: Client, data: bytes) -> Any:
    fields = {f"image-chooser-upload-{k}": v for k, v in form(file=upload(data)).items()}
    return client.post(reverse("wagtailimages_chooser:create"), fields)


def by_replacing(client: Client, data: bytes) -> Any:
    image = make_image("before")
    return client.post(reverse("wagtailimages:edit", args=[image.pk]), form(file=upload(data)))


FORMS = [by_form, by_many, by_many_with_a_title_too_long, by_chooser, by_replacing]


def by_create(client: Client, data: bytes) -> None:
    CreditedImage.objects.create(title="A town", file=ImageFile(BytesIO(data), name=FILE_NAME))


def by_file_save(client: Client, data: bytes) -> None:
    make_image("before").file.save(FILE_NAME, ContentFile(data))


def by_bulk_create(client: Client, data: bytes) -> None:
    file = ImageFile(BytesIO(data), name=FILE_NAME)
    CreditedImage.objects.bulk_create([CreditedImage(title="A town", file=file)])
    CreditedImage.objects.get().make_renditions()


def told(path: Path) -> bool:
    return kinds.NAME.encode() in path.read_bytes() or "anna" in path.name


@pytest.mark.parametrize("way", [*FORMS, by_create, by_file_save, by_bulk_create])
@pytest.mark.parametrize("kind", ["jpeg", "png, transparent", "webp"])
def test_every_way_in_cleans(editor, way: Callable, kind: str) -> None:
    answer = way(editor, kinds.KINDS[kind]())
    image = CreditedImage.objects.get()
    led_on = way in (by_form, by_replacing)
    assert way not in FORMS or answer.status_code == (302 if led_on else 200)
    assert image.cleaning == CLEANING
    kept = [Path(image.file.path), *(Path(one.file.path) for one in image.renditions.all())]
    assert len(kept) > len(QUICK) and not any(told(path) for path in kept)


@pytest.mark.parametrize("way", FORMS)
@pytest.mark.parametrize("kind", ["jpeg, cut off", "jpeg, its head only", "a bomb", "svg", "html"])
def test_refusal_stands_beside_the_field(editor, way: Callable, kind: str) -> None:
    make, words = kinds.REFUSED[kind]
    answer = way(editor, make())
    assert answer.status_code == 200
    assert words in answer.text
    assert not CreditedImage.objects.exclude(title="before").exists()


def test_code_that_keeps_what_is_no_picture_is_told(db) -> None:
    with pytest.raises(ValidationError):
        CreditedImage.objects.create(title="x", file=ContentFile(b"<script>", name="x.jpg"))


@pytest.mark.parametrize("way", [by_form, by_replacing, by_create, by_bulk_create])
def test_numbers_describe_what_is_kept(editor, way: Callable) -> None:
    way(editor, kinds.saved(kinds.draw(size=(4000, 1000)), "JPEG", exif=kinds.exif(6)))
    image = CreditedImage.objects.get()
    with image.open_file() as file:
        assert image.file_hash == hash_filelike(file)
    assert (image.width, image.height) == Image.open(image.file.path).size == (720, 2880)
    assert image.file_size == os.path.getsize(image.file.path)


def test_focal_point_shrinks_with_the_picture_and_goes_with_it(db, committing) -> None:
    data = kinds.saved(kinds.draw(size=(5760, 100)), "JPEG")
    focus = dict.fromkeys(("focal_point_x", "focal_point_width"), 1000) | dict.fromkeys(
        ("focal_point_y", "focal_point_height"), 20
    )
    file = ImageFile(BytesIO(data), name="x.jpg")
    image = CreditedImage.objects.create(title="x", file=file, **focus)
    assert (image.focal_point_x, image.focal_point_height) == (500, 10)
    image.file.save("y.jpg", ContentFile(data))
    assert not CreditedImage.objects.get().has_focal_point()


@pytest.mark.parametrize("way", [by_replacing, by_file_save])
def test_replaced_picture_leaves_nothing_behind(editor, committing, way: Callable) -> None:
    folders = [Path(make_image("x").file.path).parent]
    folders.append(folders[0].parent / "images")
    CreditedImage.objects.all().delete()
    there = {path for folder in folders for path in folder.iterdir()}
    with committing():
        way(editor, kinds.jpeg())
    image = CreditedImage.objects.get()
    new = {path for folder in folders for path in folder.iterdir()} - there
    renditions = {Path(one.file.path) for one in image.renditions.all()}
    assert new == {Path(image.file.path), *renditions}
    assert all(path.name.startswith(Path(image.file.name).stem) for path in new)


def test_page_waits_for_no_rendition(client, site, django_assert_num_queries) -> None:
    article = make_article(site.section, lead_image=make_image("a"))
    made = CreditedImage.objects.get().renditions.count()
    for path in (article.url, "/", site.section.url):
        assert "<img" in client.get(path).text
    assert CreditedImage.objects.get().renditions.count() == made == len(QUICK)


def gone(image: CreditedImage) -> None:
    os.unlink(image.file.path)


def unreadable(image: CreditedImage) -> None:
    Path(image.file.path).write_bytes(b"\xff\xd8\xff\xe0 but no more")


def empty(image: CreditedImage) -> None:
    Path(image.file.path).write_bytes(b"")


@pytest.mark.parametrize("breaks", [gone, unreadable, empty])
@pytest.mark.parametrize("renditions", ["made", "their files gone", "not made"])
def test_broken_picture_is_left_out(editor, site, breaks: Callable, renditions: str) -> None:
    image = make_image("broken")
    if renditions == "their files gone":
        for one in image.renditions.all():
            os.unlink(one.file.path)
    elif renditions == "not made":
        image.renditions.all().delete()
    breaks(image)
    body = [{"type": "image", "value": {"image": image.pk, "caption": "Words"}}]
    article = make_article(site.section, lead_image=image, body=body)
    issue = make_issue(site.newsletter, [article], live=True)
    desk = reverse("issue_desk", args=[issue.pk])
    admin = [reverse("wagtailimages:index"), reverse("wagtailimages:edit", args=[image.pk]), desk]
    admin += [reverse("wagtailadmin_pages:edit", args=[article.pk])]
    admin += [reverse("wagtailimages_chooser:chosen", args=[image.pk])]
    for path in [article.url, "/", site.section.url, issue.url, "/feed/", *admin]:
        assert editor.get(path).status_code == 200, path
    page = editor.get(article.url).text
    assert ("<img" in page) == ("og:image" in page) == (renditions == "made")
    assert "not-found" not in page


def test_staff_upload_no_portrait(editor) -> None:
    account = reverse("wagtailadmin_account")
    assert 'name="avatar-avatar"' not in editor.get(account).text
    editor.post(account, {"avatar-avatar": upload(kinds.jpeg())})
    assert not UserProfile.objects.exclude(avatar="").exists()
    start = editor.get("/admin/").text
    assert f'href="{account}"' in start and "avatar-section" not in start
