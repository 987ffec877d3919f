"""How far a mailing is, for the desk to show each second."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from newsroom.mail import providers
from subscriptions.models import Batch, Mailing, Newsletter, ReaderImport, Throttle
from subscriptions.sending import subject_test, warm_up

MOST_SHOWN = 20  # calls to review
MOST_ERRORS = 5


@dataclass(frozen=True)
class SubjectTest:
    """How the subjects did so far; which one the rest gets, or would get if it stays so."""

    results: list[subject_test.VariantResult]
    verdict: subject_test.Verdict
    chosen: int | None

    @property
    def best(self) -> float:
        """Clicks per 100 mails."""
        return max(result.per_100 for result in self.results) or 1

    @property
    def rows(self) -> list[tuple[subject_test.VariantResult, bool]]:
        """Each subject, and whether it was chosen for the rest."""
        return [(result, place == self.chosen) for place, result in enumerate(self.results)]

    @property
    def leader(self) -> str:
        return self.results[self.verdict.place].subject


@dataclass(frozen=True)
class WarmUp:
    """Of the readers who came by an import."""

    steps: list[int]
    step: int = 0  # the last one released
    next_at: datetime | None = None  # None: it is still going out
    imports: list[ReaderImport] = field(default_factory=list)  # what to look at, when it stopped

    @property
    def readers(self) -> int:
        return sum(self.steps)

    @property
    def in_step(self) -> int:
        return self.steps[self.step - 1] if self.step else 0

    @property
    def hours(self) -> int:
        """Between its first step and its last, besides the time that sending takes."""
        return round((len(self.steps) - 1) * warm_up.PAUSE / timedelta(hours=1))


@dataclass(frozen=True)
class Progress:
    """Numbers of readers, unless they say something else."""

    mailing: Mailing
    accepted: int
    excluded: int  # they left meanwhile
    rejected: int
    in_flight: int
    in_doubt: int  # those that need review, too
    share: int  # of the audience that is behind us, in per cent
    rate: int  # a second: now while it goes, on average afterwards
    left: str | None  # the time, in words
    errors: list[dict[str, Any]]  # each with its calls and their readers
    failures: list[dict[str, Any]]  # each kind with its readers
    test: SubjectTest | None
    warm_up: WarmUp | None
    preparing: bool
    canary: bool  # it is out, the rest waits
    waits_for_reconciling: bool

    @property
    def moving(self) -> bool:
        return self.preparing or self.mailing.status == Mailing.Status.SENDING

    @property
    def testing(self) -> bool:
        return bool(self.test and self.test.chosen is None)

    @property
    def state(self) -> str:
        if self.preparing:
            return "Being prepared"
        if self.canary:
            return "The canary is out"
        if self.moving and self.testing:
            return "Trying the subjects"
        if self.moving and self.warm_up and self.warm_up.step:
            return f"Warm-up, step {self.warm_up.step} of {len(self.warm_up.steps)}"
        return self.mailing.get_status_display()

    @property
    def batches_to_review(self) -> Any:
        waiting = self.mailing.batches.filter(status=Batch.Status.NEEDS_REVIEW)
        return waiting.order_by("seq")[:MOST_SHOWN]


def progress_of(mailing: Mailing) -> Progress:
    numbers, now = mailing.progress(), timezone.now()
    sending = mailing.status == Mailing.Status.SENDING
    audience = mailing.audience or 0
    done = numbers["accepted"] + numbers["excluded"] + numbers["rejected"]
    in_doubt = numbers["in_doubt"] + numbers["needs_review"]
    waits = mailing.step < len(mailing.steps)  # longer than sending takes
    rate = speed_now() if sending else average(mailing, numbers["accepted"])
    return Progress(
        mailing=mailing,
        accepted=numbers["accepted"],
        excluded=numbers["excluded"],
        rejected=numbers["rejected"],
        in_flight=numbers["sending"],
        in_doubt=in_doubt,
        share=min(done * 100 // audience, 100) if audience else 0,
        rate=rate,
        left=in_words((audience - done) / rate) if sending and rate and not waits else None,
        errors=errors_of(mailing),
        failures=failures_of(mailing),
        test=test_of(mailing) if mailing.subjects else None,
        warm_up=warm_up_of(mailing) if mailing.steps else None,
        preparing=mailing.is_due(now),
        canary=bool(sending and not mailing.subjects and mailing.rest_at and mailing.rest_at > now),
        waits_for_reconciling=in_doubt > 0
        and Batch.objects.with_too_many_in_doubt().filter(mailing=mailing).exists(),
    )


def warm_up_of(mailing: Mailing) -> WarmUp:
    stopped = mailing.status == Mailing.Status.PAUSED and mailing.step
    imports = ReaderImport.objects.not_mailed().filter(newsletter=mailing.newsletter_id)
    return WarmUp(
        mailing.steps, mailing.step, warm_up.next_at(mailing), list(imports) if stopped else []
    )


def foreseen(newsletter: Newsletter, audience: int) -> WarmUp | None:
    """That of an issue to so many."""
    steps = warm_up.foreseen(newsletter, audience)
    return WarmUp(steps) if steps else None


def average(mailing: Mailing, accepted: int) -> int:
    """Readers a second, from the freeze to the end."""
    if mailing.frozen_at is None:
        return accepted
    seconds = ((mailing.finished_at or timezone.now()) - mailing.frozen_at).total_seconds()
    return round(accepted / seconds) if seconds >= 1 else accepted


def speed_now() -> int:
    throttle = Throttle.objects.filter(pk=providers.current().key).first()
    return throttle.speed_at(timezone.now()) if throttle else 0


def in_words(seconds: float) -> str:
    if seconds < 60:
        return "under a minute"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def errors_of(mailing: Mailing) -> list[dict[str, Any]]:
    """What keeps calls from being taken, for the most readers first."""
    over = [Batch.Status.SPLIT, Batch.Status.ACCEPTED]
    said: Any = mailing.batches.exclude(error="").exclude(status__in=over).values("error")
    counted = said.annotate(calls=Count("pk"), readers=Sum("size"))
    return list(counted.order_by("-readers")[:MOST_ERRORS])


def failures_of(mailing: Mailing) -> list[dict[str, Any]]:
    kinds: Any = mailing.failures.values("kind")
    return list(kinds.annotate(readers=Count("pk")).order_by("kind"))


def test_of(mailing: Mailing) -> SubjectTest:
    results = subject_test.results(mailing)
    return SubjectTest(results, subject_test.verdict(results), mailing.chosen)
