"""Articles: the page (page.py), which of them in which order, and when each goes live."""

from .correction import Correction
from .kinds import Kind
from .live import LiveBlog, LiveEntry
from .page import ArticleByline, ArticlePage, ArticleTag, RelatedArticle
from .search_entry import SearchEntry

__all__ = [
    "ArticleByline",
    "ArticlePage",
    "ArticleTag",
    "Correction",
    "Kind",
    "LiveBlog",
    "LiveEntry",
    "RelatedArticle",
    "SearchEntry",
]
