"""The appeal of a site that is made from nothing, and the step until readers can give."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from donations import money
from donations.currencies import OFFERED
from donations.models import Appeal, AppealAmounts, Frequency
from newsroom.first_steps.site import Answers, Part, Question
from newsroom.first_steps.steps import Step
from newsroom.models import HomePage

# For each frequency, how many times the least that one can give; the second is suggested.
TIMES = {Frequency.ONCE: (5, 15, 25, 50), Frequency.MONTHLY: (2, 5, 10, 25)}
TIMES[Frequency.ANNUAL] = (25, 50, 100, 250)


def is_offered(code: str) -> None:
    if code.lower() not in OFFERED:
        raise ValidationError(f"One of: {', '.join(OFFERED)}.")


QUESTIONS = [
    Question("currency", "For readers who give: a currency, such as “eur”", check=is_offered)
]


def part() -> Part:
    return Part(QUESTIONS, make)


def make(answers: Answers, home: HomePage) -> Iterator[str]:
    """Not running: nobody is asked for money in words that nobody has read."""
    if not answers["currency"]:
        return
    currency = answers["currency"].lower()
    words = _("Our reporting is free for everyone, and paid for by readers.")
    message = format_html("<p>{}</p>", words)
    appeal = Appeal.objects.create(title=_("Support us"), message=message, live=False)
    least, _most = money.bounds(currency)
    for frequency, times in TIMES.items():
        amounts = [money.plain(least * many, currency) for many in times]
        AppealAmounts.objects.create(
            appeal=appeal,
            currency=currency,
            frequency=frequency,
            amounts=" ".join(amounts),
            suggested=amounts[1],
        )
    yield f"An appeal in {currency.upper()}, for you to write and switch on"


def appeal() -> str:
    if Appeal.objects.running().exists():
        return ""
    return "None is running." if Appeal.objects.exists() else "There is none yet."


def place() -> str:
    found = Appeal.objects.first()
    return reverse("appeals:edit", args=[found.pk]) if found else reverse("appeals:add")


def steps() -> list[Step]:
    return [
        Step(
            "An appeal for support",
            "It stands below every article. Until one has begun, no page of yours asks for money.",
            appeal,
            place,
            "Write it",
            optional=True,
        )
    ]
