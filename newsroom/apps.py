from django.apps import AppConfig
from django.conf import settings


class NewsroomConfig(AppConfig):
    name = "newsroom"
    verbose_name = "Newsroom"

    def ready(self) -> None:
        """What would only show when it is too late stops the start."""
        from newsroom.core import languages, paths  # noqa: F401 - registers <id:…> and <token:…>
        from newsroom.core.environment import start  # noqa: F401 - registers its check
        from newsroom.core.postgresql import base
        from newsroom.kept_pages import changes

        base.watchers.append(changes.watch)
        if languages.stale_catalogues():  # Babel takes a tenth of a second to load
            from newsroom.core import catalogues

            catalogues.compile_stale()
        if settings.SENTRY_DSN:
            from newsroom.metrics import error_reports

            error_reports.start(settings.SENTRY_DSN)
