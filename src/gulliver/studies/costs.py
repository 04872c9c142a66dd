"""What items cost, known for some and drawn for the rest: requests shared between recipes are paid once.

Requests of one item fall into parts, by which recipes need them: `majority(n=8)` and `majority(n=3)` share three
draws. A part of an item is paid when the first recipe that needs it comes to that item. Items that were not asked take
the cost of one that was (a Bayesian bootstrap), with the prompt as much longer as its text is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gulliver.studies.pilot import PROMPT_WORK, Known, Pilot
from gulliver.studies.prices import Price

Floats = NDArray[np.float64]

QUANTITIES = ("requests", "prompt_tokens", "completion_tokens", "flops", "joules", "money_now", "money_batch")
_REQUESTS, _PROMPT, _WRITTEN, _FLOPS, _JOULES, _NOW, _BATCH = range(len(QUANTITIES))


@dataclass(frozen=True)
class Part:
    """Requests that exactly these recipes need.

    Attributes:
        members: their texts.
        costs: shape (items, quantities); NaN where not known.
        stored: shape (items,), whether the store has it.
        size: shape (items,), characters of the prompt.
        price: money for one prompt token and one completion token, now and as a batch; NaN without a price.
    """

    members: frozenset[str]
    costs: Floats
    stored: NDArray[np.bool_]
    size: Floats
    price: Floats

    @property
    def known(self) -> NDArray[np.int64]:
        """Places of the items whose cost is known."""
        return np.flatnonzero(~np.isnan(self.costs[:, 0]))

    def weights(self, keep: Floats) -> Floats:
        """How much each known item counts, added up to 1 along the last axis.

        Args:
            keep: shape (simulations, items), standard exponential draws, the same for all parts.
        """
        cumulated = np.cumsum(_spread(keep[:, self.known]), axis=1)
        return np.asarray(cumulated / cumulated[:, -1:])

    def draw(self, uniform: Floats, weights: Floats) -> Floats:
        """Costs of all items, shape (items, quantities), for one simulation.

        Args:
            uniform: shape (items,), in [0, 1): which known item stands for an unknown one.
            weights: a row of `weights`.
        """
        known = self.known
        out = self.costs.copy()
        missing = np.flatnonzero(np.isnan(self.costs[:, 0]))
        if not len(missing):
            return out
        donors = known[np.minimum(np.searchsorted(weights, uniform[missing]), len(known) - 1)]
        out[missing] = self.costs[donors]
        longer = self.size[missing] / np.maximum(self.size[donors], 1.0)
        prompt, written = out[missing, _PROMPT], out[missing, _WRITTEN]
        out[missing, _PROMPT] = prompt * longer
        grown = (prompt * longer + written) / np.maximum(prompt + written, 1e-9)
        out[missing, _FLOPS] *= grown
        out[missing, _JOULES] *= grown
        out[missing, _NOW] = out[missing, _PROMPT] * self.price[0] + written * self.price[1]
        out[missing, _BATCH] = out[missing, _PROMPT] * self.price[2] + written * self.price[3]
        return out


def work_of(costs: Floats) -> Floats:
    """Tokens written and a tenth of those read, of costs whose last axis is the quantities."""
    return np.asarray(costs[..., _WRITTEN] + PROMPT_WORK * costs[..., _PROMPT])


def find_parts(pilot: Pilot, prices: Mapping[str, Price]) -> list[Part]:
    """The parts that the study's requests fall into, found on the items that every recipe was asked."""
    prepared = pilot.runner.prepared
    items = prepared.limit
    able = {name: known for name, known in pilot.known.items() if known.asked}
    shared = set.intersection(*(set(known.asked) for known in able.values())) if able else set()
    found: dict[frozenset[str], dict[int, Floats]] = {}
    for place in sorted(shared):
        needing: dict[str, set[str]] = {}
        for name, known in able.items():
            for key in known.asked[place].uses:
                needing.setdefault(key, set()).add(name)
        for key, names in needing.items():
            row = found.setdefault(frozenset(names), {})
            row[place] = row.get(place, np.zeros(len(QUANTITIES))) + _row(pilot, key, prices)
    if not shared:
        found = {frozenset([name]): {} for name in able}
    return [_part(members, rows, sorted(shared), able, pilot, prices, items) for members, rows in found.items()]


def _part(
    members: frozenset[str],
    rows: Mapping[int, Floats],
    shared: Sequence[int],
    able: Mapping[str, Known],
    pilot: Pilot,
    prices: Mapping[str, Price],
    items: int,
) -> Part:
    costs = np.full((items, len(QUANTITIES)), np.nan)
    for place in shared:
        costs[place] = rows.get(place, 0.0)
    stored = np.zeros(items, dtype=bool)
    for name in sorted(members):
        known = able[name]
        totals = {place: _total(pilot, known, place, prices) for place in known.asked}
        whole = sum((totals[place] for place in shared), np.zeros(len(QUANTITIES)))
        here = sum((rows[place] for place in shared if place in rows), np.zeros(len(QUANTITIES)))
        share = np.where(whole > 0, here / np.maximum(whole, 1e-300), 0.0) if shared else np.ones(len(QUANTITIES))
        for place, total in totals.items():
            if np.isnan(costs[place, 0]):
                costs[place] = total * share
        stored[list(known.stored)] = True
    first = able[min(members)].recipe
    size = [
        sum(len(m.content) for m in first.strategy.ask(item).prompt) for item in pilot.runner.prepared.items[:items]
    ]
    return Part(members, costs, stored, np.array(size, dtype=np.float64), _price(prices.get(first.model.name)))


def _total(pilot: Pilot, known: Known, place: int, prices: Mapping[str, Price]) -> Floats:
    rows = [_row(pilot, key, prices) for key in set(known.asked[place].uses)]
    return np.asarray(np.sum(rows, axis=0)) if rows else np.zeros(len(QUANTITIES))


def _row(pilot: Pilot, key: str, prices: Mapping[str, Price]) -> Floats:
    used = pilot.ledger[key]
    cost = used.cost
    price = np.nan_to_num(_price(prices.get(used.model.name)))
    prompt, written = cost.prompt_tokens, cost.completion_tokens
    return np.array(
        [
            1.0, prompt, written, cost.flops_computed, cost.joules or 0.0,
            prompt * price[0] + written * price[1], prompt * price[2] + written * price[3],
        ]
    )  # fmt: skip


def _price(price: Price | None) -> Floats:
    if price is None:
        return np.zeros(4)
    return np.array([*price.at(False), *price.at(True)]) / 1e6


def _spread(exponential: Floats) -> Floats:
    """Weights of a Bayesian bootstrap (Rubin 1981), spread wider for few items as Student's t is wider than the normal."""
    n = exponential.shape[-1]
    if n == 1:
        return np.ones_like(exponential)
    wider = (float(stats.t.ppf(0.95, n - 1)) / 1.645) ** 2
    shape = max(0.1, ((n - 1) / wider - 1.0) / n)
    # An exponential turned into a gamma of that shape, so that the same draw serves parts with other items known.
    return np.asarray(np.maximum(stats.gamma.ppf(-np.expm1(-exponential), shape), 1e-12))
