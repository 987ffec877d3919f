"""The Django project, the ground that all stand on, and publishing: docs/architecture.md."""

from .celery import app as celery_app

__all__ = ["celery_app"]
