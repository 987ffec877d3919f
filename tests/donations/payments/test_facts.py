"""What finance filters by and finds a contribution by, mirrored; and gone with its donor."""

import pytest

from donations.giving import erasure
from donations.models import Contribution, Donor, Note, RecurringMove
from donations.models import RecurringContribution as Recurring
from newsroom.core.privacy import card_index, donor_name_index
from tests.donations.conftest import handle, page_of

Kind = RecurringMove.Kind
pytestmark = pytest.mark.django_db


def test_a_gift_is_known_by_its_method_country_and_last_digits_until_its_donor_is_erased(
    donor, told
) -> None:
    donor.gives("giver@example.org", frequency="once", amount="50")
    handle(told())
    given = Contribution.objects.get()
    assert (given.method, given.country) == ("card", "US")
    assert bytes(given.last_four_index) == card_index("4242")
    assert bytes(given.donor.name_index) == donor_name_index("  ann   DONOR ")
    Note.objects.create(contribution=given, text="Called Ann back")
    erasure.erase(Donor.objects.get())
    given.refresh_from_db()
    assert given.last_four_index is None and not Note.objects.exists()


def test_what_is_expected_monthly_moves_as_a_donor_decides(client, donor, told) -> None:
    donor.gives("giver@example.org", frequency="monthly", amount="10")
    handle(told())
    press = page_of(client, Recurring.objects.get())
    press("amount", amount="25")
    press("amount", amount="5")
    press("pause", months="1")
    press("resume")
    press("cancel")
    moves = [(move.kind, move.amount) for move in RecurringMove.objects.order_by("pk")]
    assert moves == [
        (Kind.NEW, 1000), (Kind.MORE, 1500), (Kind.LESS, -2000), (Kind.LOST, -500),
        (Kind.RECOVERED, 500), (Kind.LOST, -500),
    ]  # fmt: skip
