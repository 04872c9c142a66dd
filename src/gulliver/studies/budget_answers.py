"""What points of error against budget answer: the best size for each budget, and what beats a larger model's single answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from gulliver.studies.budgets import Point
from gulliver.studies.curves import resampled

Currency = Literal["flops", "seconds"]
_PLAIN = {"greedy", "sample", "majority"}


@dataclass(frozen=True)
class Best:
    """The point of least error that a budget buys (of equals the cheapest), and in which share of resamples of the items the
    best one is of the same model."""

    budget: float
    point: Point
    sure: float


@dataclass(frozen=True)
class Difference:
    """Share right of a point less that of another, on the same items; the intervals of one list hold together."""

    point: Point
    other: Point
    value: float
    low: float
    high: float

    @property
    def told(self) -> str:
        """`better`, `worse` or `cannot tell`."""
        return "better" if self.low > 0.0 else "worse" if self.high < 0.0 else "cannot tell"


@dataclass(frozen=True)
class Beaten:
    """Whether something cheaper than the larger model's single answer is better than it.

    Attributes:
        single: the larger model's greedy answer.
        better: cheaper points of smaller models that are better for sure, the best first.
        nearest: the cheaper point with the highest share right, None where none is cheaper.
    """

    single: Point
    better: tuple[Difference, ...]
    nearest: Difference | None
    currency: Currency

    @property
    def sentence(self) -> str:
        """The answer, with its numbers."""
        unit = "FLOPs" if self.currency == "flops" else "seconds"
        cost = getattr(self.single, self.currency)
        asked = f"{self.single.model}'s single answer (error {self.single.error:.3f} for {cost:.3g} {unit})"
        if self.nearest is None:
            return f"No use of a smaller model costs fewer {unit} than {asked}."
        found = self.better[0] if self.better else self.nearest
        price = getattr(found.point, self.currency)
        told = (
            f"{found.point.name} (error {found.point.error:.3f} for {price:.3g} {unit}; "
            f"{found.value:+.3f} right, {found.low:+.3f} to {found.high:+.3f})"
        )
        if self.better:
            rest = f", and {len(self.better) - 1} others" if len(self.better) > 1 else ""
            return f"{asked} is beaten for fewer {unit} by {told}{rest}."
        if found.high < 0.0:
            return f"Nothing cheaper beats {asked}; the best of a smaller model for fewer {unit} is {told}."
        return f"Whether anything cheaper beats {asked} cannot be told; the best of a smaller model for fewer {unit} is {told}."


def best_at(points: Sequence[Point], currency: Currency = "flops", budgets: int = 8, seed: int = 0) -> list[Best]:
    """The best point at each of some budgets, evenly spaced in their logarithm; points that know the answer are left out."""
    fair = [point for point in points if not point.oracle and getattr(point, currency) > 0]
    if not fair:
        return []
    costs = np.array([getattr(point, currency) for point in fair])
    shares = resampled([str(i) for i in range(len(fair[0].right))], seed)
    errors = shares @ (1.0 - np.array([point.right for point in fair]).T)
    # Where error and cost are equal in a resample the first stands for both; cheaper ones come first.
    order = np.argsort(costs, kind="stable")
    models = np.array([point.model for point in fair])
    found = []
    for budget in np.geomspace(costs.min(), costs.max(), budgets):
        open_ = order[costs[order] <= budget * (1 + 1e-9)]
        best = min(open_, key=lambda i: round(fair[i].error, 12))
        sure = float((models[open_[errors[:, open_].argmin(axis=1)]] == models[best]).mean())
        found.append(Best(float(budget), fair[best], sure))
    return found


def beats_single(
    points: Sequence[Point], larger: str, currency: Currency = "flops", confidence: float = 0.95, seed: int = 0
) -> Beaten:
    """What smaller models give for less than the larger model's greedy answer costs, compared with it on the same items.

    Raises:
        ValueError: the larger model has no greedy answer among the points.
    """
    single = next((p for p in points if p.model == larger and p.rule == "greedy"), None)
    if single is None:
        raise ValueError(f"there is no single answer of {larger}")
    cheaper = [
        p
        for p in points
        if p.parameters < single.parameters and not p.oracle and getattr(p, currency) < getattr(single, currency)
    ]
    found = sorted(differences([(p, single) for p in cheaper], confidence, seed), key=lambda d: -d.value)
    return Beaten(single, tuple(d for d in found if d.low > 0.0), found[0] if found else None, currency)


def added(points: Sequence[Point], confidence: float = 0.95, seed: int = 0) -> list[Difference]:
    """What each strategy adds, at the most draws there are of it, to the plain vote of the same model for at most its FLOPs."""
    most: dict[tuple[str, str], Point] = {}
    for point in points:  # a rule's points come in the order of their draws
        if not point.oracle and point.rule not in _PLAIN:
            most[point.model, point.rule] = point
    pairs = [(point, vote) for point in most.values() if (vote := vote_for(points, point)) is not None]
    return differences(pairs, confidence, seed)


def vote_for(points: Sequence[Point], point: Point) -> Point | None:
    """The plain vote of the same model for at most a point's FLOPs; None where they do not buy one draw."""
    return at_budget(points, point.model, "majority", point.flops)


def differences(
    pairs: Sequence[tuple[Point, Point]], confidence: float = 0.95, seed: int = 0, together: bool = True
) -> list[Difference]:
    """Each pair's difference of shares right, over the same items, with intervals that hold `together` at that confidence.

    A bootstrap over items, expanded for few items; the width is the quantile of the largest studentised deviation of all
    pairs (max-t, Westfall and Young 1993). The standard error never falls below that of one item being otherwise.
    """
    if not pairs:
        return []
    gaps = np.array([np.subtract(a.right, b.right) for a, b in pairs])
    n = gaps.shape[1]
    shares = resampled([str(i) for i in range(n)], seed)
    value = gaps.mean(axis=1)
    least = 1.0 / n
    error = np.maximum(gaps.std(axis=1) / np.sqrt(max(1, n - 1)), least / 2)
    deviations = np.abs(shares @ gaps.T - value) / error
    if together:
        deviations = np.broadcast_to(deviations.max(axis=1, keepdims=True), deviations.shape)
    width = np.quantile(deviations, confidence, axis=0) * np.sqrt(n / max(1, n - 1))
    reach = np.maximum(width, float(stats.t.ppf((1.0 + confidence) / 2.0, max(1, n - 1)))) * error
    return [_difference(pair, value[i], float(reach[i])) for i, pair in enumerate(pairs)]


def _difference(pair: tuple[Point, Point], value: float, reach: float) -> Difference:
    return Difference(*pair, float(value), max(-1.0, float(value) - reach), min(1.0, float(value) + reach))


def at_budget(
    points: Sequence[Point], model: str, rule: str, most: float, currency: Currency = "flops"
) -> Point | None:
    """The most draws of one rule that a budget buys; None when it buys none. `sample` stands for one draw of any vote."""
    names = {rule, "sample"}
    open_ = [p for p in points if p.model == model and p.rule in names and getattr(p, currency) <= most * (1 + 1e-9)]
    return max(open_, key=lambda p: p.k) if open_ else None
