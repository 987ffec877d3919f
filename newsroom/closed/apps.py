from typing import Any

from celery.signals import beat_init, worker_init, worker_process_init
from django.apps import AppConfig


class ClosedConfig(AppConfig):
    name = "newsroom.closed"
    label = "closed"
    verbose_name = "Closed"

    def ready(self) -> None:
        """Celery's processes look whether their keys have to go; the web's do by asgi.py."""
        from newsroom.closed import watch

        def alone(**kwargs: Any) -> None:
            watch.begin(watch.anywhere)

        def before_fork(**kwargs: Any) -> None:
            watch.begin(watch.here)

        worker_process_init.connect(alone, weak=False)
        beat_init.connect(alone, weak=False)
        worker_init.connect(before_fork, weak=False)
