"""Quality against the number of draws, for every rule that chooses among them, from one pool of draws.

The pool of n draws of each item holds all recipes of k <= n draws (see `subsets`): none of them asks the model again.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import numpy as np

from gulliver.studies.subsets import Floats, best_of_at, majority_at, pass_at, weighted_at

_RESAMPLES = 2000


@dataclass(frozen=True)
class Pool:
    """The draws of one item.

    Attributes:
        answers: by draw, the number of its answer; equal answers have one number, -1 is a draw without an answer.
        right: by answer.
        worth: by draw, the log-probability per token (nats) of its draft; None where the engine does not tell.
        group: items of one group (the variants of a question) are drawn together in the interval; "" stands alone.
    """

    item: str
    answers: tuple[int, ...]
    right: tuple[bool, ...]
    worth: tuple[float | None, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Curve:
    """The mean over items at k = 1 … n, with an interval.

    Attributes:
        name: `pass`, `majority`, `weighted` or `best_of`; how: what a point says.
        low, high: of what other items of the same kind would give, each with draws of its own (bootstrap over items).
        error: standard error of `value` as the mean over subsets; 0 where it is exact.
    """

    name: str
    how: str
    k: tuple[int, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    error: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


HOW = {
    "pass": "at least one of k draws is right",
    "majority": "the answer most of k draws agree on is right",
    "weighted": "the answer with most weight among k draws is right, a draw weighing its tokens' mean probability",
    "best_of": "the draw of k with the highest log-probability per token is right",
}


def draw_curves(pools: Sequence[Pool], confidence: float = 0.95, seed: int = 0) -> list[Curve]:
    """All curves of these pools; those that need log-probabilities only where every draft with an answer has one.

    Raises:
        ValueError: there are no pools, or they are not equally large.
    """
    sizes = {len(pool.answers) for pool in pools}
    if len(sizes) != 1 or sizes == {0}:
        raise ValueError("pools must hold the same number of draws, at least one")
    rules: dict[str, Callable[[int, Pool], tuple[Floats, Floats]]] = {"pass": _pass, "majority": _majority}
    if all(_tells(pool) for pool in pools):
        rules |= {"weighted": _weighted, "best_of": _best_of}
    shares = resampled([pool.group or f"\x00{pool.item}" for pool in pools], seed)
    return [_curve(name, [rule(i, pool) for i, pool in enumerate(pools)], shares, confidence) for name, rule in rules.items()]  # fmt: skip


def _curve(name: str, found: Sequence[tuple[Floats, Floats]], shares: Floats, confidence: float) -> Curve:
    values, errors = (np.array(part) for part in zip(*found, strict=True))
    value = values.mean(axis=0)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(shares @ values, [tail, 1.0 - tail], axis=0)
    error = np.sqrt((errors**2).sum(axis=0)) / len(values)
    ends = (value, np.minimum(low, value), np.maximum(high, value), error)
    return Curve(name, HOW[name], tuple(range(1, len(value) + 1)), *(tuple(end.tolist()) for end in ends))


def resampled(groups: Sequence[str], seed: int) -> Floats:
    """Weights of items in each resample, shape (resamples, items), rows adding up to 1; whole groups come or stay away."""
    names, place = np.unique(np.array(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), _RESAMPLES).astype(np.float64)
    weights = times[:, place]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _tells(pool: Pool) -> bool:
    worth = pool.worth or (None,) * len(pool.answers)
    return all(w is not None for w, answer in zip(worth, pool.answers, strict=True) if answer >= 0)


def _pass(_: int, pool: Pool) -> tuple[Floats, Floats]:
    n = len(pool.answers)
    return pass_at(sum(answer >= 0 and pool.right[answer] for answer in pool.answers), n), np.zeros(n)


def _majority(_: int, pool: Pool) -> tuple[Floats, Floats]:
    n = len(pool.answers)
    votes = [pool.answers.count(answer) for answer in range(len(pool.right))]
    return majority_at(votes, pool.right, n), np.zeros(n)


def _weighted(place: int, pool: Pool) -> tuple[Floats, Floats]:
    weights = np.exp(np.maximum([-1.0 if w is None else w for w in pool.worth], -700.0))
    return weighted_at(pool.answers, weights, pool.right, seed=place)


def _best_of(_: int, pool: Pool) -> tuple[Floats, Floats]:
    good = [answer >= 0 and pool.right[answer] for answer in pool.answers]
    worth = [nan if answer < 0 or w is None else w for answer, w in zip(pool.answers, pool.worth, strict=True)]
    return best_of_at(good, worth), np.zeros(len(good))
