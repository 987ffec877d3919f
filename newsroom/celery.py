"""The job engine, and the one place where the clock of the whole system is written down."""

import gc
import mmap
import os
import sys

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_shutting_down,
)
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

app = Celery("newsroom", task_cls="newsroom.closed.state:Job")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery would close the pool of connections before and after each job, with its threads, and the
# next would make all of that again. A job takes one and gives it back; one that no longer answers
# is replaced then (newsroom/core/postgresql).
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize


@task_prerun.connect
@task_postrun.connect
def _give_the_connection_back(task: Task, **kwargs: object) -> None:
    if not task.request.is_eager:
        close_old_connections()


@setup_logging.connect
def _use_djangos_logging(**kwargs: object) -> None:
    """Connected so that Celery leaves logging to the settings."""


@worker_init.connect
@beat_init.connect
def _keep_what_is_loaded(**kwargs: object) -> None:
    """What is there now stays to the end. Never looked at by the garbage collector again, it holds
    up no exit (some seconds, for a quarter of a million objects), and stays shared with the pool's
    processes (“gc.freeze”, Python's documents)."""
    gc.freeze()


_told_to_end: mmap.mmap | None = None


@worker_init.connect
def _share_a_byte(**kwargs: object) -> None:
    """Of anonymous memory, which the pool's processes have in common with their parent."""
    global _told_to_end
    _told_to_end = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def _tell_the_pool(**kwargs: object) -> None:
    if _told_to_end:
        _told_to_end[0] = 1


def ending() -> bool:
    """Has this worker been told to end? What lasts asks between two steps, and leaves the rest to
    the next worker: a deployment waits for it."""
    return bool(_told_to_end and _told_to_end[0])


QUEUES = ["default", "stripe", "transactional", "mail", "events"]

# Jobs only look at what the database says is due, so running late, twice or on two beats
# at once does no harm. (Set, and never read here: that would load the settings, and the plain page
# of a closed newsroom has none.)
app.conf.beat_schedule = {
    "start send loops": {"task": "subscriptions.tasks.start_send_loops", "schedule": 5.0},
    "reconcile batches": {"task": "subscriptions.tasks.reconcile_batches", "schedule": 5.0},
    "follow the provider's events": {
        "task": "subscriptions.tasks.follow_events",
        "schedule": 5.0,
        "options": {"expires": 4},  # one that is at it takes what has come since, too
    },
    "keep the newsletters' hours": {"task": "subscriptions.tasks.keep_hours", "schedule": 15.0},
    "send waiting mails": {"task": "newsroom.tasks.send_waiting_mails", "schedule": 15.0},
    "after a restore": {
        "task": "newsroom.tasks.keep_hold",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "look at links": {"task": "subscriptions.tasks.look_at_links", "schedule": 60.0},
    # As the minute begins: an editor's “six o'clock” is not a minute past.
    "publish what is due": {"task": "newsroom.tasks.publish_scheduled", "schedule": crontab()},
    "make formats of pictures": {
        "task": "newsroom.tasks.make_formats_left_behind",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "count reads": {"task": "newsroom.tasks.count_reads", "schedule": 60.0},
    "send welcomes": {"task": "subscriptions.tasks.send_due_welcomes", "schedule": 60.0},
    "remind": {"task": "donations.tasks.send_due_reminders", "schedule": 60.0},
    "fold reader counts": {"task": "subscriptions.tasks.fold_reader_counts", "schedule": 600.0},
    "end pauses": {"task": "subscriptions.tasks.end_pauses", "schedule": crontab(minute="2")},
    "ask who is silent": {
        "task": "subscriptions.tasks.keep_sunset",
        "schedule": crontab(hour="4", minute="30"),
    },
    "count segments": {"task": "subscriptions.tasks.count_segments", "schedule": 60.0},
    "check reader counts": {
        "task": "subscriptions.tasks.check_reader_counts",
        "schedule": crontab(hour="3", minute="15"),
    },
    "retry Stripe events": {"task": "donations.tasks.retry_events", "schedule": 30.0},
    "carry out refunds": {"task": "donations.tasks.carry_out_refunds", "schedule": 60.0},
    "watch for card testing": {
        "task": "donations.tasks.watch_for_card_testing",
        "schedule": 60.0,
    },
    "look over what came": {
        "task": "donations.tasks.look_over_what_came",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "post statements": {
        "task": "donations.tasks.post_statements",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "learn payment methods": {
        "task": "donations.tasks.learn_payment_methods",
        "schedule": 900.0,
    },
    "put products": {"task": "donations.tasks.put_products", "schedule": 3600.0},
    "catch up with Stripe": {
        "task": "donations.tasks.catch_up_with_stripe",
        "schedule": crontab(minute="20"),
    },
    "follow Stripe's balance": {
        "task": "donations.tasks.follow_stripes_balance",
        "schedule": crontab(minute="25"),
    },
    "check the books": {
        "task": "donations.tasks.check_books",
        "schedule": crontab(hour="4", minute="10"),
    },
    "keep imports going": {
        "task": "subscriptions.tasks.keep_imports_going",
        "schedule": 60.0,
    },
    "forget imports": {"task": "subscriptions.tasks.forget_imports", "schedule": 3600.0},
    "keep how often the ask was shown": {
        "task": "donations.tasks.keep_how_often_the_ask_was_shown",
        "schedule": crontab(minute="50"),
    },
    "tell donors ahead": {
        "task": "donations.tasks.tell_ahead",
        "schedule": crontab(hour="10", minute="0"),
    },
    "keep in touch with supporters": {
        "task": "donations.tasks.keep_in_touch",
        "schedule": crontab(hour="10", minute="5"),
    },
    "forget what is over": {
        "task": "newsroom.tasks.forget_what_is_over",
        "schedule": crontab(hour="3", minute="30"),
    },
    "forget uploads put aside": {
        "task": "newsroom.tasks.forget_uploads_put_aside",
        "schedule": crontab(hour="4", minute="0"),
    },
    "verify the audit log": {
        "task": "newsroom.tasks.verify_audit_log",
        "schedule": crontab(hour="4", minute="10"),
    },
    "clean up sessions": {
        "task": "newsroom.tasks.clear_sessions",
        "schedule": crontab(hour="3", minute="40"),
    },
} | {
    # That each queue is worked on, and that the beat beats: newsroom/measures.py.
    f"tick in {queue}": {
        "task": "newsroom.tasks.tick",
        "args": [queue],
        "schedule": 60.0,
        "options": {"queue": queue, "expires": 50},
    }
    for queue in QUEUES
}
