"""What the start page offers to who writes."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_user


@pytest.mark.parametrize(
    ("role", "may"), [("Writers", True), ("Editors", True), ("Finance", False)]
)
@pytest.mark.every_case
def test_who_may_write_begins_an_article_with_one_press(
    client: Client, site: Any, role: str, may: bool
) -> None:
    client.force_login(make_user(role))
    address = f"/admin/pages/add/newsroom/articlepage/{site.section.pk}/"
    page = client.get("/admin/").text
    assert (address in page, "Write an article" in page) == (may, may)
    assert (client.get(address).status_code == 200) == may
