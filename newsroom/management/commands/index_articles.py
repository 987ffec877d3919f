"""``manage.py index_articles``: what the search knows of each article, and its reading time."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from newsroom.core.database import keyset
from newsroom.models import ArticlePage, SearchEntry
from newsroom.models.article import words


class Command(BaseCommand):
    help = (
        "Index all articles for the readers' search: after a change of SITE_LANGUAGE, or of how "
        "words are found. Safe to run again, and while people write and search."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for pk in (one.pk for one in keyset(ArticlePage.objects.only("pk").order_by("pk"))):
            number += 1
            with transaction.atomic():
                article = ArticlePage.objects.select_for_update(of=("self",)).filter(pk=pk).first()
                if article is None:  # deleted meanwhile
                    continue
                SearchEntry.write(article)
                minutes = words.minutes(article.plain_text)
                if article.reading_minutes != minutes:
                    ArticlePage.objects.filter(pk=pk).update(reading_minutes=minutes)
        self.stdout.write(f"{number} articles.")
