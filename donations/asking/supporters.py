"""Who gives already is not asked: the question that every mail that asks puts when it is sent."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from donations.models import Contribution, Donor, RecurringContribution
from newsroom.core.database import keyset
from newsroom.core.privacy import giving_index, list_index

A_YEAR = timedelta(days=365)


def supports(email_index: bytes, since: datetime) -> bool:
    """Has the person of that address begun a gift after ``since`` that arrived, is one on its way,
    or do they give regularly, with no end in sight? By whatever address of theirs."""
    people = Donor.objects.of_address(email_index)
    began = Q(status__in=Contribution.ARRIVED, created_at__gte=since)
    gifts = Contribution.objects.filter(began | Q(status=Contribution.Status.PROCESSING))
    promises = RecurringContribution.objects.filter(
        status__in=RecurringContribution.GOING, cancels_at=None
    )
    return gifts.filter(donor__in=people).exists() or promises.filter(donor__in=people).exists()


def of_the_list(emails: Collection[str] | None = None) -> set[bytes]:
    """Who supports us, by the index that their address has as a reader's (``list_index``): they
    give regularly, or something has arrived that was begun within a year. ``emails``: only those of
    them whose addresses these are; None: all.

    By their newest address. The two indexes of a person have nothing in common, so addresses are
    opened: the caller's, or all of theirs.
    """
    arrived = Contribution.objects.filter(
        donor=OuterRef("pk"),
        status__in=Contribution.ARRIVED,
        created_at__gte=timezone.now() - A_YEAR,
    )
    promised = RecurringContribution.objects.filter(
        donor=OuterRef("pk"), status__in=RecurringContribution.GOING, cancels_at=None
    )
    people = Donor.objects.filter(Exists(arrived) | Exists(promised))
    if emails is None:
        return {list_index(donor.email) for donor in keyset(people.only("email"))}
    by_index = {giving_index(email): email for email in emails}
    found = people.filter(email_index__any_of=list(by_index))
    indexes = found.values_list("email_index", flat=True)
    return {list_index(by_index[bytes(index)]) for index in indexes}
