"""The seed list takes who agrees, and tells no editor whose an address is."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.html import strip_tags

from newsroom.core.privacy import list_index
from newsroom.models import Suppression
from subscriptions.models import Consent, Seed, Subscription
from subscriptions.readers import signup
from tests.factories import make_subscription, make_user


@pytest.fixture
def url(client: Any, site: Any) -> str:
    client.force_login(make_user("Editors"))
    return f"/admin/newsletters/{site.newsletter.pk}/seeds/"


@pytest.fixture
def link_to(client: Any, url: str, committing: Any, inbox: Any) -> Callable[[str], str]:
    """An editor types an address: the link in its owner's mail."""

    def typed(address: str) -> str:
        with committing():
            client.post(url, {"addresses": address})
        [mail] = inbox.to(address)
        return str(re.search(r"/newsletter/seed/\S+/", mail["text"])[0])  # type: ignore[index]

    return typed


@pytest.mark.parametrize("status", ["", "confirmed", "pending", "unsubscribed", "complaint"])
def test_the_page_says_the_same_whoever_it_is_and_changes_nothing(
    client: Any, site: Any, url: str, committing: Any, status: str
) -> None:
    address = f"seed{status}@example.org"
    if status == "complaint":
        Suppression.add(list_index(address), Suppression.Reason.COMPLAINT)
    elif status:
        make_subscription(site.newsletter, address, status)
    before = list(Subscription.objects.values_list("status", "seed"))
    with committing():
        page = client.post(url, {"addresses": address}, follow=True).text
    assert "waits for its owner to agree" in strip_tags(page) and address in page
    assert list(Subscription.objects.values_list("status", "seed")) == before
    assert not Consent.objects.exists()


def test_who_agrees_is_on_both_lists_and_leaves_like_any_reader(
    client: Any, url: str, link_to: Callable[[str], str]
) -> None:
    link = link_to("first@example.org")
    assert client.get(link).status_code == 200 and not Subscription.objects.exists()
    for _ in range(2):  # pressed twice
        assert "Thank you" in client.post(link).text
    subscription = Subscription.objects.get()
    assert subscription.seed and subscription.status == "confirmed"
    assert Consent.objects.get().how == "seed list"
    assert "on the list" in client.get(url).text
    client.post(url, {"remove": Seed.objects.get().pk})
    subscription.refresh_from_db()
    assert not subscription.seed and subscription.status == "confirmed"
    assert not Seed.objects.exists() and client.get(link).status_code == 404


def test_who_complained_gets_no_mail_and_no_link_of_old_works(
    client: Any, url: str, committing: Any, inbox: Any, link_to: Callable[[str], str]
) -> None:
    link = link_to("later@example.org")
    for address in ("later@example.org", "never@example.org"):
        Suppression.add(list_index(address), Suppression.Reason.COMPLAINT)
    with committing():
        client.post(url, {"addresses": "never@example.org"})
    assert inbox.to("never@example.org") == []
    assert client.post(link).status_code == 403 and not Subscription.objects.exists()


def test_one_mail_a_day_however_often_an_editor_types_it(
    client: Any, site: Any, url: str, committing: Any, inbox: Any
) -> None:
    for _ in range(3):
        with committing():
            client.post(url, {"addresses": "often@example.org"})
            client.post(url, {"remove": Seed.objects.get().pk})
    assert len(inbox.to("often@example.org")) <= 1


def test_a_link_from_before_leaving_brings_nobody_back(
    client: Any, link_to: Callable[[str], str]
) -> None:
    link = link_to("left@example.org")
    client.post(link)
    signup.unsubscribe(Subscription.objects.get(), how="page")
    assert client.post(link).status_code == 403
    assert Subscription.objects.get().status == "unsubscribed"


def test_a_long_list_is_refused(client: Any, url: str) -> None:
    many = "\n".join(f"a{number}@example.org" for number in range(21))
    assert client.post(url, {"addresses": many}).status_code == 400
    assert not Seed.objects.exists()
