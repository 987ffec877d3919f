"""How often the ask was shown is counted by what answers, and stays."""

from datetime import UTC, datetime, timedelta

import pytest

from donations.asking import times_shown as shown
from donations.models import AskShown
from newsroom.core.environment.redis_url import store
from newsroom.metrics.requests import VARIANTS

NOW = datetime.now(UTC)


@pytest.mark.django_db
def test_a_number_never_goes_down_when_redis_was_emptied() -> None:
    key = f"{VARIANTS} {NOW:%Y-%m-%d}"
    store().hset(key, mapping={"below -1 usd": 5, "below 0 eur": 2, "banner -1 usd": 1})
    shown.keep(NOW)
    store().delete(key)
    store().hset(key, "below -1 usd", 1)
    shown.keep(NOW)
    found = dict(AskShown.objects.values_list("place", "times"))
    assert found == {"below": 7, "banner": 1}
    assert shown.since(NOW.date() + timedelta(days=1)) == 0
