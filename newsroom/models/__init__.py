"""What newsroom keeps: articles, pages, pictures, single mails, suppressed addresses.

Uses core.
Begin with article/page.py.
"""

from newsroom.hold.models import Hold, RunMark
from newsroom.kept_pages.untold import UntoldChange

from .addressed import AddressedPage, readable
from .article import (
    Approval,
    ArticleByline,
    ArticlePage,
    ArticleTag,
    Correction,
    Kind,
    LiveBlog,
    LiveEntry,
    RelatedArticle,
    SearchEntry,
    Stopped,
    WhoPublishes,
)
from .asked import Asked
from .attachment import Attachment
from .author import Author
from .front import Box
from .image import CreditedImage, CreditedRendition
from .masthead import Masthead
from .pages import HomePage, PolicyPage, SectionPage, TextPage
from .preview_link import PreviewLink
from .reads import DailyReads
from .series import Series
from .suppression import Suppression, SuppressionLift
from .transactional_mail import TransactionalMail

__all__ = [
    "AddressedPage",
    "Approval",
    "ArticleByline",
    "ArticlePage",
    "ArticleTag",
    "Asked",
    "Attachment",
    "Author",
    "Box",
    "Correction",
    "CreditedImage",
    "CreditedRendition",
    "DailyReads",
    "Hold",
    "HomePage",
    "Kind",
    "LiveBlog",
    "LiveEntry",
    "Masthead",
    "PolicyPage",
    "PreviewLink",
    "RelatedArticle",
    "RunMark",
    "SearchEntry",
    "SectionPage",
    "Series",
    "Stopped",
    "Suppression",
    "SuppressionLift",
    "TextPage",
    "TransactionalMail",
    "UntoldChange",
    "WhoPublishes",
    "readable",
]
