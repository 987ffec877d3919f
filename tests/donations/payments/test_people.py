"""A person is their customers at Stripe: addresses change, two become one, erased as one."""

import json
import re
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from donations.asking import reminders, reminding
from donations.giving import erasure
from donations.giving.links import manage_url, update_payment_url
from donations.models import (
    Contribution,
    Customer,
    Deferral,
    Donor,
    ErasedCustomer,
    Receipt,
    RecurringContribution,
)
from donations.payments import gateway, sync
from donations.payments.mirror import donors
from newsroom.core.privacy import giving_index
from tests.donations.conftest import API, handle


def customer_of(email: str, number: int = 0) -> str:
    """The id of their first customer (or another one) at Stripe."""
    found = Customer.objects.filter(email_index=giving_index(email))
    return sorted(found, key=lambda one: Contribution.objects.filter(
        stripe_customer=one.pk).order_by("pk")[0].pk)[number].pk  # fmt: skip


def becomes(donor: Any, customer: str, email: str, **more: str) -> None:
    """Their address is changed at Stripe."""
    answer = requests.post(
        f"{donor.url}/v1/customers/{customer}",
        data={"email": email, **more},
        headers=API,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def pays_as(donor: Any, email: str, name: str, **form: str) -> None:
    page = donor.continues(**form)["Location"]
    assert donor.pays(page, email, name=name).status_code == 302


def path(url: str) -> str:
    return url.removeprefix(settings.BASE_URL)


def amounts(donor: Donor) -> list[int]:
    return sorted(donor.contributions.values_list("amount", flat=True))


# --- Another address ----------------------------------------------------------------------------


def test_donor_whose_address_changes_stays_one(donor, told, client) -> None:
    donor.gives("old@example.org", frequency="once", amount="25")
    donor.gives("old@example.org")
    handle(told())
    before = Donor.objects.get()
    own, card = manage_url(before), update_payment_url(before.recurring.get())
    becomes(donor, customer_of("old@example.org", 1), "New@example.org")
    donor.advance(32)
    handle(told())
    after = Donor.objects.get()
    assert (after.pk, after.email, after.name) == (before.pk, "New@example.org", "Ann Donor")
    assert amounts(after) == [1000, 1000, 2500]
    data = json.loads(client.post(f"{path(manage_url(after))}data/").content)
    assert data["email"] == "New@example.org" and len(data["contributions"]) == 3
    for link in (own, card):  # they lie in a mailbox that is theirs no more
        assert client.get(path(link)).status_code == 403


def test_address_that_changes_in_stripes_portal_is_taken_over(donor, told, client) -> None:
    donor.gives("old@example.org")
    handle(told())
    recurring = RecurringContribution.objects.get()
    form = {"recurring": recurring.pk, "card": "1"}
    portal = client.post(path(manage_url(recurring.donor)), form)["Location"]
    requests.post(portal, data={"email": "new@example.org"}, timeout=10)
    handle(told())
    assert Donor.objects.get().email == "new@example.org"


def test_change_is_noticed_without_its_event_and_in_any_order(donor, told, inbox, committing):
    donor.gives("old@example.org")
    handle(told())
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    donor.advance(32)
    others = [event for event in told() if event["type"] != "customer.updated"]
    with committing():
        handle(others[::-1], again=True)
    assert Donor.objects.get().email == "new@example.org"
    assert len(inbox.to("new@example.org")) == 1 and Contribution.objects.count() == 2


def test_answer_that_was_read_before_another_changes_nothing_back(donor, told) -> None:
    donor.gives("old@example.org")
    handle(told())
    stale = gateway.subscription(RecurringContribution.objects.get().stripe_subscription)
    becomes(donor, stale.customer.id, "new@example.org")
    handle(told())
    sync._follow(stale.customer)
    sync.mirror_subscription(stale, None)
    assert Donor.objects.get().email == "new@example.org"


def test_gift_of_a_customer_that_keeps_the_old_address_changes_nothing_back(donor, told) -> None:
    for _ in range(2):
        donor.gives("old@example.org")
    handle(told())
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    handle(told())
    donor.advance(32)
    handle(told())
    assert Donor.objects.get().email == "new@example.org"
    assert amounts(Donor.objects.get()) == [1000] * 4


def test_address_that_is_changed_back_is_theirs_again(donor, told) -> None:
    donor.gives("old@example.org")
    handle(told())
    customer = customer_of("old@example.org")
    for email in ("typo@example.org", "old@example.org"):
        becomes(donor, customer, email)
        handle(told())
    assert Donor.objects.get().email == "old@example.org"


def test_letter_case_is_no_other_address(donor, told, client) -> None:
    donor.gives("ann@example.org")
    handle(told())
    link = manage_url(Donor.objects.get())
    becomes(donor, customer_of("ann@example.org"), "ANN@example.org")
    handle(told())
    assert client.get(path(link)).status_code == 200


# --- Two become one -----------------------------------------------------------------------------


@pytest.fixture
def two(donor, told) -> tuple[Donor, Donor]:
    """Who gives monthly with one address, and once with another, in another language."""
    donor.gives("mover@example.org")
    page = donor.client.post(
        "/de/support/checkout/",
        {"frequency": "once", "amount": "25", "currency": "usd", "anonymous": "on"},
    )["Location"]
    donor.pays(page, "stays@example.org")
    handle(told())
    mover, stays = (Donor.objects.of_address(giving_index(f"{name}@example.org")).get()
                    for name in ("mover", "stays"))  # fmt: skip
    assert (mover.language, stays.language, stays.name) == ("en", "de", "")
    return mover, stays


def test_two_become_one_whose_mailbox_it_is(two, donor, told, client, inbox, committing) -> None:
    mover, stays = two
    old = [manage_url(mover), update_payment_url(mover.recurring.get())]
    kept = manage_url(stays)
    becomes(donor, customer_of("mover@example.org"), "stays@example.org")
    handle(told())
    one = Donor.objects.get()
    assert (one.pk, one.email, one.language) == (stays.pk, "stays@example.org", "de")
    assert amounts(one) == [1000, 2500] and one.name == "Ann Donor"
    assert Receipt.objects.filter(contribution__donor=one).count() == 2
    # Whoever holds them must not see what the other gave.
    assert [client.get(path(link)).status_code for link in old] == [404, 403]
    page = client.get(path(kept)).text
    assert "25\xa0$" in page and "10\xa0$" in page  # as they read it
    year = Receipt.objects.latest("pk").year
    assert client.get(f"{path(kept)}statements/{year}/").content[:4] == b"%PDF"
    donor.advance(32)
    with committing():
        handle(told())
    assert inbox.to("mover@example.org") == [] and len(inbox.to("stays@example.org")) == 1


def test_who_came_by_a_change_takes_nobody_along_when_they_go_on(two, donor, told, client) -> None:
    """Somebody makes their own customer bear another's address at Stripe, and then their own again:
    that must not lead to the other's page."""
    customer = customer_of("mover@example.org")
    for email in ("stays@example.org", "thief@example.org"):
        becomes(donor, customer, email)
        handle(told())
    victim, thief = Donor.objects.order_by("pk")
    assert (victim.email, amounts(victim)) == ("stays@example.org", [2500])
    assert (thief.email, amounts(thief)) == ("thief@example.org", [1000])
    assert thief.recurring.count() == 1 and not victim.recurring.exists()
    assert "$25" not in client.get(path(manage_url(thief))).text


def test_mistyped_address_that_is_corrected_takes_nobody_along(donor, told) -> None:
    """A guest's gift lands with whose address they typed; staff correct it at Stripe."""
    pays_as(donor, "rob@example.org", "Rob", frequency="once")
    pays_as(donor, "rob@example.org", "Bob", frequency="once", amount="77")
    handle(told())
    becomes(donor, customer_of("rob@example.org", 1), "bob@example.org")
    handle(told())
    rob, bob = Donor.objects.order_by("pk")
    assert (rob.email, amounts(rob)) == ("rob@example.org", [1000])
    assert (bob.email, amounts(bob)) == ("bob@example.org", [7700])


def test_new_gift_from_an_address_that_somebody_left_is_another_person(donor, told) -> None:
    donor.gives("old@example.org")
    handle(told())
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    handle(told())
    donor.gives("old@example.org", frequency="once")
    assert {row.email for row in Donor.objects.all()} == {"old@example.org", "new@example.org"}


def test_customer_deleted_at_stripe_stays_whose_it_was(donor, told) -> None:
    donor.gives("gone@example.org")
    handle(told())
    requests.delete(
        f"{donor.url}/v1/customers/{customer_of('gone@example.org')}", headers=API, timeout=10
    )
    handle(told())
    assert Donor.objects.get().email == "gone@example.org"
    assert RecurringContribution.objects.get().donor == Donor.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [2, pytest.param(8, marks=pytest.mark.rare)])
def test_two_that_become_each_other_at_once_are_one_in_the_end(donor, told, rounds: int) -> None:
    for round_ in range(rounds):
        emails = [f"{side}{round_}@example.org" for side in "ab"]
        for email in emails:
            donor.gives(email)
        handle(told())
        customers = [customer_of(email) for email in emails]
        for customer, email in zip(customers, emails[::-1], strict=True):
            becomes(donor, customer, email)
        threads = [threading.Thread(target=pull, args=[pk]) for pk in customers * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        handle(told())
        assert not Contribution.objects.filter(donor=None).exists()
        homes = Customer.objects.filter(pk__in=customers)
        [donor_id] = {home.donor_id for home in homes}
        assert Donor.objects.get(pk=donor_id).email in emails


def pull(customer: str) -> None:
    try:
        sync.pull_customer(customer)
    finally:
        connection.close()


# --- Reminders and erasure ----------------------------------------------------------------------


def wish(client: Any, committing: Any, email: str) -> None:
    with committing():
        client.post("/support/remind-me/", {"when": "week", "email": email})
    [wish] = Deferral.objects.filter(email_index=giving_index(email))
    reminders.confirm(wish, timezone.now())


def test_erasure_follows_all_customers_and_addresses(donor, told, client, committing) -> None:
    for email in ("a@example.org", "b@example.org", "b@example.org"):
        donor.gives(email)
    handle(told())
    becomes(donor, customer_of("a@example.org"), "b@example.org")
    handle(told())
    # One is known by what was given alone, as before there was a table of customers.
    Customer.objects.filter(pk=customer_of("b@example.org", 1)).delete()
    becomes(donor, customer_of("b@example.org"), "c@example.org")
    handle(told())
    for email in ("a@example.org", "b@example.org", "stranger@example.org"):
        wish(client, committing, email)
    for person in Donor.objects.all():
        assert client.post(f"{path(manage_url(person))}erase/").status_code == 200
    assert not Donor.objects.exists() and not Customer.objects.exists()
    assert [wish.email for wish in Deferral.objects.all()] == ["stranger@example.org"]
    customers = set(Contribution.objects.values_list("stripe_customer", flat=True))
    assert len(customers) == 3 == ErasedCustomer.objects.filter(pk__in=customers).count()
    for customer in customers:
        assert gateway.customer(customer).deleted
    handle(told())
    assert not Donor.objects.exists()
    assert set(RecurringContribution.objects.values_list("card", "status")) == {("", "canceled")}


def test_address_whose_owner_is_another_by_now_keeps_its_reminder(
    donor, told, client, committing
) -> None:
    donor.gives("shared@example.org")
    handle(told())
    becomes(donor, customer_of("shared@example.org"), "own@example.org")
    handle(told())
    wish(client, committing, "shared@example.org")
    donor.gives("shared@example.org", frequency="once")
    Deferral.objects.update(status="waiting")
    first = Donor.objects.of_address(giving_index("own@example.org")).get()
    assert client.post(f"{path(manage_url(first))}erase/").status_code == 200
    assert Deferral.objects.count() == 1 and Donor.objects.get().email == "shared@example.org"


@pytest.mark.parametrize("erased", ["mover", "stays"])
def test_merge_during_an_erasure_brings_nobody_back(
    two, donor, told, client, monkeypatch, erased: str
) -> None:
    """The events of the change come between Stripe's deletions and ours."""
    mover, stays = two
    becomes(donor, customer_of("mover@example.org"), "stays@example.org")
    events = told()
    delete = gateway.delete_customer

    def meanwhile(pk: str) -> None:
        handle(events)
        delete(pk)

    monkeypatch.setattr(gateway, "delete_customer", meanwhile)
    erasure.erase(mover if erased == "mover" else stays)
    handle(told())
    mine = Contribution.objects.get(frequency="monthly" if erased == "mover" else "once")
    assert mine.donor is None and mine.payment_method == "visa"
    if erased == "mover":  # whose address it is has not asked to be forgotten
        assert amounts(Donor.objects.get()) == [2500]
    else:
        assert not Donor.objects.exists() and not Contribution.objects.exclude(donor=None)


def test_late_answer_about_an_erased_customer_moves_nobody(two, donor, told, client) -> None:
    mover, stays = two
    customer = customer_of("mover@example.org")
    becomes(donor, customer, "stays@example.org")
    late = gateway.customer(customer)
    erasure.erase(mover)
    assert not donors.move(late, {})
    with transaction.atomic():
        assert donors.donor_of(late, None) is None
    assert Donor.objects.get() == stays


def test_reminder_knows_a_person_by_their_former_address(
    donor, told, client, committing, inbox
) -> None:
    donor.gives("old@example.org")
    handle(told())
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    handle(told())
    wish(client, committing, "old@example.org")
    assert Deferral.objects.get().status == "waiting"
    with committing():
        assert reminding.send_due(timezone.now() + timedelta(days=8)) == 0
    donor.gives("new@example.org", frequency="once")
    assert Deferral.objects.get().status == "given"


def test_link_of_the_own_page_goes_to_the_newest_address_alone(
    donor, told, client, committing, inbox
) -> None:
    donor.gives("old@example.org")
    handle(told())
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    handle(told())
    for email in ("old@example.org", "new@example.org"):
        with committing():
            client.post("/support/manage/", {"email": email})
    assert inbox.to("old@example.org") == []
    [mail] = inbox.to("new@example.org")
    [link] = re.findall(r"/support/manage/\S+/", mail["text"])
    assert client.get(link).status_code == 200


def test_forms_pressed_with_an_old_link_change_nothing(donor, told, client) -> None:
    donor.gives("old@example.org")
    handle(told())
    recurring = RecurringContribution.objects.get()
    link = path(manage_url(recurring.donor))
    becomes(donor, customer_of("old@example.org"), "new@example.org")
    handle(told())
    form = {"recurring": recurring.pk, "form_id": str(uuid.uuid4()), "do": "cancel"}
    assert client.post(link, form).status_code == 403
    assert client.post(f"{link}erase/").status_code == 403
    assert Donor.objects.exists()
