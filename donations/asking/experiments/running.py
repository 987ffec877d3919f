"""To begin an experiment, and to end it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from donations.models import Appeal, Experiment, Variant
from donations.models.asking.experiment import FEWEST, MOST, fingerprint


class NotPossible(Exception):
    """With words for an editor."""


def day(at: datetime) -> str:
    return date_format(timezone.localtime(at))


def as_it_would_run(appeal: Appeal) -> Appeal:
    """A draft is published when it begins."""
    return appeal if appeal.live else appeal.get_latest_revision_as_object()


# What has to be the same, or something else is compared than what an editor meant.
SAME: dict[str, Callable[[Appeal], Any]] = {
    "are in different languages": lambda one: one.language,
    "stand on different sections, articles or topics": lambda one: {
        (only.page_id, only.topic_id) for only in one.asked_on.all()
    },
    "end at different times": lambda one: one.ends_at,
    "suggest amounts in different currencies": lambda one: one.currencies(),
    "are closed in different countries": lambda one: {
        country.pk for country in one.closed_in.all()
    },
}


def problems(experiment: Experiment, now: datetime) -> list[str]:
    """Why it can't begin; empty: it can."""
    appeals = [one.appeal for one in experiment.drawn()]
    if None in appeals or not FEWEST <= len(appeals) <= MOST:
        return [f"It needs {FEWEST} to {MOST} appeals; one of them was deleted, perhaps."]
    then = [as_it_would_run(one) for one in appeals if one]
    found = [
        f"The appeals {words}."
        for words, of in SAME.items()
        if any(of(one) != of(then[0]) for one in then[1:])
    ]
    for one in then:
        if one.starts_at > now:
            found.append(f"“{one}” begins only on {day(one.starts_at)}.")
        elif one.ends_at and one.ends_at <= now:
            found.append(f"“{one}” is over since {day(one.ends_at)}.")
        elif not one.places:
            found.append(f"“{one}” asks nowhere.")
    return found or _hidden_by(then[0], experiment)


def _hidden_by(first: Appeal, experiment: Experiment) -> list[str]:
    """Where the first would not be asked, nobody would see the others."""
    if first.asked_on.all():
        return []
    others = Appeal.objects.running().filter(language=first.language, asked_on=None)
    mine, theirs = (first.priority, first.starts_at), experiment.variants.values("appeal")
    return [
        f"“{one}” is asked in its place: it has a higher priority, or is newer than “{first}”."
        for one in others.exclude(pk__in=[found["appeal"] for found in theirs])
        if (one.priority, one.starts_at) > mine
    ][:1]


def begin(pk: int, user: Any, now: datetime) -> None:
    """Publishes what is a draft, and asks each reader by one of them from now on. Safe to call
    again. Raises NotPossible."""
    try:
        with transaction.atomic():
            experiment = Experiment.objects.select_for_update().get(pk=pk)
            if experiment.begun_at:
                raise NotPossible("It was begun before.")
            if found := problems(experiment, now):
                raise NotPossible(" ".join(found))
            for number, variant in enumerate(experiment.drawn()):
                assert variant.appeal_id
                appeal = Appeal.objects.get(pk=variant.appeal_id)
                if not appeal.live:
                    (appeal.get_latest_revision() or appeal.save_revision()).publish(user=user)
                    appeal.refresh_from_db()
                Variant.objects.filter(pk=variant.pk).update(
                    number=number, title=appeal.title, fingerprint=fingerprint(appeal)
                )
                experiment.language = appeal.language
            experiment.begun_at = now
            experiment.save(update_fields=["begun_at", "language"])
    except IntegrityError as error:
        if "one_running_experiment_per_language" not in str(error):
            raise
        raise NotPossible(
            "Another experiment with appeals in this language runs. Stop that one first: of two at "
            "once nobody could say which has brought what."
        ) from error


def stop(pk: int, goes_on: int, user: Any, now: datetime) -> None:
    """One of its appeals asks everybody from now on, the others are unpublished. Safe to call
    again; whoever was first has chosen. Raises NotPossible."""
    with transaction.atomic():
        experiment = Experiment.objects.select_for_update().get(pk=pk)
        variants = experiment.drawn()
        chosen = next((one for one in variants if one.pk == goes_on), None)
        if not experiment.runs:
            raise NotPossible("It runs no more.")
        if chosen is None or chosen.appeal is None:
            raise NotPossible("Please choose the appeal that goes on.")
        _end(experiment, f"{chosen} goes on.", now)
        for one in variants:
            if one.appeal and one.appeal.live and one is not chosen:
                one.appeal.unpublish(user=user)


def ends_without(appeal: Appeal, now: datetime) -> None:
    """Whoever unpublishes or deletes an appeal ends the experiment that it is in: its other
    appeals stand for themselves again, so that readers are asked by one of them."""
    running = Experiment.objects.filter(
        variants__appeal=appeal.pk, begun_at__isnull=False, ended_at=None
    )
    with transaction.atomic():
        for experiment in running.select_for_update(of=("self",)):
            _end(experiment, f"“{appeal}” was taken away.", now)


def _end(experiment: Experiment, why: str, now: datetime) -> None:
    assert experiment.begun_at
    experiment.ended_at, experiment.ended_why = max(now, experiment.begun_at), why[:200]
    experiment.save(update_fields=["ended_at", "ended_why"])


def spoilt(experiment: Experiment, now: datetime) -> list[str]:
    """What was done to its appeals while it ran, so that its numbers mean less."""
    if not experiment.runs:
        return []
    variants = experiment.drawn()
    found = _hidden_by(variants[0].appeal, experiment) if variants[0].appeal else []
    for one in variants:
        if one.appeal is None:
            continue
        if fingerprint(one.appeal) != one.fingerprint:
            found.append(
                f"{one} was changed after it began: what is counted for it is of two texts. Stop "
                "it, and begin a new one."
            )
        if one.appeal.ends_at and one.appeal.ends_at <= now:
            found.append(f"{one} is over since {day(one.appeal.ends_at)}: nobody is asked by it.")
    return found
