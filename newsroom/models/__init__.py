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
    RelatedArticle,
    Stopped,
    WhoPublishes,
)
from .asked import Asked
from .attachment import Attachment
from .author import Author
from .image import CreditedImage, CreditedRendition
from .masthead import Masthead
from .pages import HomePage, PolicyPage, SectionPage, TextPage
from .preview_link import PreviewLink
from .reads import DailyReads
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
    "Correction",
    "CreditedImage",
    "CreditedRendition",
    "DailyReads",
    "Hold",
    "HomePage",
    "Masthead",
    "PolicyPage",
    "PreviewLink",
    "RelatedArticle",
    "RunMark",
    "SectionPage",
    "Stopped",
    "Suppression",
    "SuppressionLift",
    "TextPage",
    "TransactionalMail",
    "UntoldChange",
    "WhoPublishes",
    "readable",
]
