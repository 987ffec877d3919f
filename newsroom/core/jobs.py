"""Queueing a job for the moment the transaction commits."""

from django.db import transaction

from newsroom.celery import app


def after_commit(task: str, *args: int | str) -> None:
    """Queue a task when the transaction commits, if the broker is there.

    It is named as Celery knows it, say "newsroom.tasks.send_mail": a room need not import what
    stands above it. A broker that is away must break no reader's request, and loses nothing: what
    the job is about stands in the database, where a beat job looks for it every few seconds.
    """

    def queue() -> None:  # Django logs a failing callback by its name, which a partial has not
        app.send_task(task, args)

    transaction.on_commit(queue, robust=True)
