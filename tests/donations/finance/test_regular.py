"""What is given regularly: how it goes, and a change that a colleague makes for its donor."""

import uuid

import pytest

from donations.models import Contribution, RecurringChange, RecurringContribution
from tests.donations.conftest import handle, hidden
from tests.factories import make_user


@pytest.fixture
def recurring(donor, told) -> RecurringContribution:
    donor.gives("ann@example.org", frequency="monthly", amount="10")
    handle(told())
    return RecurringContribution.objects.get()


def press(client, recurring, **fields: str):
    """The form on its page, and the confirmation; the last page, and the form that led there."""
    path = f"/admin/regular/change/{recurring.pk}/"
    form = {"form_id": str(uuid.uuid4()), "why": "She wrote to us"} | fields
    look = client.post(path, form, follow=True)
    sent = hidden(look)
    answer = client.post(path, sent, follow=True) if "confirmed_state" in sent else look
    recurring.refresh_from_db()
    return answer, sent


def test_a_colleague_sets_another_amount_and_the_donor_is_told(
    client, recurring, inbox, committing
) -> None:
    officer = make_user("Finance")
    client.force_login(officer)
    with committing():
        answer, sent = press(client, recurring, do="amount", amount="7,50")
    assert "Done" in answer.text and recurring.amount == 750
    change = RecurringChange.objects.get()
    assert (change.by, change.why, change.detail) == (officer, "She wrote to us", "$10 to $7.50")
    [mail] = [one for one in inbox.to("ann@example.org") if "regularly" in one["subject"]]
    assert "$7.50" in mail["text"]
    client.post(f"/admin/regular/change/{recurring.pk}/", sent)  # once more
    assert RecurringChange.objects.count() == 1
    page = client.get(f"/admin/regular/inspect/{recurring.pk}/").text
    assert "She wrote to us" in page and str(officer) in page


def test_a_colleague_stops_it_only_with_a_reason_and_after_a_look(client, recurring) -> None:
    client.force_login(make_user("Finance"))
    answer, _ = press(client, recurring, do="cancel", why=" ")
    assert "Please say why" in answer.text and recurring.cancels_at is None
    answer, _ = press(client, recurring, do="pause")
    assert "can&#x27;t be done" in answer.text and not recurring.paused
    answer, sent = press(client, recurring, do="cancel")
    assert recurring.cancels_at and sent["do"] == "cancel"
    listed = {
        state: client.get(f"/admin/regular/?state={state}").context["object_list"]
        for state in ("active", "failing", "paused", "ending", "ended", "nonsense")
    }
    assert {state for state, rows in listed.items() if rows} == {"ending"}


def test_the_list_says_what_still_comes_this_month(client, recurring) -> None:
    client.force_login(make_user("Finance viewers"))
    from donations.finance.regular import lists

    before = recurring.renews_at.replace(day=1)
    assert [(row["currency"], row["count"], row["sum"]) for row in lists.expected(before)] == [
        ("usd", 1, "$10")
    ]
    assert "Given regularly" in client.get("/admin/regular/").text
    assert Contribution.objects.count() == 1
