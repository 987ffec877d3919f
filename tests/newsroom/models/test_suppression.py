import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsroom.core.privacy import list_index
from newsroom.models import Suppression

pytestmark = pytest.mark.django_db
ORDER = ["refused", "bounce", "request", "complaint", "erasure"]


@given(st.lists(st.sampled_from(ORDER), min_size=1, max_size=6))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_strictest_reason_stands_in_whatever_order_they_come(reasons) -> None:
    Suppression.objects.all().delete()
    index = list_index("one@example.org")
    for reason in reasons:
        Suppression.add(index, reason)
    assert Suppression.objects.get().reason == max(reasons, key=ORDER.index)


def test_stricter_reason_that_came_meanwhile_is_not_lifted() -> None:
    index = list_index("one@example.org")
    Suppression.add(index, "bounce")
    seen = Suppression.of(index)
    Suppression.add(index, "complaint")
    assert seen and not seen.lift("alive again")
    assert Suppression.objects.get().reason == "complaint"
