"""Articles: the page (page.py), which of them in which order, and when each goes live."""

from .correction import Correction
from .page import ArticleByline, ArticlePage, ArticleTag, RelatedArticle

__all__ = ["ArticleByline", "ArticlePage", "ArticleTag", "Correction", "RelatedArticle"]
