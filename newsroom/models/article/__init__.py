"""Articles: the page (page.py), which in which order, when each goes live, and who says so."""

from .approval import Approval, Stopped, WhoPublishes
from .page import ArticleByline, ArticlePage, ArticleTag, Correction, RelatedArticle

__all__ = [
    "Approval",
    "ArticleByline",
    "ArticlePage",
    "ArticleTag",
    "Correction",
    "RelatedArticle",
    "Stopped",
    "WhoPublishes",
]
