"""``manage.py makemessages``: Django's, by Babel, for every language that we have."""

from typing import Any

from django.core.management.base import BaseCommand

from newsroom.core import catalogues, languages


class Command(BaseCommand):
    help = "Write what code and templates mark for translation into locale/."

    def handle(self, *args: Any, **options: Any) -> None:
        template = catalogues.gathered()
        for language in languages.translated():
            catalogues.update(language, template)
            catalogue = catalogues.read(languages.catalogue_of(language))
            empty = sum(not any(one.string or "") for one in catalogue if one.id)
            self.stdout.write(f"{language}: {len(catalogue)} texts, {empty} to translate")
