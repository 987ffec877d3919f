"""A gift that came without Stripe: written down by a person, with a receipt, and in the books."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from donations.books.booking import Entry, write
from donations.models import (
    Account,
    Appeal,
    Booking,
    Contribution,
    ContributionChange,
    GiftDocument,
    Movement,
    OfflineGift,
    Receipt,
    StripeRefund,
)
from donations.payments.mirror.contributions import on_first_arrival
from donations.payments.mirror.donors import donor_at

OWN = "offline"  # begins the ids that at Stripe would be Stripe's


def record(
    form_id: UUID,
    who: str,
    *,
    amount: int,
    currency: str,
    received_on: date,
    kind: str,
    email: str = "",
    name: str = "",
    appeal: Appeal | None = None,
    thank: bool = True,
    document: tuple[str, str] | None = None,
    **about: Any,
) -> OfflineGift:
    """``form_id``: the press; the same form pressed again finds the same gift. With an address the
    donor is who has it, and gets thanks with a receipt if ``thank``; without, only the name is
    kept, with the gift. ``document``: its name, and what is in it as base64."""
    pk = f"{OWN}_{form_id.hex}"
    at = timezone.make_aware(datetime.combine(received_on, time(12)))
    with transaction.atomic():
        donor = donor_at(email, name) if email else None
        label = str(OfflineGift.Kind(kind).label).lower()
        one, new = Contribution.objects.get_or_create(
            stripe_payment_intent=pk,
            defaults={
                "donor": donor, "appeal": appeal, "frequency": "once", "amount": amount,
                "currency": currency, "status": Contribution.Status.SUCCEEDED,
                "payment_method": label, "method": kind, "created_at": at, "received_at": at,
            },
        )  # fmt: skip
        if not new:
            return OfflineGift.objects.get(contribution=one)
        write([_entry(pk, currency, {Account.OFFLINE: amount, Account.DONATIONS: -amount}, at)])
        gift = OfflineGift.objects.create(
            contribution=one, booking=Booking.objects.get(kind=Booking.Kind.OFFLINE, reference=pk),
            kind=kind, name=name, who=who, **about,
        )  # fmt: skip
        if document:
            name_of_it, content = document
            GiftDocument.objects.create(gift=gift, name=name_of_it, content=content)
        Movement.book(one)
        ContributionChange.objects.create(contribution=one, status=one.status, note=label)
        if donor and thank:
            on_first_arrival(one)
        else:
            Receipt.issue(one, at)
        return gift


def give_back(gift: OfflineGift, amount: int, now: datetime) -> bool:
    """Some of it was given back by hand, or all of it was a mistake. False when so much is not
    left."""
    with transaction.atomic():
        one = Contribution.objects.select_for_update().get(pk=gift.contribution_id)
        if not 0 < amount <= one.left:
            return False
        pk = f"{one.stripe_payment_intent}_{one.stripe_refunds.count() + 1}"
        StripeRefund.objects.create(
            contribution=one, stripe_refund=pk, amount=amount, currency=one.currency,
            status="succeeded", created_at=now, went_at=now,
        )  # fmt: skip
        banked = OfflineGift.objects.filter(pk=gift.pk).exclude(bank_line=None).exists()
        where = Account.BANK if banked else Account.OFFLINE
        write([_entry(pk, one.currency, {Account.REFUNDS: amount, where: -amount}, now)])
        Movement.book(one)
        one.gave_back()
        return True


def _entry(pk: str, currency: str, posted: dict[Account, int], at: datetime) -> Entry:
    return Entry(Booking.Kind.OFFLINE, pk, currency, posted, at)
