"""Does one variant bring more gifts than another? An answer that may be looked at every day.

Whoever looks at a usual test (“95 %”) each day until it says yes finds a difference in every third
experiment that has none. Here the interval is right at all times at once: in 19 of 20 experiments
the truth never leaves it, however often somebody looks, so it may be stopped by what it says. It is
an asymptotic confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, “Time-uniform
central limit theory and asymptotic confidence sequences”, Annals of Statistics, 2024
(arXiv:2103.06476), in the form of Robbins' normal mixture, whose width is ``std_conjmix_margin`` in
the authors' own package for R, drconfseq; for the difference of two shares, of as many pairs as the
smaller of the two has.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt

MISTAKES = 0.05  # of experiments in which the truth leaves the interval, ever; of all comparisons
FEWEST = 30  # gifts on the two sides together; before, no normal law holds
# Where the interval is narrowest: few readers give, so it takes some ten thousands to see anything.
NARROWEST_AT = 20_000


class Answer(StrEnum):
    OPEN = "open"  # go on
    MORE = "more"
    LESS = "less"
    SAME = "same"  # no difference that would matter


@dataclass(frozen=True)
class Shares:
    """Of so many times that it was shown, how many gave."""

    shown: int
    gave: int

    @property
    def rate(self) -> float:
        return self.gave / self.shown if self.shown else 0.0


@dataclass(frozen=True)
class Comparison:
    """With the first variant. ``low`` and ``high`` bound the difference of the shares."""

    difference: float
    low: float
    high: float
    answer: Answer

    @property
    def is_bounded(self) -> bool:
        return self.high - self.low < 2


def compare(first: Shares, other: Shares, matters: float, comparisons: int = 1) -> Comparison:
    """``matters``: the least difference that is worth a change; when the interval lies between it
    and its opposite, the answer is that there is none. With three variants there are two
    ``comparisons``, and the mistakes are shared among them (Bonferroni)."""
    difference = other.rate - first.rate
    if not (first.shown and other.shown) or first.gave + other.gave < FEWEST:
        return Comparison(difference, -1.0, 1.0, Answer.OPEN)
    margin = _margin(first, other, MISTAKES / comparisons)
    low, high = max(-1.0, difference - margin), min(1.0, difference + margin)
    return Comparison(difference, low, high, _answer(low, high, matters))


def _answer(low: float, high: float, matters: float) -> Answer:
    if low > 0:
        return Answer.MORE
    if high < 0:
        return Answer.LESS
    return Answer.SAME if -matters < low and high < matters else Answer.OPEN


def _margin(first: Shares, other: Shares, mistakes: float) -> float:
    pairs = min(first.shown, other.shown)
    variance = sum(one.rate * (1 - one.rate) * pairs / one.shown for one in (first, other))
    return _wide(variance, pairs, mistakes)


def pairs_needed(first: Shares, other: Shares, matters: float, comparisons: int = 1) -> int:
    """Of times that each is shown, until “no difference that matters” can be said if there is none
    and readers go on giving as they did: the longest that an experiment has to last. 0: nobody
    gave yet, who knows."""
    if not (first.gave + other.gave):
        return 0
    rate = (first.gave + other.gave) / (first.shown + other.shown)
    variance, pairs = 2 * rate * (1 - rate), 1000
    while _wide(variance, pairs, MISTAKES / comparisons) >= matters:
        pairs *= 2
    low = pairs // 2
    while pairs - low > pairs // 100:
        middle = (low + pairs) // 2
        if _wide(variance, middle, MISTAKES / comparisons) < matters:
            pairs = middle
        else:
            low = middle
    return pairs


def _wide(variance: float, pairs: int, mistakes: float) -> float:
    """To each side; with ρ² such that it is narrowest near NARROWEST_AT."""
    rho = (-2 * log(mistakes) + log(-2 * log(mistakes)) + 1) / NARROWEST_AT
    scale = 2 * (pairs * rho + 1) / (pairs**2 * rho) * log(sqrt(pairs * rho + 1) / mistakes)
    return sqrt(variance * scale)
