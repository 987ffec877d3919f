"""An issue and its readers, for the tests of sending."""

import pytest

from subscriptions.models import IssuePage
from tests.factories import make_article, make_issue, make_subscription


@pytest.fixture
def issue(site) -> IssuePage:
    return make_issue(site.newsletter, [make_article(site.section)], subject="On bread")


@pytest.fixture
def audience(site) -> list[str]:
    subscriptions = [make_subscription(site.newsletter) for _ in range(5)]
    return [subscription.subscriber.email for subscription in subscriptions]
