"""Reviews, and who decides them."""

from typing import Any

import pytest

from donations.models import Review
from tests.factories import make_user


@pytest.fixture
def review(given: Any) -> Review:
    """Of 50 dollars, open."""
    contribution = given(card="4242", network="8.8.8.0/24")
    Review.open("large", str(contribution.pk), "$50. Much.", contribution=contribution)
    return Review.objects.get()


@pytest.fixture
def two_officers(site: Any) -> tuple[Any, Any]:
    return make_user("Finance"), make_user("Finance")
