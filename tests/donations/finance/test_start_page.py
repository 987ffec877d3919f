"""What finance's start page says."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from donations.models import Contribution, Review
from tests.donations.conftest import handle

pytestmark = pytest.mark.django_db
HOME = "/admin/"


def test_start_page_has_what_waits_and_the_months_money(client, officer, donor, told) -> None:
    page = client.get(HOME).text
    assert "Nothing waits for you" in page and "No contribution has arrived yet" in page
    donor.gives("giver@example.org", frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    Review.objects.create(
        kind=Review.Kind.DISPUTE, about="dp_1", why="A bank asks", contribution=contribution,
        opened_at=timezone.now(), due_at=timezone.now(),
    )  # fmt: skip
    page = client.get(HOME).text
    assert Review(kind=Review.Kind.DISPUTE).get_kind_display() in page
    assert f'href="{reverse("reviews")}"' in page and "1 waits" in page
    assert "$50" in page and "giver@example.org" not in page
    contribution.movements.update(at=timezone.now() - timedelta(days=40))
    assert "No contribution has arrived yet" in client.get(HOME).text


def test_finance_is_offered_no_search_that_it_may_not_use(client, officer) -> None:
    page = client.get(HOME).text
    assert 'role="search"' not in page and "Search all pages" not in page
    assert "/admin/newsletters/" not in page
