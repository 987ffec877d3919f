"""Which backups stay: of each of the last days, weeks and months that have one, the newest."""

from collections.abc import Callable, Iterable
from datetime import datetime

DAYS, WEEKS, MONTHS = 7, 4, 12

PERIODS: list[tuple[Callable[[datetime], tuple[int, ...]], int]] = [
    (lambda moment: (moment.year, moment.month, moment.day), DAYS),
    (lambda moment: moment.isocalendar()[:2], WEEKS),
    (lambda moment: (moment.year, moment.month), MONTHS),
]


def kept(made: Iterable[datetime]) -> set[datetime]:
    """Without a clock: if no new ones come, none of the old ones goes."""
    newest_first = sorted(made, reverse=True)
    stay = set()
    for period_of, most in PERIODS:
        newest: dict[tuple[int, ...], datetime] = {}
        for moment in newest_first:
            newest.setdefault(period_of(moment), moment)
        stay.update(list(newest.values())[:most])
    return stay
