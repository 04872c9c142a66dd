"""What k of n independent draws would have given: the average over all subsets of k, in all orders, exactly.

Draws of one prompt are exchangeable, so n of them hold every recipe that takes k of them: the average over the C(n, k)
subsets estimates it without bias and with less noise than any one subset. Where a rule prefers the draft that was drawn
first, the average also runs over the orders in which a subset can come.

Each function returns shape (n,), the values at k = 1 … n.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gulliver.strategies.weighted_majority import SAME

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST = 1000
"""Draws that votes can be counted over; beyond, the number of subsets is no floating-point number."""
ORDERS = 1024
"""Subsets that are looked at where there are too many for all."""


def pass_at(right: int, n: int) -> Floats:
    """Probability that at least one of k draws is right, when `right` of n are: 1 - C(n - right, k) / C(n, k).

    Chen et al. 2021 (arXiv:2107.03374), equation 1.
    """
    return 1.0 - _none_of(right, n)


def best_of_at(right: Sequence[bool], worth: ArrayLike) -> Floats:
    """Probability that the draw of highest worth among k is right; of equals the one drawn first is taken.

    Args:
        right: by draw; worth: by draw, NaN for one that does not compete. Where none competes, nothing is right.
    """
    value = np.asarray(worth, dtype=np.float64)
    good = np.asarray(right, dtype=np.float64)
    n, total, above = len(value), np.zeros(len(value)), 0
    for level in np.unique(value[~np.isnan(value)])[::-1]:
        equals = value == level
        # The best is of this level: none above it was drawn, and one of it was. Each of the level is then first as often.
        below = above + int(equals.sum())
        total += (_none_of(above, n) - _none_of(below, n)) * good[equals].mean()
        above = below
    return total


def majority_at(votes: Sequence[int], right: Sequence[bool], n: int) -> Floats:
    """Probability that the answer with most votes among k draws is right; of equal counts the one drawn first wins.

    A sum over the winner's count c and how the other answers share the rest with at most c each (multivariate
    hypergeometric); of t + 1 answers with c votes each is first in a share 1 / (t + 1) of the orders.

    Args:
        votes: how many of the n draws gave each answer; the rest have no vote.
        right: by answer.

    Raises:
        ValueError: more votes than draws, or more than `MOST` draws.
    """
    if sum(votes) > n or n > MOST:
        raise ValueError(f"votes of at most {MOST} draws can be counted, and no more votes than draws")
    total = np.zeros(n)
    for own, times in Counter(v for v, good in zip(votes, right, strict=True) if good and v).items():
        others = sorted(votes)
        others.remove(own)
        for count in range(1, own + 1):
            rivals = [v for v in others if v >= count]
            rest = _ways(n - own - sum(rivals)) * _ways(own)[count]
            ways = _averaged_over_ties(rest, rivals, count)
            total[count - 1 : count - 1 + len(ways)] += times * ways
    return np.minimum(total / _ways(n)[1:], 1.0)


def weighted_at(
    answers: Sequence[int], weights: ArrayLike, right: Sequence[bool], seed: int = 0
) -> tuple[Floats, Floats]:
    """Probability that the answer with most weight among k draws is right, and the standard error of that.

    Sums of weights have no short list of values, so nothing like the count of votes is there to sum over. All subsets are
    looked at where they are at most `ORDERS`, which is exact (error 0); else the beginnings of as many orders drawn with `seed`.

    Args:
        answers: the number of each draw's answer, -1 for a draw without one; right: by answer.
        weights: of each draw, above 0 where it has an answer.

    Raises:
        ValueError: a weight is not above 0.
    """
    given, weight = np.asarray(answers, dtype=np.int64), np.asarray(weights, dtype=np.float64)
    if not np.all(weight[given >= 0] > 0):
        raise ValueError("weights must be above 0")
    n, good = len(given), np.asarray([*right, False], dtype=np.float64)
    value, error = np.zeros(n), np.zeros(n)
    exact = [k for k in range(1, n + 1) if math.comb(n, k) <= ORDERS]
    for k in exact:
        subsets = np.array(list(itertools.combinations(range(n), k)), dtype=np.int64)
        value[k - 1] = _heaviest(given[subsets], weight[subsets], good, last_only=True).mean()
    left = np.array([k - 1 for k in range(1, n + 1) if k not in exact], dtype=np.int64)
    if len(left):
        rng = np.random.default_rng([seed, n])
        blocks = [
            _heaviest(given[orders], weight[orders], good)[:, left]
            for orders in (rng.permuted(np.tile(np.arange(n), (some, 1)), axis=1) for some in _blocks(n, len(good)))
        ]
        seen = np.concatenate(blocks)
        value[left], error[left] = seen.mean(axis=0), seen.std(axis=0, ddof=1) / math.sqrt(len(seen))
    return value, error


def _none_of(some: int, n: int) -> Floats:
    """Probability that k of n draws hold none of `some` particular ones, at k = 1 … n."""
    i = np.arange(n)
    return np.asarray(np.cumprod(np.maximum(n - some - i, 0) / (n - i)))


@lru_cache(2048)
def _ways(m: int) -> Floats:
    """C(m, i) / 2^m at i = 0 … m: the common factor of all that is summed, kept from overflowing."""
    return np.array([math.comb(m, i) / (1 << m) for i in range(m + 1)])


def _averaged_over_ties(rest: Floats, rivals: Sequence[int], count: int) -> Floats:
    """Ways to draw i others when no rival has more than `count`, each divided by one more than those who have just that.

    1 / (t + 1) is the integral of s^t over [0, 1], and the product over rivals of (ways below + s · ways at) is a
    polynomial in s, which Gauss-Legendre nodes integrate exactly.
    """
    nodes, shares = _nodes(len(rivals) // 2 + 1)
    ways = np.tile(rest, (len(nodes), 1))
    for rival in rivals:
        factor = np.tile(_ways(rival)[: count + 1], (len(nodes), 1))
        factor[:, count] *= nodes
        longer = np.zeros((len(nodes), ways.shape[1] + count))
        for i in range(count + 1):
            longer[:, i : i + ways.shape[1]] += ways * factor[:, i : i + 1]
        ways = longer
    return np.asarray(shares @ ways)


@lru_cache(1024)
def _nodes(count: int) -> tuple[Floats, Floats]:
    nodes, shares = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2.0, shares / 2.0


def _heaviest(given: Ints, weight: Floats, good: Floats, last_only: bool = False) -> Floats:
    """Whether the heaviest answer of each beginning of each row is right, shape (rows, k), or of whole rows, shape (rows,).

    Of equally heavy answers the one seen first wins: over the orders of a subset, in the share of its draws among theirs.
    """
    hot = given[..., None] == np.arange(len(good) - 1)
    sums = np.where(hot, weight[..., None], 0.0)
    sums = sums.sum(axis=1) if last_only else sums.cumsum(axis=1)
    if not sums.shape[-1]:
        return np.zeros(sums.shape[:-1])
    top = sums.max(axis=-1, keepdims=True)
    level = (sums >= top * (1.0 - SAME)) & (top > 0)
    found = np.where(level.any(axis=-1), good[sums.argmax(axis=-1)], 0.0)
    tied = level.sum(axis=-1) > 1
    if tied.any():
        counts = (hot.sum(axis=1) if last_only else hot.cumsum(axis=1))[tied] * level[tied]
        found[tied] = counts @ good[:-1] / counts.sum(axis=-1)
    return np.asarray(found)


def _blocks(n: int, answers: int) -> Iterator[int]:
    """Rows at once, so that a block stays below some megabytes."""
    size = max(1, min(ORDERS, 2_000_000 // (n * answers)))
    for start in range(0, ORDERS, size):
        yield min(size, ORDERS - start)
