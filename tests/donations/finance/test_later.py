from datetime import date

import pytest
from wagtail import hooks

from donations.models import DeferralCount
from donations.models.asking.deferral_count import Outcome, Tally
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 5)


def counted() -> None:
    for outcome, number in (("cookie", 40), ("asked", 20), ("confirmed", 12), ("reminded", 10)):
        DeferralCount.add({Tally.of(DAY, "payday-25", outcome): number})
    for weeks, amount in ((3, 1000), (3, 500), (40, 700)):
        what = {"weeks": weeks, "frequency": "monthly", "currency": "usd"}
        DeferralCount.add({Tally.of(DAY, "payday-25", Outcome.GAVE, **what): 1}, amount)


@pytest.mark.parametrize(("role", "status"), [("Editors", 200), ("Finance", 200), ("Writers", 302)])
def test_editors_and_finance_see_what_later_is_worth(client, site, role: str, status: int) -> None:
    counted()
    client.force_login(make_user(role))
    page = client.get("/admin/later/")
    assert page.status_code == status
    if status == 200:
        assert "On payday, the 25th" in page.text and "15.0%" in page.text
        assert "$22" in page.text and "2 in week 3" in page.text and "1 in week 12+" in page.text
        assert "Of 1,000 times" not in page.text


def test_per_thousand_shown_when_somebody_counts_that(client, site) -> None:
    counted()
    client.force_login(make_user("Finance"))
    with hooks.register_temporarily("asks_shown", lambda since: 30_000):
        page = client.get("/admin/later/").text
    assert "Of 1,000 times that the ask was shown, 2.0 were answered with “later”" in page
    assert "0.10 came back" in page


def test_counts_of_one_month_and_choice_are_one_row(site) -> None:
    for _ in range(3):
        DeferralCount.add({Tally.of(DAY, "week", Outcome.ASKED): 2})
    row = DeferralCount.objects.get()
    assert (row.number, row.month) == (6, date(2026, 11, 1))
