"""A donor writes in: whatever they name is found, by who may find it."""

import pytest
from django.utils import timezone

from donations.models import Contribution, Note, Review
from tests.answers import led_to
from tests.donations.conftest import handle
from tests.factories import make_user

FIND = "/admin/giving/find/"


@pytest.fixture
def gift(donor, told) -> Contribution:
    donor.gives("ann@example.org", frequency="once", amount="50")
    donor.gives("bea@example.org", frequency="once", own_amount="12.50")
    handle(told())
    found = Contribution.objects.get(amount=5000)
    Note.objects.create(contribution=found, text="Moved to Łódź; asks for a refund")
    return found


def test_whatever_they_name_is_found(client, gift) -> None:
    client.force_login(make_user("Finance"))
    one = f"/admin/contributions/inspect/{gift.pk}/"
    by_gift = ["$50", "50.00 USD", gift.receipt_number, gift.stripe_charge, "łódź", "REFUND moved"]
    for typed in by_gift:
        assert led_to(client.post(FIND, {"typed": typed})) == one, typed
    who = f"/admin/giving/donors/{gift.donor_id}/"
    for typed in (" ANN@example.org ", f"donor {gift.donor_id}"):
        assert led_to(client.post(FIND, {"typed": typed})) == who
    several = {typed: client.post(FIND, {"typed": typed}).text for typed in ("ann donor", "4242")}
    assert several["ann donor"].count("/admin/giving/donors/") == 2
    assert several["4242"].count("/inspect/") == 2


@pytest.mark.django_db
def test_what_nothing_is_known_of_is_said(client, site) -> None:
    client.force_login(make_user("Finance"))
    for typed in ("nobody@example.org", "9999-1", "pi_x", "xx_1", "½", "0", "re_x", "x" * 9999):
        assert "Nothing was found" in client.post(FIND, {"typed": typed}).text, typed


def test_donors_stay_numbers_to_who_may_not_know_them(client, gift) -> None:
    """On every page that shows a gift, in the file, and in what the box finds."""
    client.force_login(make_user("Auditors"))
    Review.open(Review.Kind.INQUIRY, "dp_1", "A bank asks", contribution=gift)
    Note.objects.create(contribution=gift, text="Ann Donor called")
    number = gift.donor_id
    pages = ["contributions/", "movements/", f"contributions/inspect/{gift.pk}/", "review/",
             f"giving/donors/{number}/", "giving/", "contributions/?export=csv"]  # fmt: skip
    for path in pages:
        answer = client.get(f"/admin/{path}")
        text = answer.getvalue().decode() if answer.streaming else answer.text
        assert answer.status_code == 200
        assert "Ann Donor" not in text and "ann@example.org" not in text, path
    for typed in ("ann@example.org", "Ann Donor", "refund"):
        assert "Nothing was found" in client.post(FIND, {"typed": typed}).text
    assert f"donor {number}" in client.get("/admin/contributions/").text


def test_a_list_is_turned_without_losing_a_row(client, gift) -> None:
    new = [
        Contribution(
            donor=gift.donor, frequency="once", amount=number % 7, currency="usd",
            status="succeeded", stripe_payment_intent=f"pi_{number}", created_at=timezone.now(),
        )
        for number in range(118)
    ]  # fmt: skip
    Contribution.objects.bulk_create(new)
    client.force_login(make_user("Finance"))
    for order in ("", "created_at", "amount", "-amount"):
        seen, query = [], f"?ordering={order}&"
        for _ in range(3):
            answer = client.get(f"/admin/contributions/{query}")
            seen += [row.pk for row in answer.context["object_list"]]
            query, before = answer.context["page"].older, answer.context["page"].newer
        assert len(seen) == len(set(seen)) == 120 and not query
        again = client.get(f"/admin/contributions/{before}").context["object_list"]
        assert [row.pk for row in again] == seen[50:100]
