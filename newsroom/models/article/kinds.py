"""What kind of article it is: readers are told wherever it could be taken for news."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    NEWS = "news", _("News")
    FEATURE = "feature", _("Feature")
    ANALYSIS = "analysis", _("Analysis")
    OPINION = "opinion", _("Opinion")
    INTERVIEW = "interview", _("Interview")
    LIVE = "live", _("Live")
    OBITUARY = "obituary", _("Obituary")


SCHEMA_TYPES = {  # schema.org; all others are NewsArticle
    Kind.FEATURE: "ReportageNewsArticle",
    Kind.ANALYSIS: "AnalysisNewsArticle",
    Kind.OPINION: "OpinionNewsArticle",
    Kind.LIVE: "LiveBlogPosting",
}
