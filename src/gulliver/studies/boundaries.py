"""Where a race may stop: counts that the truth on the wrong side of a target would rarely reach, computed exactly.

Items asked in random order make the count of right answers a Markov chain: drawn from a pool without replacement, the
next is right with chance (S - s) / (N - n). An error level is spent along the items (Lan & DeMets 1983), and each
stopping count is the smallest whose chance of a first crossing fits in what was spent so far; the chance is summed over
all paths, so no level is lost to a bound. As chains from pools with more right answers run above one another, the
pool closest to the target is the worst case. See docs/how-the-answer-is-computed.md.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

NEVER = 1 << 40
_DUST = 1e-10


@dataclass(frozen=True)
class Spending:
    """How much of a level may be spent by item n: a power of the information, and a small rest for late items.

    Attributes:
        scale: effective items (n / (1 - n/N), as many as n are worth of a population) when the main part is spent.
        exponent: of the information in the main part; smaller spends earlier, in favour of easy recipes.
        late: part kept for items after `scale`, so that a study with larger limits can go on from where it stopped.
    """

    scale: float
    exponent: float
    late: float = 0.0

    def __call__(self, n: int, pool: int | None) -> float:
        if pool is not None and n >= pool:
            return 1.0
        x = (n if pool is None else n / (1.0 - n / pool)) / self.scale
        return float((1.0 - self.late) * min(1.0, x**self.exponent) + self.late * x / (x + 3.0))


class _Chain:
    """The counts still in the race after n items, with their chances; counts from `base` on."""

    def __init__(self, truth: float, pool: int | None) -> None:
        self.truth, self.pool = truth, pool
        self.n, self.base = 0, 0
        self.chances: NDArray[np.float64] = np.ones(1)

    def step(self) -> None:
        p = self.chances
        if self.pool is None:
            up = p * self.truth
        else:
            counts = self.base + np.arange(len(p))
            up = p * np.clip((self.truth - counts) / (self.pool - self.n), 0.0, 1.0)
        new = np.zeros(len(p) + 1)
        new[1:] = up
        new[:-1] += p - up
        self.chances, self.n = new, self.n + 1

    def cut_low(self, mass: float) -> float:
        """Drop the lowest counts, of at most `mass` together; returns the mass dropped."""
        below = np.cumsum(self.chances)
        k = int(np.searchsorted(below, mass, side="right"))
        self.base += k
        self.chances = self.chances[k:]
        return float(below[k - 1]) if k else 0.0

    def cut_high(self, mass: float, keep: int = 0) -> float:
        """Drop the highest counts, of at most `mass` together and leaving counts below `keep`."""
        above = np.cumsum(self.chances[::-1])
        k = int(np.searchsorted(above, mass, side="right"))
        k = max(0, min(k, self.base + len(self.chances) - keep))
        self.chances = self.chances[: len(self.chances) - k]
        return float(above[k - 1]) if k else 0.0

    @property
    def end(self) -> int:
        return self.base + len(self.chances)


class _Counts(ABC):
    """A count for each n, worked out as far as it is asked for."""

    _counts: list[int]

    def at(self, n: int) -> int:
        """The count at n items (from 1 to the pool's size)."""
        while len(self._counts) <= n:
            self._extend()
        return self._counts[n]

    def table(self, horizon: int) -> NDArray[np.int64]:
        """`at` for n = 0 .. horizon."""
        self.at(horizon)
        return np.array(self._counts[: horizon + 1], dtype=np.int64)

    @abstractmethod
    def _extend(self) -> None:
        """Append the next count."""


class Boundary(_Counts):
    """The smallest count of right answers at each n that decides, with chance at most `level` of ever being reached under `truth`.

    Args:
        truth: right answers in the pool, or the population's rate, of the worst case on the wrong side.
        within: a boundary of a higher level that this one must not be looser than at any n; crossing this one then
            implies having crossed that one.
    """

    def __init__(
        self, truth: float, pool: int | None, level: float, spending: Spending, within: "Boundary | None" = None
    ) -> None:
        self.level, self.pool = level, pool
        self._spending, self._within = spending, within
        self._chain = _Chain(truth, pool)
        self._used = 0.0
        self._counts = [NEVER]

    def _extend(self) -> None:
        chain = self._chain
        chain.step()
        allowed = self.level * self._spending(chain.n, self.pool) - self._used
        keep = self._within.at(chain.n) if self._within is not None else 0
        self._used += chain.cut_high(allowed, keep)
        self._counts.append(max(chain.end, keep))
        self._used += chain.cut_low(_DUST * self.level)


class Futility(_Counts):
    """The largest count at each n at which crossing `boundary` is given up, though `truth` (on its far side) holds.

    Under `truth` the chance of ever giving up before crossing is at most `loss`. Giving up costs power, never validity.
    """

    def __init__(self, truth: float, boundary: Boundary, loss: float, spending: Spending) -> None:
        self._boundary, self._loss, self._spending = boundary, loss, spending
        self._chain = _Chain(truth, boundary.pool)
        self._used = 0.0
        self._counts = [-1]

    def _extend(self) -> None:
        chain, n = self._chain, len(self._counts)
        if not len(chain.chances):
            self._counts.append(NEVER)
            return
        chain.step()
        chain.cut_high(2.0, self._boundary.at(n))
        before = chain.base
        self._used += chain.cut_low(self._loss * self._spending(n, self._boundary.pool) - self._used)
        self._counts.append(chain.base - 1 if chain.base > before or self._counts[-1] >= 0 else -1)
        if len(chain.chances):
            chain.cut_high(_DUST * self._loss)


@dataclass(frozen=True)
class Design:
    """How trials spend: tuned by benchmarks.race for few items at 90 % power at `gap`.

    Attributes:
        gap: distance from the target that is worth settling; closer recipes are given up when they look closer.
        loss: chance of giving up a recipe exactly `gap` away before `cap`.
        exponent, scale, late: of the spending of error; `scale` in units of `reference`.
        give_up_exponent, give_up_scale: of the spending of `loss`.
        cap: give up at the latest after so many effective items, in units of `reference`.
    """

    gap: float = 0.05
    loss: float = 0.09
    exponent: float = 0.9
    scale: float = 1.3
    late: float = 0.03
    give_up_exponent: float = 1.5
    give_up_scale: float = 0.8
    cap: float = 1.5

    def reference(self, target: float, level: float) -> float:
        """Effective items that a fixed sample needs to settle `gap` with 90 % power: the clock of all spending."""
        return _reference(self.gap, target, level)

    def spending(self, target: float, level: float, pool: int | None) -> Spending:
        """On a clock that a pool too small for `gap` shortens, so that it too can stop before its end."""
        clock = self.reference(target, level)
        return Spending(self.scale * (clock if pool is None else min(clock, 2.0 * pool)), self.exponent, self.late)

    def giving_up(self, target: float, level: float) -> Spending:
        return Spending(self.give_up_scale * self.reference(target, level), self.give_up_exponent)

    def last(self, target: float, level: float, pool: int | None) -> int:
        """The item after which a trial that is still open is given up."""
        effective = self.cap * self.reference(target, level)
        return math.ceil(effective if pool is None else effective / (1.0 + effective / pool))

    def finishes(self, target: float, level: float, pool: int) -> bool:
        """Whether a pool is so small that, once half of it was asked, the rest is asked too and settles exactly."""
        return self.reference(target, level) >= 2 * pool


@lru_cache(maxsize=4096)
def _reference(gap: float, target: float, level: float) -> float:
    variance = max(target * (1.0 - target), 0.02)
    return float((norm.isf(level) + norm.isf(0.1)) / gap) ** 2 * variance


def needed_right(target: float, pool: int) -> int:
    """The fewest right answers in a pool that meet the target."""
    return math.ceil(target * pool - 1e-9)


@lru_cache(maxsize=4096)
def accepting(target: float, pool: int | None, level: float, design: Design) -> Boundary:
    """Right answers that show the target is met; a recipe below it gets there with chance at most `level`."""
    truth = target if pool is None else needed_right(target, pool) - 1
    return Boundary(truth, pool, level, design.spending(target, level, pool))


@lru_cache(maxsize=4096)
def rejecting(target: float, pool: int | None, levels: tuple[float, ...], design: Design) -> Boundary:
    """Wrong answers that show the target is missed, at the last of falling `levels`, nested in the ones before it."""
    truth = 1.0 - target if pool is None else pool - needed_right(target, pool)
    within = rejecting(target, pool, levels[:-1], design) if len(levels) > 1 else None
    return Boundary(truth, pool, levels[-1], design.spending(target, levels[-1], pool), within)


@lru_cache(maxsize=4096)
def giving_up(target: float, boundary: Boundary, design: Design, right: bool) -> Futility:
    """Counts (of right answers, or of wrong ones) so low that a recipe `gap` beyond the target would rarely have them."""
    beyond = min(1.0, (target if right else 1.0 - target) + design.gap)
    truth = beyond if boundary.pool is None else min(boundary.pool, round(beyond * boundary.pool))
    return Futility(truth, boundary, design.loss, design.giving_up(target, boundary.level))


def crossing_chance(boundary: Boundary, truth: float, horizon: int) -> float:
    """Chance that a recipe of the given truth (right answers in the pool, or a rate) crosses within `horizon` items."""
    chain = _Chain(truth, boundary.pool)
    crossed = 0.0
    for n in range(1, horizon + 1):
        chain.step()
        crossed += chain.cut_high(2.0, boundary.at(n))
        if not len(chain.chances):
            break
        chain.cut_low(_DUST)
    return crossed
