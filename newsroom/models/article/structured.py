"""A published article for machines (schema.org)."""

from typing import TYPE_CHECKING, Any

from newsroom.core.languages import OWN, addresses_below
from newsroom.models.masthead import Masthead
from newsroom.web.http import absolute_url

from .kinds import SCHEMA_TYPES, Kind

if TYPE_CHECKING:
    from .page import ArticlePage


def structured_data(article: "ArticlePage", masthead: Masthead) -> dict[str, Any]:
    """At its one address."""
    publisher = {"@type": "NewsMediaOrganization", "name": masthead.name}
    authors = [byline.author for byline in article.bylines.all()]
    pictures = article.lead_image.shown("shared") if article.lead_image else []
    with addresses_below("/"):
        return {
            "@context": "https://schema.org",
            "@type": SCHEMA_TYPES.get(Kind(article.kind), "NewsArticle"),
            "headline": article.title,
            "description": article.teaser,
            "url": article.full_url,
            "mainEntityOfPage": article.full_url,
            "image": [picture.full_url for picture in pictures],
            "inLanguage": OWN,
            "articleSection": article.section.title,
            "datePublished": article.shown_at.isoformat() if article.shown_at else None,
            "dateModified": article.changed_at.isoformat() if article.changed_at else None,
            "isAccessibleForFree": True,
            "author": [
                {"@type": "Person", "name": one.name, "url": absolute_url("author", one.slug)}
                for one in authors
            ]
            or publisher,
            "publisher": publisher,
        }
