"""Segments: a part of a newsletter's readers, by a saved rule. An issue may go to one."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from newsroom.core import languages

from .reader_tag import ReaderTag

if TYPE_CHECKING:
    from .subscriber import SubscriptionQuerySet

GROWN = 10  # times as large as when it was chosen: then somebody looks first
# Of supporters, fewer are not told apart, and more are counted in steps of as many: a narrow rule
# would tell who gives, and so would the difference between two wide ones.
FEW = 10
STALE = timedelta(minutes=10)


class SegmentQuerySet(models.QuerySet["Segment"]):
    def offered(self) -> "SegmentQuerySet":
        return self.filter(archived=False)

    def due(self, now: datetime) -> "SegmentQuerySet":
        """To be counted: asked for, or of an issue that is not on its way yet and counted a while
        ago."""
        asked = Q(counted_at=None) | Q(count_again=True)
        stale = Q(counted_at__lt=now - STALE)
        today = timezone.localdate(now) - timedelta(days=1)
        coming = Q(issues__live=False, issues__issue_on__gte=today)
        return self.filter(asked | (stale & coming)).distinct()


class Segment(models.Model):  # type: ignore[django-manager-missing]
    """A rule, and how many readers it found last. It is never changed, so that what was approved
    stays what it was, and never deleted, so that no issue goes to everybody in its place: another
    one is made, this one is put away.

    Who supports us is not in here, and in no row: it is looked up when it is asked.
    """

    class Supporter(models.TextChoices):
        ANYBODY = "", "everybody"
        YES = "yes", "who supports us"
        NO = "no", "who does not"

    newsletter = models.ForeignKey(
        "subscriptions.Newsletter", on_delete=models.CASCADE, related_name="segments"
    )
    name = models.CharField(max_length=80)
    sources = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    confirmed_from = models.DateField(null=True, blank=True)
    confirmed_until = models.DateField(null=True, blank=True)
    supporter = models.CharField(max_length=3, choices=Supporter, default="", blank=True)
    created_on = models.DateField(default=timezone.localdate)
    archived = models.BooleanField(default=False)
    readers = models.PositiveIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    count_again = models.BooleanField(default=False)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "name"],
                condition=Q(archived=False),
                name="one_segment_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return f"{self.newsletter.title}: {self.name}"

    def narrow(self, found: "SubscriptionQuerySet") -> "SubscriptionQuerySet":
        """Those of them that fit, but for who supports us (readers/audience.py)."""
        if self.sources:
            found = found.filter(source__in=self.sources)
        if self.confirmed_from:
            found = found.filter(confirmed_on__gte=self.confirmed_from)
        if self.confirmed_until:
            found = found.filter(confirmed_on__lte=self.confirmed_until)
        if self.languages:
            speak = Q(subscriber__language__in=self.languages)
            if self.newsletter.language in self.languages:
                speak |= Q(subscriber__language="")
            found = found.filter(speak)
        if self.countries:
            found = found.filter(subscriber__country__in=self.countries)
        if self.tags:
            tagged = ReaderTag.objects.filter(subscriber=OuterRef("subscriber"), name__in=self.tags)
            found = found.filter(Exists(tagged))
        return found

    def counts(self, readers: int) -> int:
        """As it is kept and shown."""
        return readers - readers % FEW if self.supporter else readers

    def stops(self, readers: int | None, chosen: int | None) -> str:
        """Why no issue goes to so many, when there were ``chosen`` of them when it was chosen; ""
        when nothing is odd."""
        if readers is None:
            return f"“{self.name}” is being counted. Look again in a minute."
        if self.supporter and readers < FEW:
            return f"“{self.name}” has fewer than {FEW} readers: nobody is to see who gives."
        if not readers:
            return f"“{self.name}” has no reader now."
        if chosen is not None and readers > GROWN * max(chosen, 1):
            return (
                f"“{self.name}” has {readers:,} readers; when it was chosen there were {chosen:,}. "
                "If that is right, save the issue without it, then choose it again."
            )
        return ""

    @property
    def shown(self) -> str:
        """How many, in words."""
        if self.readers is None:
            return "being counted"
        if self.supporter and self.readers < FEW:
            return f"fewer than {FEW}"
        return f"about {self.readers:,}" if self.supporter else f"{self.readers:,}"

    @property
    def rule(self) -> list[str]:
        """What it asks for, in words."""
        said = []
        if self.sources:
            said.append(
                f"came by {' or '.join(one or 'what was not noted' for one in self.sources)}"
            )
        if self.languages:
            said.append(f"read in {' or '.join(languages.NAMES[one] for one in self.languages)}")
        if self.countries:
            named = languages.countries("en")
            told = " or ".join(named[one] for one in self.countries)
            said.append(f"told us that they live in {told}")
        if self.confirmed_from:
            said.append(f"confirmed on {self.confirmed_from:%-d %B %Y} or later")
        if self.confirmed_until:
            said.append(f"confirmed on {self.confirmed_until:%-d %B %Y} or before")
        if self.tags:
            said.append(f"tagged {' or '.join(self.tags)}")
        if self.supporter:
            said.append(
                "supports us" if self.supporter == self.Supporter.YES else "does not support us"
            )
        return said
