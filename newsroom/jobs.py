"""Queueing a job for the moment the transaction commits."""

from typing import Any

from django.db import transaction


def after_commit(task: Any, *args: int | str) -> None:
    """Queue ``task`` when the transaction commits, if the broker is there.

    A broker that is away must break no reader's request, and loses nothing: what the job is
    about stands in the database, where a beat job looks for it every few seconds.
    """

    def queue() -> None:  # Django logs a failing callback by its name, which a partial has not
        task.delay(*args)

    transaction.on_commit(queue, robust=True)
