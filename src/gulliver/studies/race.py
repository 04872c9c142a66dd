"""The race's referee: which recipes meet the target, with one error shared by everything an answer says.

Each recipe has a trial: an accepting test of "below the target" and a rejecting test of "meets it". Levels are dealt
so that for any number of recipes, however their outcomes depend on one another,
P(some verdict is wrong) <= sum of accepting levels + sum of rejecting levels = alpha:

- The i-th recipe tried may be accepted at level a_i, and a_1 + ... + a_K is the accepting share (a union bound over
  the recipes below the target).
- A recipe tried when u earlier ones were left without rejection may be rejected at level r_u, with r_0 >= r_1 >= ...
  adding up to the rejecting share. Rejections need no level of their own: as long as no verdict is wrong, the m-th
  good recipe comes after m - 1 good ones that were not rejected, so u >= m - 1; rejecting boundaries are nested, so its
  wrong rejection crosses the boundary of level r_(m-1) too; and the sum over m is at most the share.

Both hold for every trial in the study, whether or not it goes on after a first recipe is accepted.
"""

import math
from collections.abc import Iterable
from typing import Literal

import numpy as np

from gulliver.studies.boundaries import Design, accepting, giving_up, rejecting
from gulliver.studies.confidence import Capital, interval

TrialVerdict = Literal["meets", "rejected", "undecided"]
AnswerKind = Literal["meets", "none", "not settled"]

ACCEPTING_SHARE = 0.5
REJECTING_FALL = 0.3


class Trial:
    """One recipe against the target; take scores in the order asked and read `verdict` after each.

    Args:
        target: the mean score to reach.
        accept_level: chance allowed of accepting a recipe below the target, over all items.
        reject_levels: falling levels; the last is the chance allowed of rejecting a recipe that meets the target. The
            ones before it keep boundaries nested (see the module).
        pool: items in the pool that the answer is about; None for a population.
        binary: scores are 0 or 1; otherwise anywhere in [0, 1], taken as (difference + 1) / 2 of a pair of recipes: a gap
            as large as the margin, which a recipe equal to the reference has, is worth settling.
        limit: items that will be asked at most; only giving up depends on it, never a verdict.
        confidence: of `interval`.
    """

    def __init__(
        self,
        target: float,
        accept_level: float,
        reject_levels: tuple[float, ...],
        pool: int | None,
        binary: bool = True,
        limit: int | None = None,
        design: Design | None = None,
        confidence: float = 0.95,
    ) -> None:
        self.target, self.pool, self.binary, self.confidence = target, pool, binary, confidence
        self.limit = limit if limit is not None else pool
        self.design = design or (Design() if binary else Design(gap=max(0.5 - target, 0.005)))
        self.accept_level, self.reject_level = accept_level, reject_levels[-1]
        self.verdict: TrialVerdict = "undecided"
        self.scores: list[float] = []
        self._sum = 0.0
        self._squares = 0.0
        if binary:
            self._accept = accepting(target, pool, accept_level, self.design)
            self._reject = rejecting(target, pool, reject_levels, self.design)
        else:
            self._above, self._below = _bettors(target, pool)

    @property
    def n(self) -> int:
        return len(self.scores)

    def update(self, score: float) -> None:
        """Take the next item's score. A verdict, once reached, stays."""
        self.scores.append(float(score))
        self._sum += score
        self._squares += score * score
        if self.verdict == "undecided":
            self.verdict = self._judge_counts() if self.binary else self._judge_capital(float(score))

    def play(self, scores: Iterable[float], give_up: bool = True, every: int = 1) -> int:
        """Take scores until there is a verdict or, with `give_up`, no hope of one (looked at `every` so many); how many were taken."""
        for score in scores:
            self.update(score)
            if self.verdict != "undecided" or (give_up and self.n % every == 0 and self.hopeless):
                break
        return self.n

    def interval(self) -> tuple[float, float]:
        """Where the mean score is, at this trial's confidence; for the eye, verdicts don't come from it."""
        return interval(self.scores, self.pool, 1.0 - self.confidence)

    @property
    def hopeless(self) -> bool:
        """Whether to leave the recipe undecided: it looks closer to the target than what is worth settling, or too
        close for the items that may still be asked."""
        if self.verdict != "undecided" or self.n == 0:
            return False
        pool, level = self.pool, min(self.accept_level, self.reject_level)
        whole = pool is not None and self.limit is not None and self.limit >= pool
        if whole and pool is not None and 2 * self.n >= pool and self.design.finishes(self.target, level, pool):
            return False
        if self.limit is not None and not whole and not self._reachable(self.limit - self.n):
            return True
        if self.binary:
            if self.n >= self.design.last(self.target, level, pool):
                return True
            right = round(self._sum)
            up = giving_up(self.target, self._accept, self.design, True).at(self.n)
            return right <= up and self.n - right <= giving_up(self.target, self._reject, self.design, False).at(self.n)
        if self.n < 30:
            return False
        return abs(self._mean - self.target) + 1.3 * self._error(self.n) <= self.design.gap

    @property
    def needed(self) -> int | None:
        """About how many more items would settle it at the mean seen so far; None when no number would.

        For a pool, what is left of it always would.
        """
        if self.verdict != "undecided":
            return 0
        left = None if self.pool is None else self.pool - self.n
        gap = abs(self._mean - self.target)
        if gap < 1e-6:
            return left
        level = self.accept_level if self._mean >= self.target else self.reject_level
        wanted = 2.0 * math.log(1.0 / level) * max(self._variance, 1e-3) / gap**2
        if self.pool is not None:
            return max(1, min(self.pool - self.n, math.ceil(wanted / (1.0 + wanted / self.pool)) - self.n))
        return max(1, math.ceil(wanted) - self.n)

    @property
    def _mean(self) -> float:
        return self._sum / self.n if self.n else 0.5

    @property
    def _variance(self) -> float:
        """Of one score, with one made-up item at each end so that few equal scores don't look certain."""
        if self.binary:
            rate = (self._sum + 1.0) / (self.n + 2.0)
            return rate * (1.0 - rate)
        return max(self._squares / self.n - self._mean**2, 0.0) + 0.25 / self.n

    def _error(self, n: int) -> float:
        """Standard error of the mean after n items."""
        rest = 1.0 if self.pool is None else max(0.0, 1.0 - n / self.pool)
        return math.sqrt(self._variance * rest / n)

    def _reachable(self, more: int) -> bool:
        """Whether `more` items can still settle it if they go 2.5 standard errors better, or worse, than so far."""
        if more <= 0:
            return False
        reach, end = 2.5 * self._error(self.n), self.n + more
        high = self._sum + more * min(1.0, self._mean + reach)
        low = self._sum + more * max(0.0, self._mean - reach)
        if self.binary:
            return high >= self._accept.at(end) or end - low >= self._reject.at(end)
        wanted = math.sqrt(2.0 * math.log(1.0 / max(self.accept_level, self.reject_level))) * self._error(end)
        return high / end - self.target >= wanted or self.target - low / end >= wanted

    def _judge_counts(self) -> TrialVerdict:
        right = round(self._sum)
        if right >= self._accept.at(self.n):
            return "meets"
        return "rejected" if self.n - right >= self._reject.at(self.n) else "undecided"

    def _judge_capital(self, score: float) -> TrialVerdict:
        self._above.update(score)
        self._below.update(1.0 - score)
        if self.pool is not None and self.n == self.pool:
            return "meets" if self._mean >= self.target - 1e-9 else "rejected"
        if float(self._above.log[0]) >= math.log(1.0 / self.accept_level):
            return "meets"
        return "rejected" if float(self._below.log[0]) >= math.log(1.0 / self.reject_level) else "undecided"


class Race:
    """Deals levels to trials, cheapest recipe first, and says what they come to.

    Args:
        alpha: the stated error, shared by everything the answer says.
        recipes: how many there are at most.
        limit: items of each that will be asked at most; None is the whole pool, or no limit for a population.
    """

    def __init__(
        self,
        target: float,
        alpha: float,
        recipes: int,
        pool: int | None,
        binary: bool = True,
        limit: int | None = None,
        design: Design | None = None,
    ) -> None:
        self.target, self.alpha, self.pool, self.binary, self.limit = target, alpha, pool, binary, limit
        self.design = design
        self.accept_levels, self.reject_levels = deal(alpha, recipes)
        self._given, self._left = 0, 0
        self._verdicts: list[TrialVerdict] = []

    def trial(self) -> Trial:
        """The trial of the next recipe; close the one before it first."""
        trial = Trial(
            self.target,
            self.accept_levels[self._given],
            self.reject_levels[: self._left + 1],
            self.pool,
            self.binary,
            self.limit,
            self.design,
            1.0 - self.alpha,
        )
        self._given += 1
        return trial

    def close(self, trial: Trial) -> None:
        """Take a trial's verdict, which may be left undecided."""
        self._verdicts.append(trial.verdict)
        self._left += trial.verdict != "rejected"

    def answer(self) -> AnswerKind:
        """`meets` if a recipe was accepted, `none` if all were rejected, else `not settled`."""
        if "meets" in self._verdicts:
            return "meets"
        everyone = len(self._verdicts) == len(self.accept_levels)
        return "none" if everyone and all(v == "rejected" for v in self._verdicts) else "not settled"


def deal(alpha: float, recipes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Accepting levels by position and rejecting levels by recipes left, both falling; together they add up to alpha."""
    i = np.arange(max(1, recipes))
    accept = 1.0 / (i + 0.5)
    reject = 0.9 * REJECTING_FALL**i / np.sum(REJECTING_FALL**i) + 0.1 / len(i)
    accept *= ACCEPTING_SHARE * alpha / accept.sum()
    reject *= (1.0 - ACCEPTING_SHARE) * alpha / reject.sum()
    return tuple(float(a) for a in accept), tuple(float(r) for r in reject)


def _bettors(target: float, pool: int | None) -> tuple[Capital, Capital]:
    return Capital(target, pool), Capital(1.0 - target, pool)
