"""Articles: the page (page.py), which in which order, when each goes live, and who says so."""

from .approval import Approval, Stopped, WhoPublishes
from .kinds import Kind
from .live import LiveBlog, LiveEntry
from .page import ArticlePage
from .parts import ArticleByline, ArticleTag, Correction, RelatedArticle
from .search_entry import SearchEntry

__all__ = [
    "Approval",
    "ArticleByline",
    "ArticlePage",
    "ArticleTag",
    "Correction",
    "Kind",
    "LiveBlog",
    "LiveEntry",
    "RelatedArticle",
    "SearchEntry",
    "Stopped",
    "WhoPublishes",
]
