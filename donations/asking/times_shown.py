"""How often the ask was shown: from what the web processes count into rows that last. And how often
somebody pressed “Continue” below it, which a page tells without a script."""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, Sum
from redis import RedisError

from donations.models import AskShown
from newsroom.metrics import requests

KEY = ("place", "variant")
CONTINUED = "continue"  # stands where a place does
DAYS = 3  # that are looked at again: Redis holds them for longer


def keep(now: datetime) -> None:
    """Each hour. A number never goes down: Redis may have been emptied meanwhile."""
    for day in (now.date() - timedelta(days=ago) for ago in range(DAYS)):
        counted, rows = _counted(day), AskShown.objects.filter(on=day)
        known = {(place, of): times for place, of, times in rows.values_list(*KEY, "times")}
        AskShown.objects.bulk_create(
            [
                AskShown(
                    on=day, place=place, variant=of, times=max(times, known.get((place, of), 0))
                )
                for (place, of), times in sorted(counted.items())
            ],
            update_conflicts=True,
            unique_fields=["on", *KEY],
            update_fields=["times"],
        )


def _counted(day: date) -> Counter[tuple[str, int]]:
    """By place and variant of an experiment, as far as the web processes have said."""
    found: Counter[tuple[str, int]] = Counter()
    for word, times in requests.shown_on(day).items():
        place, variant, *_currency = word.split(" ")
        found[place, max(int(variant), 0)] += times
    return found


def of_variants(variants: Collection[int], now: datetime) -> dict[int, int]:
    """How often each was shown until now: what lasts, and what the last days have on top of it."""
    times: Counter[tuple[date, str, int]] = Counter()
    rows = AskShown.objects.filter(variant__in=variants).exclude(place=CONTINUED)
    for on, place, of, many in rows.values_list("on", *KEY, "times"):
        times[on, place, of] = many
    with suppress(RedisError):
        for day in (now.date() - timedelta(days=ago) for ago in range(DAYS)):
            for (place, of), many in _counted(day).items():
                times[day, place, of] = max(many, times[day, place, of])
    return {pk: sum(many for (*_, of), many in times.items() if of == pk) for pk in variants}


def since(day: date) -> int:
    """Until today (the hook “asks_shown”)."""
    rows = AskShown.objects.filter(on__gte=day).exclude(place=CONTINUED)
    found: int = rows.aggregate(sum=Sum("times"))["sum"] or 0
    return found


def note_continued(variant: int, now: datetime) -> None:
    """A form of this variant was sent for the first time: one more, whose nobody can tell."""
    row, _new = AskShown.objects.get_or_create(
        on=now.astimezone(UTC).date(), place=CONTINUED, variant=variant, defaults={"times": 0}
    )
    AskShown.objects.filter(pk=row.pk).update(times=F("times") + 1)


def continued_of(variants: Collection[int]) -> dict[int, int]:
    rows = AskShown.objects.filter(variant__in=variants, place=CONTINUED).order_by()
    return dict(rows.values_list("variant").annotate(Sum("times")))
