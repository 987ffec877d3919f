"""What editors do with pictures beside the article, and at the picture desk."""

import os
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from newsroom.models import ArticlePage, CreditedImage
from newsroom.models.image import MADE, SLOW
from newsroom.pictures import formats
from newsroom.pictures.uses import BOTH, DRAFT, LIVE, uses
from tests.factories import make_article, make_image, make_user
from tests.newsroom.uploads import kinds

AVIF = 'type="image/avif"'


def formats_of(image: CreditedImage) -> set[str]:
    found = CreditedImage.objects.get(pk=image.pk).shown("lead")
    return {one.file.name.rpartition(".")[2] for one in found}


def test_slow_formats_come_from_a_worker_and_pages_show_the_others_until_then(
    client: Client, site: Any
) -> None:
    image = make_image("Bread")
    article = make_article(site.section, lead_image=image)
    page = client.get(article.url).text
    assert AVIF not in page and 'type="image/webp"' in page and ".jpg" in page
    assert formats_of(image) == {"webp", "jpg"}
    formats.make(image.pk)
    formats.make(image.pk)
    assert formats_of(image) == {"avif", "webp", "jpg"}
    assert client.get(article.url).text.count(AVIF) == 1
    for one in CreditedImage.objects.get().shown("lead"):
        kind = one.file.name.rpartition(".")[2].replace("jpg", "jpeg")
        assert client.get(one.url).headers["Content-Type"] == f"image/{kind}"
    assert image.renditions.filter(filter_spec__in=SLOW).count() == len(SLOW)
    assert CreditedImage.objects.get().made == MADE


def test_a_format_is_offered_in_all_sizes_or_not_at_all(site: Any) -> None:
    image = make_image("Bread")
    formats.make(image.pk)
    image.renditions.filter(filter_spec=SLOW[1]).delete()
    assert formats_of(image) == {"webp", "jpg"}


@pytest.mark.parametrize("change", ["another file", "another point"])
def test_a_picture_that_changes_is_made_anew(db: None, change: str) -> None:
    image = make_image("Bread")
    formats.make(image.pk)
    image.refresh_from_db()
    if change == "another file":
        image.file.save("x.jpg", ContentFile(kinds.jpeg()))
    else:
        for name in ("x", "y", "width", "height"):
            setattr(image, f"focal_point_{name}", 1)
        image.save()
    assert formats_of(image) == {"webp", "jpg"}
    assert CreditedImage.objects.exclude(made=MADE).get() == image
    formats.make(image.pk)
    assert "avif" in formats_of(image)


def test_a_picture_that_cannot_be_made_is_not_tried_for_ever(db: None) -> None:
    image = make_image("Bread")
    os.unlink(image.file.path)
    formats.make(image.pk)
    formats.make(image.pk + 1)  # deleted since
    assert CreditedImage.objects.get().made == MADE


@pytest.fixture
def editor(client: Client, db: None) -> Client:
    client.force_login(make_user("Editors"))
    return client


def test_words_and_point_are_set_beside_the_picture(editor: Client) -> None:
    image = make_image("Bread", description="", credit="")
    address = reverse("picture_beside", args=[image.pk])
    part = editor.get(address).text
    assert 'data-width="1200" data-height="630"' in part and 'data-width="480"' in part
    words = {"description": "A loaf", "credit": "Ana / Agency", "across": "75", "down": "0"}
    assert "Saved" in editor.post(address, words).text
    image.refresh_from_db()
    assert (image.description, image.credit) == ("A loaf", "Ana / Agency")
    assert (image.focal_point_x, image.focal_point_y) == (48, 0) and image.has_focal_point()
    assert editor.post(address, words | {"across": "101"}).status_code == 422
    editor.force_login(make_user("Finance"))
    assert editor.get(address).url == editor.post(address, words).url == "/admin/"


def test_words_alone_set_no_point(editor: Client) -> None:
    image = make_image("Bread")
    words = {
        "description": "",
        "is_decorative": "on",
        "credit": "Ana",
        "across": "50",
        "down": "50",
    }
    editor.post(reverse("picture_beside", args=[image.pk]), words)
    image.refresh_from_db()
    assert image.is_decorative and not image.has_focal_point() and image.default_alt_text == ""


@pytest.mark.usefixtures("indexed")
def test_desk_finds_what_lacks_words_or_is_used_nowhere(editor: Client, site: Any) -> None:
    used = make_image("Used one", credit="Ana / Agency")
    make_article(site.section, lead_image=used)
    make_image("Bare one", description="", credit="")
    make_image("Ornament", description="", is_decorative=True, credit="Ben")

    def found(**query: str) -> list[str]:
        page = editor.get(reverse("wagtailimages:index"), query).text
        return [name for name in ("Used one", "Bare one", "Ornament") if f'title="{name}"' in page]

    assert found() == ["Used one", "Bare one", "Ornament"]
    assert "matches" not in editor.get(reverse("wagtailimages:index")).text, "no filter is set"
    assert found(missing="words") == found(missing="credit") == ["Bare one"]
    assert found(unused="true") == ["Bare one", "Ornament"]
    assert found(q="Agency") == ["Used one"]
    assert found(q="Agency", unused="true") == []
    assert found(q="Ben", missing="words") == []
    assert "Ana / Agency" in editor.get(reverse("wagtailimages:index"), {"layout": "list"}).text


def test_many_pictures_get_one_credit(editor: Client) -> None:
    images = [make_image(f"Number {number}", credit="") for number in range(3)]
    address = reverse("wagtail_bulk_action", args=["newsroom", "creditedimage", "credit"])
    address += "?" + "&".join(f"id={image.pk}" for image in images[:2])
    assert "Who made these pictures?" in editor.get(address).text
    editor.post(address, {"credit": "Ana / Agency"})
    credits = CreditedImage.objects.order_by("pk").values_list("credit", flat=True)
    assert list(credits) == ["Ana / Agency", "Ana / Agency", ""]


@pytest.mark.usefixtures("indexed")
def test_picture_tells_where_it_is_used_live_and_in_drafts(editor: Client, site: Any) -> None:
    image = make_image("Bread")
    live = make_article(site.section, title="Live", lead_image=image)
    drafted = make_article(site.section, title="Drafted")
    other = make_article(site.section, title=f"Other {image.pk}")
    body = [("image", {"image": image, "caption": ""})]
    drafted.body = body
    drafted.save_revision()
    other.deck = f"Number {image.pk}, no picture"
    other.save_revision()
    assert {use.page.title: use.where for use in uses(image)} == {"Live": LIVE, "Drafted": DRAFT}
    live = ArticlePage.objects.get(pk=live.pk)
    live.caption = "New"
    live.save_revision()
    assert {use.page.title: use.where for use in uses(image)}["Live"] == BOTH
    page = editor.get(reverse("wagtailimages:edit", args=[image.pk])).text
    assert "Drafted" in page and DRAFT in page and "How it is cut" in page
