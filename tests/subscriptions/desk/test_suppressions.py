"""Staff look an address up and lift a suppression."""

import pytest
from django.test import Client

from newsroom.core.privacy import list_index
from newsroom.models import Suppression, SuppressionLift
from subscriptions.models import Subscription
from tests.answers import led_to
from tests.factories import make_subscription, make_user

URL = "/admin/newsletters/suppressions/"
ADDRESS = "silent@example.org"
WHY = "They told us by telephone."
pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def editor(client) -> Client:
    client.force_login(make_user("Editors"))
    return client


def test_page_counts_by_reason_and_lists_nobody(editor) -> None:
    assert "Nobody so far" in editor.get(URL).text
    for number, reason in enumerate(["bounce", "bounce", "complaint"]):
        Suppression.add(list_index(f"r{number}@example.org"), reason)
    page = editor.get(URL).text
    assert "Mail came back</th><td>2" in page and "Reported as spam</th><td>1" in page
    assert "Suppressed addresses" in editor.get("/admin/newsletters/").text


def test_one_address_is_looked_up_exactly_and_nothing_changes(editor, site) -> None:
    make_subscription(site.newsletter, ADDRESS)
    Suppression.add(list_index(ADDRESS), "complaint")
    found = editor.post(URL, {"email": " Silent@Example.org "})
    assert "Reported as spam</strong> since" in found.text and "The Weekly: confirmed" in found.text
    assert "no-store" in found["Cache-Control"]  # it shows an address
    for other in ("silen@example.org", "silent@example.com"):
        assert "Not suppressed" in editor.post(URL, {"email": other}).text
    assert editor.post(URL, {"email": "silent"}).status_code == 422
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_lifting_is_recorded_with_its_reason(editor, site, reason) -> None:
    make_subscription(site.newsletter, ADDRESS)
    Suppression.add(list_index(ADDRESS), reason)
    page = editor.post(URL, {"email": ADDRESS, "why": WHY, "lift": "1"}, follow=True).text
    assert "Lifted" in page and WHY in page
    lift = SuppressionLift.objects.get()
    assert (lift.reason, lift.why) == (reason, WHY)
    assert lift.by.username in page
    assert ADDRESS not in page
    assert Subscription.objects.mailable().exists()


@pytest.mark.parametrize("why", ["", "   ", "silent@example.org asked", "x" * 301])
def test_lifting_without_a_decent_reason_lifts_nothing(editor, why) -> None:
    Suppression.add(list_index(ADDRESS), "bounce")
    answer = editor.post(URL, {"email": ADDRESS, "why": why, "lift": "1"})
    assert answer.status_code == 422 and "Lift the suppression" in answer.text
    assert Suppression.objects.exists() and not SuppressionLift.objects.exists()


def test_second_press_and_unknown_address_are_told(editor) -> None:
    Suppression.add(list_index(ADDRESS), "bounce")
    form = {"email": ADDRESS, "why": WHY, "lift": "1"}
    editor.post(URL, form)
    assert "not suppressed, or no longer so" in editor.post(URL, form, follow=True).text
    assert SuppressionLift.objects.count() == 1


@pytest.mark.parametrize("group", ["Finance", ""])
def test_who_has_no_right_sees_and_lifts_nothing(client, group) -> None:
    Suppression.add(list_index(ADDRESS), "bounce")
    form = {"email": ADDRESS, "why": WHY, "lift": "1"}
    for login in (False, True):
        if login:
            client.force_login(make_user(group))
        away = "/admin/" if login and group else "/admin/login/"
        assert led_to(client.get(URL)) == led_to(client.post(URL, form)) == away
    assert Suppression.objects.exists()
