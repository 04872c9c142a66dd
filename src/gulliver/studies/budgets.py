"""Error against budget: every strategy at every number of draws, read from one pool of draws of each model."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import nan
from typing import Any

import numpy as np

from gulliver.studies.budget_pools import ItemPool, ModelPool, Priced
from gulliver.studies.curves import resampled
from gulliver.studies.subsets import Floats, best_of_at, majority_at, pass_at, weighted_at

LEAST = 1e-9
"""The weight of a draw whose score is 0, or that a tool refuted: it decides only where no other draw does."""
Rule = Callable[[int, ItemPool], Floats]


@dataclass(frozen=True)
class Point:
    """One way to use one model: the mean over items.

    Attributes:
        rule: the strategy, `greedy` for a single answer; k: draws of an item it takes.
        oracle: whether it chooses with the right answer known (`pass`), which no strategy can.
        error, low, high: share not right, with an interval over items.
        flops: of one item; seconds: those FLOPs at the median item's pace, so that the machine's bad hour does not count.
        right: by item, the probability that it is right.
    """

    model: str
    parameters: int
    rule: str
    k: int
    error: float
    low: float
    high: float
    flops: float
    seconds: float
    right: tuple[float, ...]
    oracle: bool = False

    @property
    def name(self) -> str:
        """As it is told: `smollm2-135m, majority of 4`."""
        return (
            f"{self.model}, {self.rule}"
            if self.k == 1 or "(" in self.rule
            else f"{self.model}, {self.rule} of {self.k}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def budget_points(pools: Sequence[ModelPool], confidence: float = 0.95, seed: int = 0) -> list[Point]:
    """All points of all models. The pools must be of the same items.

    Raises:
        ValueError: there are no items, or not the same number of each model.
    """
    counts = {len(pool.items) for pool in pools}
    if len(counts) != 1 or counts == {0}:
        raise ValueError("pools must be of the same items, at least one")
    shares = resampled([f"{item.pool.group}\x00{item.pool.item}" for item in pools[0].items], seed)
    made: list[Point] = []
    for pool in pools:
        made += _points(pool, shares, confidence)
    return made


def rules_of(item: ItemPool) -> dict[str, tuple[Rule, str]]:
    """The rules that a pool allows, by name, and the scorer whose cost each has to bear ("" for none)."""
    rules: dict[str, tuple[Rule, str]] = {"pass": (_pass, ""), "majority": (_majority, "")}
    for name in item.scores:
        rules[f"weighted_majority by {name}"] = (partial(_weighted, by=name), name)
        rules[f"best_of by {name}"] = (partial(_best, by=name), name)
    if "tool" in item.scores:
        rules["t1 by calculator"] = (_passed, "tool")
    return rules


def _points(pool: ModelPool, shares: Floats, confidence: float) -> list[Point]:
    def point(rule: str, k: int, right: Floats, prices: Sequence[Priced]) -> Point:
        tail = (1.0 - confidence) / 2.0
        low, high = np.quantile(shares @ (1.0 - right), [tail, 1.0 - tail])
        error = 1.0 - float(right.mean())
        flops, seconds = _typical(prices)
        ends = (min(error, float(low)), max(error, float(high)))
        values = tuple(right.tolist())
        return Point(pool.model, pool.parameters, rule, k, error, *ends, flops, seconds, values, rule == "pass")

    single = np.array([float(item.single) for item in pool.items])
    made = [point("greedy", 1, single, [item.greedy for item in pool.items])]
    for rule, (at, scorer) in rules_of(pool.items[0]).items():
        values = np.array([at(place, item) for place, item in enumerate(pool.items)])
        for k in range(1, values.shape[1] + 1):
            if k > 1 or rule == "majority":  # of one draw there is nothing to choose
                made.append(
                    point("sample" if k == 1 else rule, k, values[:, k - 1], [_price(i, k, scorer) for i in pool.items])
                )
    for name in pool.items[0].whole:
        right = np.array([float(item.whole[name][0]) for item in pool.items])
        made.append(point(name, 1, right, [item.whole[name][1] for item in pool.items]))
    return made


def _typical(prices: Sequence[Priced]) -> tuple[float, float]:
    """Mean FLOPs of an item, and their seconds at the median pace; the mean of the seconds where no FLOPs are known."""
    flops = float(np.mean([price.flops for price in prices]))
    paces = [price.seconds / price.flops for price in prices if price.flops]
    return flops, flops * float(np.median(paces)) if paces else float(np.mean([price.seconds for price in prices]))


def _price(item: ItemPool, k: int, scorer: str) -> Priced:
    return item.draw.times(k) + item.score.get(scorer, Priced()).times(k)


def _pass(_: int, item: ItemPool) -> Floats:
    pool = item.pool
    return pass_at(sum(answer >= 0 and pool.right[answer] for answer in pool.answers), len(pool.answers))


def _majority(_: int, item: ItemPool) -> Floats:
    pool = item.pool
    votes = [pool.answers.count(answer) for answer in range(len(pool.right))]
    return majority_at(votes, pool.right, len(pool.answers))


def _weighted(place: int, item: ItemPool, by: str) -> Floats:
    weights = [max(LEAST, score) if score is not None else 1.0 for score in item.scores[by]]
    return weighted_at(item.pool.answers, weights, item.pool.right, seed=place)[0]


def _best(_: int, item: ItemPool, by: str) -> Floats:
    pool = item.pool
    worth = [nan if score is None else score for score in item.scores[by]]
    return best_of_at([answer >= 0 and pool.right[answer] for answer in pool.answers], worth)


def _passed(place: int, item: ItemPool) -> Floats:
    """A vote of the draws that the calculator does not refute, of all where it refutes each: as `t1(tool=calculator)`."""
    weights = [1.0 if score is None or score >= 0.5 else LEAST for score in item.scores["tool"]]
    return weighted_at(item.pool.answers, weights, item.pool.right, seed=place)[0]
