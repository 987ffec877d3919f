"""What finance's start page says."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from donations.finance.numbers import charts, comparing, figures
from donations.finance.numbers import page as numbers
from donations.models import Contribution, RecurringContribution, Review
from tests.donations.conftest import handle

pytestmark = pytest.mark.django_db
HOME = "/admin/"


def test_start_page_has_what_waits_and_the_months_money(client, officer, donor, told) -> None:
    page = client.get(HOME).text
    assert "Nothing waits for you" in page and "No contribution has arrived yet" in page
    donor.gives("giver@example.org", frequency="once", amount="50")
    handle(told())
    contribution = Contribution.objects.get()
    Review.objects.create(
        kind=Review.Kind.DISPUTE, about="dp_1", why="A bank asks", contribution=contribution,
        opened_at=timezone.now(), due_at=timezone.now(),
    )  # fmt: skip
    page = client.get(HOME).text
    assert Review(kind=Review.Kind.DISPUTE).get_kind_display() in page
    assert f'href="{reverse("review", args=[Review.objects.get().pk])}"' in page
    assert f'href="{reverse("reviews")}"' in page and "1 waits" in page
    assert "$50" in page and "giver@example.org" not in page
    contribution.movements.update(at=timezone.now() - timedelta(days=40))
    assert "No contribution has arrived yet" in client.get(HOME).text


def test_finance_is_offered_no_search_that_it_may_not_use(client, officer) -> None:
    page = client.get(HOME).text
    assert 'role="search"' not in page and "Search all pages" not in page
    assert "/admin/newsletters/" not in page


def test_the_numbers_compare_draw_and_tell(client, officer, donor, told) -> None:
    """This month beside the last and the last year; each drawing has its table."""
    donor.gives("giver@example.org", frequency="once", amount="50")
    donor.gives("giver@example.org", frequency="annual", amount="240")
    handle(told())
    now = timezone.now()
    year_ago = figures.first_of_month(now, 12)
    old = Contribution.objects.get(frequency="once")
    for at, amount in ((figures.first_of_month(now, 1), 2000), (year_ago, 10000)):
        Contribution.objects.create(
            donor=old.donor, frequency="once", amount=amount, currency="usd", status="succeeded",
            stripe_payment_intent=f"pi_{amount}", created_at=at, received_at=at,
        )  # fmt: skip
    [row] = comparing.compared(figures.received(now))
    assert (row["this"], row["last"], row["year"]) == ("$290", "$20", "$100")
    assert (row["last_change"], row["year_change"]) == ("+1350 %", "+190 %")
    [expected] = numbers.expected(now)
    assert (expected["total"], expected["new"], expected["lost"]) == ("$20", "$20", "$0")
    shown = client.get(reverse("giving_numbers")).text
    assert shown.count("<svg viewBox") == shown.count("As a table") >= 4
    assert "giver@example.org" not in shown and "$240" in shown


def test_line_of_months_begins_with_the_first_contribution_and_needs_two_that_are_over() -> None:
    now = timezone.now()
    months = [figures.Month(figures.first_of_month(now, back), 0, 0) for back in range(12, -1, -1)]
    given = [figures.Month(one.begins, 3, 5000) for one in months]
    assert charts.of_months("usd", [*months[:-1], given[-1]]) is None
    assert charts.of_months("usd", [*months[:-2], *given[-2:]]) is None
    chart = charts.of_months("usd", [*months[:-4], given[-4], months[-3], *given[-2:]])
    assert chart and [row[2] for row in chart.rows] == ["$50", "$50", "$0", "$50"]


def test_who_stays_is_counted_from_the_month_in_which_they_began() -> None:
    now = timezone.now()
    began = figures.first_of_month(now, 3)
    for number, ended in enumerate((None, began, figures.first_of_month(now, 1), None)):
        RecurringContribution.objects.create(
            amount=500, currency="usd", frequency="monthly", status="active", started_at=began,
            ended_at=ended, stripe_subscription=f"sub_{number}",
        )  # fmt: skip
    [cohort] = figures.retention(now)
    assert (cohort.began, cohort.still) == (4, [0.75, 0.75, 0.5])
