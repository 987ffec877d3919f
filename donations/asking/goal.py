"""How far an appeal has come towards its goal."""

from dataclasses import dataclass

from django.core.cache import cache

from donations.models import Appeal, Contribution

COUNTED_FOR = 300  # seconds; a page is kept as long


@dataclass(frozen=True)
class Goal:
    gave: int
    goal: int

    @property
    def shown(self) -> int:
        """On a scale that ends at the goal."""
        return min(self.gave, self.goal)


def goal_of(appeal: Appeal) -> Goal | None:
    if not appeal.goal:
        return None
    gave = cache.get_or_set(f"appeal gave {appeal.pk}", lambda: count(appeal), COUNTED_FOR)
    return Goal(gave or 0, appeal.goal)


def count(appeal: Appeal) -> int:
    """Presses of “Continue” whose money has arrived: what recurs is one."""
    arrived = Contribution.objects.filter(appeal=appeal.pk, status__in=Contribution.ARRIVED)
    return arrived.values("checkout").exclude(checkout=None).distinct().count()
