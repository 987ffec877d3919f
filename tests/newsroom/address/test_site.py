"""The site has one address, BASE_URL, in all that is sent and shown."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from wagtail.models import Site

from newsroom.address.site import disagreement, follow
from newsroom.models import Masthead
from tests.factories import make_article, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["https://news.newsroom.test", "http://127.0.0.1:8123"])
def test_links_to_pages_follow_base_url(site: Any, settings: Any, address: str) -> None:
    article = make_article(site.section)
    settings.BASE_URL = address
    assert address in disagreement()
    follow()
    assert disagreement() == ""
    again = type(article).objects.get(pk=article.pk)
    assert again.full_url == f"{address}{article.url}"


def test_second_site_is_left_alone_and_said(site: Any, settings: Any) -> None:
    settings.BASE_URL = "https://news.newsroom.test"
    Site.objects.create(hostname="news.newsroom.test", port=443, root_page=site.home)
    follow()
    assert "news.newsroom.test" in disagreement()
    Site.objects.all().update(is_default_site=False)
    follow()
    assert "default" in disagreement()


def test_mirror_is_another_host_also_when_the_site_moves_there(site: Any, settings: Any) -> None:
    masthead = Masthead.load()
    masthead.mirror = "https://mirror.newsroom.test"
    masthead.full_clean()
    masthead.save()
    settings.MEDIA_ORIGIN = "https://mirror.newsroom.test"
    assert "MEDIA_ORIGIN" in disagreement()
    with pytest.raises(ValidationError, match="Only uploads"):
        masthead.full_clean()


def test_host_is_edited_nowhere_in_the_admin(client: Any, site: Any) -> None:
    client.force_login(make_user(None))
    assert client.get("/admin/sites/edit/1/").status_code == 404
