"""What to read on."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import Case, When
from wagtail.models import Page

from newsroom.kept_pages import noting
from newsroom.models.addressed import readable

if TYPE_CHECKING:
    from .page import ArticlePage

SHOWN = 3
LOOKED_AT = 10  # of the same topics: some may be private
TOO_COMMON = 5000  # articles; a topic of more tells nothing
BY_TOPICS = """
SELECT article.page_ptr_id
FROM (
    SELECT tag_id, 1 / ln(1 + count(*)) AS weight
    FROM newsroom_articletag WHERE tag_id = ANY(%(topics)s)
    GROUP BY tag_id HAVING count(*) BETWEEN 2 AND %(most)s
) AS topic
JOIN newsroom_articletag AS tagged USING (tag_id)
JOIN newsroom_articlepage AS article ON article.page_ptr_id = tagged.content_object_id
JOIN wagtailcore_page AS page ON page.id = article.page_ptr_id
WHERE page.live AND page.id IS DISTINCT FROM %(own)s
    AND tagged.tag_id = ANY(%(topics)s)  -- tells PostgreSQL how few: else it reads all articles
GROUP BY article.page_ptr_id
ORDER BY sum(topic.weight) DESC, article.published_at DESC, article.page_ptr_id DESC
LIMIT %(limit)s
"""


def related_to(article: "ArticlePage") -> list["ArticlePage"]:
    """What the editors chose; filled up with what shares most topics, rare ones before common ones
    and new articles before old ones; then with the section's newest."""
    chosen = [link.article_id for link in article.related_articles.all()]
    noting.shows(chosen)  # one that is not out yet will be
    articles = apps.get_model("newsroom", "ArticlePage").objects  # page.py imports this module
    others = readable(articles).as_teasers().exclude(pk=article.pk)
    places = [*chosen, *by_topics(article)]
    found = in_order(others, places) if places else []
    if len(found) < SHOWN:
        section, shown = article.path[: -Page.steplen], [one.pk for one in found]
        newest = others.filter(path__startswith=section, depth=article.depth).exclude(pk__in=shown)
        found += newest.order_by("-published_at", "-pk")[: SHOWN - len(found)]
    return found


def in_order(articles: Any, places: list[int]) -> list["ArticlePage"]:
    place = Case(*(When(pk=pk, then=n) for n, pk in enumerate(places)))
    return list(articles.filter(pk__in=places).order_by(place)[:SHOWN])


def by_topics(article: "ArticlePage") -> list[int]:
    if not article.topics:
        return []
    about = {"topics": article.topics, "own": article.pk, "most": TOO_COMMON, "limit": LOOKED_AT}
    with connection.cursor() as cursor:
        cursor.execute(BY_TOPICS, about)
        return [pk for (pk,) in cursor.fetchall()]
