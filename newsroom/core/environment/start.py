"""The start stops here when a setting is missing or wrong. ``manage.py`` asks by Django's own
checks, which ``keys``, ``doctor`` and a few others leave out; web, workers and beat by `refuse`."""

import os
from typing import Any

from celery.signals import beat_init, worker_init
from django.core import checks

from newsroom.core.environment.checks import problems, report


@checks.register(checks.Tags.security)
def settings_are_right(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(str(problem), hint=problem.how, id="newsroom.E001")
        for problem in problems(os.environ)
    ]


@worker_init.connect
@beat_init.connect
def refuse(**kwargs: Any) -> None:
    """Raises SystemExit, whose words are the report: no traceback around it."""
    if found := problems(os.environ):
        raise SystemExit(report(found))
