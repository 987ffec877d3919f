"""A donor's page: gifts by year, an address put right, two who are one, papers mailed again."""

import pytest

from donations.models import Contribution, Donor
from tests.answers import led_to
from tests.donations.conftest import handle, hidden
from tests.factories import make_user


@pytest.fixture
def two(donor, told) -> tuple[Donor, Donor]:
    donor.gives("ann@example.org", frequency="once", amount="50")
    donor.gives("anne@example.org", frequency="once", amount="20")
    handle(told())
    first, second = Donor.objects.order_by("pk")
    return first, second


def path(donor: Donor, what: str = "") -> str:
    return f"/admin/giving/donors/{donor.pk}/{what}"


def test_an_address_is_corrected_at_stripe_too_and_never_into_somebody_elses(
    client, two, told, donor
) -> None:
    first, second = two
    client.force_login(make_user("Finance"))
    why = {"why": "She wrote to us"}
    taken = client.post(path(first, "address/"), why | {"email": second.email}, follow=True)
    assert "Another donor has this address" in taken.text
    done = client.post(path(first, "address/"), why | {"email": "ann@example.net"}, follow=True)
    assert "ann@example.net" in done.text
    first.refresh_from_db()
    assert (first.email, first.links) == ("ann@example.net", 1)
    handle(told())  # Stripe tells of what we did
    donor.gives("ann@example.net", frequency="once", amount="5")
    handle(told())
    assert first.contributions.count() == 2 and Donor.objects.count() == 2


def test_two_become_one_after_a_look_and_only_by_a_lead(client, two) -> None:
    first, second = two
    form = {"into": second.pk, "why": "Both wrote from one address"}
    client.force_login(make_user("Finance"))
    assert led_to(client.post(path(first, "merge/"), form)) == "/admin/"
    client.force_login(make_user("Finance leads"))
    same = client.post(path(first, "merge/"), form | {"into": first.pk}, follow=True)
    assert "That is the same donor" in same.text
    look = client.post(path(first, "merge/"), form)
    assert first.email in look.text and second.email in look.text
    assert Donor.objects.count() == 2
    done = client.post(path(first, "merge/"), hidden(look) | {"confirmed": "on"}, follow=True)
    assert "$70" in done.text and "They are one donor now" in done.text
    assert set(Contribution.objects.values_list("donor", flat=True)) == {second.pk}
    assert (
        "no donor with this number"
        in client.post(path(second, "merge/"), form | {"into": first.pk}, follow=True).text
    )


def test_a_receipt_and_a_statement_are_mailed_again_and_printed(
    client, two, inbox, committing
) -> None:
    first, second = two
    client.force_login(make_user("Finance"))
    gift = first.contributions.get()
    year = gift.received_at.year
    for form in ({"receipt": gift.receipt.pk}, {"year": year}, {"year": year}):
        with committing():
            client.post(path(first, "mail/"), form)
    subjects = [mail["subject"] for mail in inbox.to(first.email)]
    assert sorted(subjects) == ["Your receipt", "Your statement"]
    strangers = second.contributions.get().receipt.pk
    assert client.post(path(first, "mail/"), {"receipt": strangers}).status_code == 404
    for document in (path(first, f"statements/{year}/"), f"/admin/giving/receipts/{gift.pk}/"):
        assert client.get(document).content.startswith(b"%PDF")
    assert client.get(path(first, "statements/1999/")).status_code == 404


def test_what_was_typed_stays_when_a_donor_is_not_changed(client, two) -> None:
    donor = two[0]
    client.force_login(make_user("Finance leads"))
    page = client.post(
        f"/admin/giving/donors/{donor.pk}/merge/", {"into": "999999", "why": "The same <sister>."}
    )
    assert page.status_code == 409 and "There is no donor with this number" in page.text
    assert 'value="999999"' in page.text and 'value="The same &lt;sister&gt;."' in page.text
    typed = {"email": two[1].email, "why": "They rang."}
    page = client.post(f"/admin/giving/donors/{donor.pk}/address/", typed)
    assert page.status_code == 409
    assert f'value="{two[1].email}"' in page.text and 'value="They rang."' in page.text
