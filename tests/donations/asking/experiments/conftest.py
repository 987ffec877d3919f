from typing import Any

import pytest

from donations.asking.experiments import running
from donations.models import Experiment, Variant
from tests.factories import make_appeal, make_user


@pytest.fixture
def experiment(site: Any) -> Any:
    return planned("Please give", "Give now")


def planned(*titles: str, **fields: Any) -> Experiment:
    """Each as an appeal with a message of its own; the first is the oldest."""
    made = Experiment.objects.create(name="Words")
    for number, title in enumerate(titles):
        appeal = make_appeal(title=title, message=f"{title}, we need you.", **fields)
        Variant.objects.create(experiment=made, appeal=appeal, sort_order=number)
    return Experiment.objects.get(pk=made.pk)


def begun(experiment: Experiment, now: Any) -> Experiment:
    running.begin(experiment.pk, make_user("Finance"), now)
    return Experiment.objects.get(pk=experiment.pk)
