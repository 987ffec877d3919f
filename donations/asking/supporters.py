"""Who gives already is not asked: the question that every mail that asks puts when it is sent."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from donations.models import Contribution, Donor, DonorAddress, RecurringContribution
from newsroom.core.database import keyset
from newsroom.core.privacy import giving_index, list_index

A_YEAR = timedelta(days=365)
NOW_AND_ON = datetime.max.replace(tzinfo=UTC)  # something is on its way, or promised without an end


def last_given(people: Mapping[bytes, Collection[int]]) -> dict[bytes, datetime]:
    """Of many addresses at once: when the last gift that arrived was begun by the person whose it
    is (if it is nobody's now, whose it was), ``NOW_AND_ON`` if they support us at this moment. Who
    never gave is not in it."""
    donors = {pk for theirs in people.values() for pk in theirs}
    last: dict[int, datetime] = dict(
        Contribution.objects.filter(donor__in=donors, status__in=Contribution.ARRIVED)
        .order_by()
        .values_list("donor")
        .annotate(Max("created_at"))
    )
    under_way = Contribution.objects.filter(
        donor__in=donors, status=Contribution.Status.PROCESSING
    ).values_list("donor", flat=True)
    promised = RecurringContribution.objects.going().filter(donor__in=donors)
    last |= dict.fromkeys([*under_way, *promised.values_list("donor", flat=True)], NOW_AND_ON)
    gave = {index: [last[pk] for pk in theirs if pk in last] for index, theirs in people.items()}
    return {index: max(moments) for index, moments in gave.items() if moments}


def people(indexes: Collection[bytes]) -> dict[bytes, list[int]]:
    """As ``Donor.objects.of_address``, for many."""
    found: dict[bytes, list[int]] = {}

    def note(rows: Iterable[tuple[bytes, int]]) -> None:
        for index, pk in rows:
            found.setdefault(bytes(index), []).append(pk)

    now = Donor.objects.filter(email_index__any_of=list(indexes))
    note(now.values_list("email_index", "pk"))
    nobodys = [index for index in indexes if index not in found]
    if nobodys:
        once = DonorAddress.objects.filter(email_index__any_of=nobodys)
        note(once.values_list("email_index", "donor_id"))
    return found


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
    promised = RecurringContribution.objects.going().filter(donor=OuterRef("pk"))
    support_us = Donor.objects.filter(Exists(arrived) | Exists(promised))
    if emails is None:
        return {list_index(donor.email) for donor in keyset(support_us.only("email"))}
    by_index = {giving_index(email): email for email in emails}
    found = support_us.filter(email_index__any_of=list(by_index))
    indexes = found.values_list("email_index", flat=True)
    return {list_index(by_index[bytes(index)]) for index in indexes}
