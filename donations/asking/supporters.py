"""Who gives already is not asked: the question that every mail that asks puts when it is sent."""

from datetime import datetime

from django.db.models import Q

from donations.models import Contribution, Donor, RecurringContribution


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
