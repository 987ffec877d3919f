"""When “later” is: what each choice means, as a day and an hour on the reader's own clock.

Pure: neither a clock nor the database is asked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from django.conf import settings
from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from newsroom.core.clock import months_after
from newsroom.core.languages import tag

HOUR = time(10)  # in the reader's zone: no clock is ever moved at that hour
ARTICLES = "articles"
ARTICLES_TO_READ = 5
# How long a browser waits for that whose articles nobody counts.
INSTEAD_OF_ARTICLES = timedelta(days=14)


@dataclass(frozen=True)
class Choice:
    """One answer to “Remind me later”: a form value, its label, which day it is seen from another.

    ``kind``: under which name it is counted.
    """

    value: str
    label: str | Promise
    day: Callable[[date], date]
    kind: str = ""

    def __str__(self) -> str:
        return self.kind or self.value


def _days(number: int) -> Callable[[date], date]:
    return lambda today: today + timedelta(days=number)


def month_after(day: date) -> date:
    return months_after(day, 1)


def year_after(day: date) -> date:
    """The 28th of February after the 29th."""
    return months_after(day, 12)


def _next(day_of_month: int, month: int | None = None) -> Callable[[date], date]:
    """The next such day that is not today."""

    def after(today: date) -> date:
        day = today.replace(day=day_of_month)
        if month:
            day = date(today.year, month, day_of_month)
            return day if day > today else year_after(day)
        return day if day > today else month_after(day)

    return after


SOON = [
    Choice("tomorrow", _("Tomorrow"), _days(1)),
    Choice("week", _("In a week"), _days(7)),
    Choice("month", _("In a month"), month_after),
    Choice("payday-25", _("On payday, the 25th"), _next(25)),
    Choice("payday-1", _("On payday, the 1st"), _next(1)),
    Choice(ARTICLES, _("After I have read five more articles"), lambda today: today),
]
# For how long a donor's browser shows no box is among these (ask_cookie.py).
FAR = [
    Choice("two-months", _("In two months"), _days(60)),
    Choice("quarter", _("In three months"), _days(91)),
    Choice("year", _("In a year"), _days(365)),
]
IN_MONTH = [
    Choice(f"month-{number}", name, _next(1, number), kind="in-month")
    for number, name in MONTHS.items()
]
BY_VALUE = {choice.value: choice for choice in (*SOON, *FAR, *IN_MONTH)}


def at(day: date, zone: str) -> datetime:
    """The moment of that day at which a mail may come."""
    return datetime.combine(day, HOUR, ZoneInfo(zone)).astimezone(UTC)


def today_in(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


# --- Whose clock ----------------------------------------------------------------------------

OF_LANGUAGE = {
    "ru": "Europe/Moscow", "uk": "Europe/Kyiv", "de": "Europe/Berlin", "fr": "Europe/Paris",
    "es": "Europe/Madrid", "pl": "Europe/Warsaw", "fa": "Asia/Tehran", "ar": "Africa/Cairo",
}  # fmt: skip
ZONES = [
    "Pacific/Honolulu", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/Mexico_City", "America/New_York", "America/Havana", "America/Bogota",
    "America/Caracas", "America/Halifax", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
    "Atlantic/Reykjavik", "Africa/Lagos", "Africa/Johannesburg", "Africa/Cairo", "Africa/Nairobi",
    "Europe/London", "Europe/Lisbon", "Europe/Madrid", "Europe/Paris", "Europe/Berlin",
    "Europe/Warsaw", "Europe/Vilnius", "Europe/Kyiv", "Europe/Athens", "Europe/Istanbul",
    "Europe/Minsk", "Europe/Moscow", "Europe/Samara", "Asia/Jerusalem", "Asia/Baghdad",
    "Asia/Dubai", "Asia/Tehran", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Yekaterinburg",
    "Asia/Tashkent", "Asia/Almaty", "Asia/Karachi", "Asia/Kolkata", "Asia/Novosibirsk",
    "Asia/Bangkok", "Asia/Shanghai", "Asia/Vladivostok", "Asia/Tokyo", "Australia/Sydney",
    "Pacific/Auckland",
]  # fmt: skip
# CLDR keeps the names that these had first.
CLDR = {
    "Europe/Kyiv": "Europe/Kiev", "Asia/Kolkata": "Asia/Calcutta",
    "America/Argentina/Buenos_Aires": "America/Buenos_Aires",
}  # fmt: skip


def zone_of(language: str) -> str:
    """Where most of its readers are; for others, where the newsroom is."""
    return OF_LANGUAGE.get(language, settings.TIME_ZONE)


@cache
def zones(language: str) -> list[tuple[str, str]]:
    """All that can be chosen, each by a city of it; in the order of their names."""
    known = Locale.parse(tag(language), sep="-").time_zones
    named = [
        (zone, str(known.get(CLDR.get(zone, zone), {}).get("city") or _city(zone)))
        for zone in {*ZONES, settings.TIME_ZONE}
    ]
    return sorted(named, key=lambda one: one[1])


def _city(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
