"""How often the ask was shown: from what the web processes count into rows that last."""

from collections import Counter
from datetime import date, datetime, timedelta

from django.db.models import Sum

from donations.models import AskShown
from newsroom.metrics import requests

DAYS = 3  # that are looked at again: Redis holds them for longer


def keep(now: datetime) -> None:
    """Each hour. A number never goes down: Redis may have been emptied meanwhile."""
    for day in (now.date() - timedelta(days=ago) for ago in range(DAYS)):
        by_place: Counter[str] = Counter()
        for variant, times in requests.shown_on(day).items():
            by_place[variant.split(" ")[0]] += times
        known = dict(AskShown.objects.filter(on=day).values_list("place", "times"))
        rows = [
            AskShown(on=day, place=place, times=max(times, known.get(place, 0)))
            for place, times in sorted(by_place.items())
        ]
        AskShown.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["on", "place"], update_fields=["times"]
        )


def since(day: date) -> int:
    """Until today (the hook “asks_shown”)."""
    found: int = AskShown.objects.filter(on__gte=day).aggregate(sum=Sum("times"))["sum"] or 0
    return found
