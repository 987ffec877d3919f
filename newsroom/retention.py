"""What newsroom keeps of people, and for how long: its rows of the table of retention, and of the
registry of personal data."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext_lazy as _

from newsroom.accounts.models import AuditEntry, SecondFactor, StaffSession, User
from newsroom.core.kept import retention
from newsroom.core.kept.personal_data import STAFF, Place
from newsroom.core.kept.retention import Kept
from newsroom.models import (
    Asked,
    DailyReads,
    PreviewLink,
    SuppressionLift,
    TransactionalMail,
)
from newsroom.models.asked import KEPT


def forget_asked(before: date) -> None:
    retention.delete(Asked.objects.filter(created_at__date__lt=before))


def forget_mails(before: date) -> None:
    over = TransactionalMail.objects.filter(status__in=TransactionalMail.OVER)
    retention.delete(over.filter(created_at__date__lt=before))


def forget_reads(before: date) -> None:
    retention.delete(DailyReads.objects.filter(on__lt=before))


def forget_lifts(before: date) -> None:
    retention.delete(SuppressionLift.objects.filter(on__lt=before))


def kept() -> Iterator[Kept]:
    yield Kept(
        _("That somebody typed an address into a form: a code of it, and the day"),
        _("So that strangers can’t fill a mailbox. The address itself goes within minutes."),
        days=KEPT.days,
        forget=forget_asked,
    )
    yield Kept(
        _("That a single mail was sent, such as “please confirm”: what kind, and the day"),
        _("So that none comes twice, and failures are found."),
        days=30,
        forget=forget_mails,
    )
    yield Kept(
        _("How often an article was opened: numbers, no readers"),
        _("For “most read”."),
        days=90,
        forget=forget_reads,
    )
    yield Kept(
        _("A code of each address that must get no mail, and why"),
        _("So that nobody can write to it by mistake. Nobody can read the address from it."),
        until=_("Until its owner wants mail again"),
    )
    yield Kept(
        _("That such an address may be written to again: the code, and whose word it was"),
        _("To prove it."),
        days=3 * 365,
        forget=forget_lifts,
    )
    yield Kept(
        _("Technical logs"),
        _("To find faults. They hold no address of a person or a network, and no link of yours."),
        until=_("For some weeks, on our machines alone"),
    )


def places() -> Iterator[Place]:
    yield Place(User, STAFF, "With their account, by an administrator.")
    yield Place(SecondFactor, STAFF, "With their account.")
    yield Place(StaffSession, STAFF, "With their account.")
    yield Place(AuditEntry, STAFF, "Stays: the log of staff's acts only grows. A login, no name.")
    yield Place(PreviewLink, STAFF, "A note about a link, until the link is deleted.")
