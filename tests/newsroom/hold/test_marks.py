"""What tells a restored database from one that was only started again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies

from newsroom.hold.marks import AGAIN, BEHIND, ELSEWHERE, LAG, NEW, Identity, Mark, Noted, judge

NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
HERE = Identity(cluster=7, database=16384, table=16400)
NOTED = Noted(HERE, timeline=1, mark=Mark(100, NOON))


def later(count: int, **by: float) -> Mark:
    return Mark(100 + count, NOON + timedelta(**by))


@pytest.mark.parametrize(
    ("what", "noted", "found", "timeline", "outside", "why"),
    [
        ("a first start", None, HERE, 1, None, ""),
        ("an ordinary start", NOTED, HERE, 1, NOTED.mark, ""),
        ("a fresh host, or Redis emptied", NOTED, HERE, 1, None, ""),
        ("an old Redis", NOTED, HERE, 1, later(-50, minutes=-4), ""),
        ("a replica takes over", NOTED, HERE, 2, NOTED.mark, ""),
        ("a replica that lagged", NOTED, HERE, 2, later(4, seconds=3), ""),
        ("recovery to a point in time", NOTED, HERE, 2, later(900, hours=1), BEHIND),
        ("an old snapshot of the disk", NOTED, HERE, 1, later(1, seconds=5), BEHIND),
        ("a dump in the same database", NOTED, HERE._replace(table=9), 1, NOTED.mark, AGAIN),
        ("a dump in a new database", NOTED, Identity(7, 2, 3), 1, None, ELSEWHERE),
        ("a dump on another server", NOTED, Identity(8, 16384, 16400), 1, None, ELSEWHERE),
        ("the marks of another database", None, HERE, 1, later(0), NEW),
    ],
)
def test_what_was_done_to_it(what, noted, found, timeline, outside, why) -> None:
    assert judge(noted, found, timeline, outside) == why


numbers = strategies.integers(1, 3)
identities = strategies.builds(Identity, numbers, numbers, numbers)


@given(
    identities, identities, numbers, numbers, strategies.integers(-5, 5), strategies.floats(0, 99)
)
def test_goes_on_only_where_nothing_is_lost_or_a_replica_took_over(
    was, found, timeline, now, ahead, seconds
) -> None:
    noted = Noted(was, timeline, Mark(100, NOON))
    why = judge(noted, found, now, later(ahead, seconds=seconds))
    lost = ahead > 0
    failover = now > timeline and timedelta(seconds=seconds) <= LAG
    assert (why == "") is (was == found and (not lost or failover))
