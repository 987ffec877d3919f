"""Numbers of who came and went, and their drawing."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from subscriptions.desk.readers import comings
from subscriptions.desk.readers.comings import Moves, chart, grouped, periods
from tests.factories import make_subscription, make_user
from tests.queries import sql_of

DAYS = st.dates(date(2000, 1, 1), date(2200, 1, 1))


@given(today=DAYS, span=st.sampled_from(list(comings.SPANS)))
def test_periods_follow_each_other_up_to_today(today: date, span: str) -> None:
    _, period, count = comings.SPANS[span]
    days = periods(period, count, today)
    assert len(days) == count and days == sorted(set(days))
    assert days[-1] <= today < days[-1] + timedelta(days={"week": 7}.get(period, 366))


@given(st.lists(st.tuples(*[st.integers(0, 10**7)] * 4), max_size=13))
def test_bars_stay_inside_the_drawing_and_tell_the_numbers(numbers) -> None:
    kinds = ("confirmed", "left", "silent", "bounced")
    rows = [Moves(date(2026, 1, 5), dict(zip(kinds, row, strict=True))) for row in numbers]
    drawn = chart(rows, "week")
    assert drawn["empty"] == (not any(map(sum, numbers)))
    for bar, (came, left, silent, bounced) in zip(drawn["bars"], numbers, strict=True):
        assert bar.top >= 0 and bar.x >= 0 and bar.x + bar.wide <= comings.WIDE
        assert bar.below_silent + bar.bounced <= comings.HIGH - comings.EDGE + 0.5
        went = f"{left:,} left, {silent:,} fell silent, {bounced:,} bounced"
        assert bar.tip.endswith(f"{came:,} came, {went}")


def test_net_is_signed() -> None:
    rows = grouped([("a", "confirmed", 1200), ("a", "left", 2400), ("b", "confirmed", 3)], of=["c"])
    assert [row.net for row in rows] == ["0", "−1,200", "+3"]


def test_page_shows_sums_by_period_newsletter_and_source(client, site) -> None:
    client.force_login(make_user("Editors"))
    reader = make_subscription(site.newsletter, "ann@example.org")
    page = client.get("/admin/readers/").text
    assert "<strong>1</strong> reader gets" in page and "The Weekly" in page
    assert "not noted" in page and "1 came, 0 left" in page
    for query in (f"?newsletter={site.newsletter.pk}&span=months", "?newsletter=x&span=ever"):
        assert client.get(f"/admin/readers/{query}").status_code == 200
    assert reader.subscriber.email not in page


def test_page_asks_nothing_of_the_readers_themselves(client, site) -> None:
    client.force_login(make_user("Editors"))
    make_subscription(site.newsletter)
    asked = sql_of(lambda: client.get("/admin/readers/"))
    assert asked and not [query for query in asked if '"subscriptions_subscription"' in query]
