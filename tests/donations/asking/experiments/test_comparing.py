import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donations.asking.experiments.comparing import FEWEST, MISTAKES, Answer, Shares, compare

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
SHARES = st.integers(0, 10**6).flatmap(
    lambda shown: st.builds(Shares, st.just(shown), st.integers(0, shown))
)


@given(SHARES, SHARES, st.floats(0.0001, 0.1), st.integers(1, 3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_answer_is_one_whichever_is_first(one, other, matters, comparisons) -> None:
    there = compare(one, other, matters, comparisons)
    back = compare(other, one, matters, comparisons)
    assert -1 <= there.low <= there.difference <= there.high <= 1
    opposite = {Answer.MORE: Answer.LESS, Answer.LESS: Answer.MORE}
    assert back.answer == opposite.get(there.answer, there.answer)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    if one.gave + other.gave < FEWEST:
        assert there.answer == Answer.OPEN


@given(st.integers(100, 10**5), st.floats(0.02, 0.5), st.floats(0.02, 0.5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_more_readers_tell_more_and_more_comparisons_less(shown, some, others) -> None:
    def width(times: int, comparisons: int = 1) -> float:
        shares = (Shares(shown * times, round(shown * rate) * times) for rate in (some, others))
        found = compare(*shares, 0.01, comparisons)
        return found.high - found.low

    assert width(10) <= width(1) <= width(1, 3)


def looked_at_daily(rng: Random, rates: tuple[float, float], matters: float) -> tuple[Answer, bool]:
    """Forty days of some hundred readers: the first answer; and was the truth ever outside?"""
    seen = [[0, 0], [0, 0]]
    answer, outside = Answer.OPEN, False
    for _ in range(40):
        for side, rate in zip(seen, rates, strict=True):
            many = rng.randrange(400, 800)
            side[0] += many
            side[1] += sum(rng.random() < rate for _ in range(many))
        found = compare(Shares(*seen[0]), Shares(*seen[1]), matters)
        outside = outside or not found.low <= rates[1] - rates[0] <= found.high
        answer = found.answer if answer == Answer.OPEN else answer
    return answer, outside


def test_who_looks_every_day_is_not_misled() -> None:
    """A usual test of 95 % would be, in every third or fourth of these."""
    rng = Random(7)
    walks = [looked_at_daily(rng, (0.02, 0.02), 0.001) for _ in range(60)]
    assert sum(outside for _, outside in walks) <= 60 * MISTAKES
    assert sum(answer in (Answer.MORE, Answer.LESS) for answer, _ in walks) <= 60 * MISTAKES


def test_what_is_better_is_found_and_so_is_that_nothing_is() -> None:
    rng = Random(8)
    assert looked_at_daily(rng, (0.02, 0.03), 0.001)[0] == Answer.MORE
    assert looked_at_daily(rng, (0.03, 0.02), 0.001)[0] == Answer.LESS
    assert looked_at_daily(rng, (0.02, 0.02), 0.006)[0] == Answer.SAME
    assert compare(Shares(0, 0), Shares(0, 0), 0.01).answer == Answer.OPEN
