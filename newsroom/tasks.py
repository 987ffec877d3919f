"""Housekeeping that Django and Wagtail offer as commands."""

from celery import shared_task
from django.core.management import call_command

from newsroom import reads


@shared_task
def publish_scheduled() -> None:
    """Publish and expire pages whose time has come."""
    call_command("publish_scheduled", verbosity=0)


@shared_task
def clear_sessions() -> None:
    call_command("clearsessions", verbosity=0)


@shared_task
def count_reads() -> None:
    reads.move_to_database()


@shared_task
def forget_old_reads() -> None:
    reads.forget_old()
