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
        costs: shape (items, quantities); NaN where not known. What is known is in the store, but for what failed.
        failed: likewise, of requests that failed: those are not kept, and every recipe that needs them asks again.
        size: shape (items,), characters of the prompt.
        stand_in: whether what is known was asked of another model and has to be paid still.
        price: money for one prompt token and one completion token, now and as a batch; NaN without a price.
        cut: whether every known reply was as long as the limit let it be, so that others can only be shorter.
    """

    members: frozenset[str]
    costs: Floats
    failed: Floats
    size: Floats
    price: Floats
    stand_in: bool = False
    cut: bool = False

    @property
    def known(self) -> NDArray[np.int64]:
        """Places of the items whose cost is known."""
        return np.flatnonzero(~np.isnan(self.costs[:, 0]))

    @property
    def unknown(self) -> NDArray[np.int64]:
        """Places of the others."""
        return np.flatnonzero(np.isnan(self.costs[:, 0]))

    @property
    def requests(self) -> float:
        """How many requests are known."""
        return float(np.nansum(self.costs[:, _REQUESTS]))

    def weights(self, keep: Floats) -> Floats:
        """How much each known item counts, added up to 1 along the last axis.

        Args:
            keep: shape (simulations, items), standard exponential draws, the same for all parts.
        """
        cumulated = np.cumsum(_spread(keep[:, self.known]), axis=1)
        return np.asarray(cumulated / cumulated[:, -1:])

    def draw(self, uniform: Floats, weights: Floats, shorter: float = 0.0) -> tuple[Floats, Floats, Floats]:
        """For one simulation, what the first recipe pays for each item, what it takes from the store, and what every
        further recipe pays again; shape (items, quantities) each.

        Args:
            uniform: shape (items,), in [0, 1): which known item stands for an unknown one.
            weights: a row of `weights`.
            shorter: the share of their tokens that unknown replies leave out.
        """
        known, unknown = self.known, self.unknown
        costs, failed = self.costs.copy(), self.failed.copy()
        donors = known[np.minimum(np.searchsorted(weights, uniform[unknown]), len(known) - 1)]
        longer = self.size[unknown] / np.maximum(self.size[donors], 1.0)
        for out in (costs, failed):
            out[unknown] = self._stretched(out[donors], longer, shorter)
        free = np.zeros_like(costs)
        if not self.stand_in:
            free[known] = costs[known] - failed[known]
        return costs - free, free, failed

    def _stretched(self, rows: Floats, longer: Floats, shorter: float) -> Floats:
        """Costs of items whose prompts are so many times as long, and whose replies so much shorter."""
        prompt, before = rows[:, _PROMPT], rows[:, _WRITTEN]
        written = before * (1.0 - shorter)
        out = rows.copy()
        out[:, _PROMPT], out[:, _WRITTEN] = prompt * longer, written
        grown = (prompt * longer + written) / np.maximum(prompt + before, 1e-9)
        out[:, _FLOPS] *= grown
        out[:, _JOULES] *= grown
        out[:, _NOW] = out[:, _PROMPT] * self.price[0] + written * self.price[1]
        out[:, _BATCH] = out[:, _PROMPT] * self.price[2] + written * self.price[3]
        return out


def work_of(costs: Floats) -> Floats:
    """Tokens written and a tenth of those read, of costs whose last axis is the quantities."""
    return np.asarray(costs[..., _WRITTEN] + PROMPT_WORK * costs[..., _PROMPT])


def find_parts(pilot: Pilot, prices: Mapping[str, Price]) -> list[Part]:
    """The parts that the study's requests fall into, found on the items that every recipe was asked."""
    able = {name: known for name, known in pilot.known.items() if known.asked}
    shared = set.intersection(*(set(known.asked) for known in able.values())) if able else set()
    groups: dict[frozenset[str], dict[int, list[str]]] = {}
    for place in sorted(shared):
        needing: dict[str, set[str]] = {}
        for name, known in able.items():
            for key in _keys(name, known, place):
                needing.setdefault(key, set()).add(name)
        for key, names in needing.items():
            groups.setdefault(frozenset(names), {}).setdefault(place, []).append(key)
    if not shared:
        groups = {frozenset([name]): {} for name in able}
    return [_part(members, keys, sorted(shared), able, pilot, prices) for members, keys in groups.items()]


def _part(
    members: frozenset[str],
    keys: Mapping[int, Sequence[str]],
    shared: Sequence[int],
    able: Mapping[str, Known],
    pilot: Pilot,
    prices: Mapping[str, Price],
) -> Part:
    items = pilot.runner.prepared.items[: pilot.runner.prepared.limit]
    costs = np.full((len(items), len(QUANTITIES)), np.nan)
    failed = np.full_like(costs, np.nan)
    for place in shared:
        costs[place], failed[place] = _rows(pilot, keys.get(place, ()), prices)
    for name in sorted(members):
        known = able[name]
        totals = {place: _rows(pilot, _keys(name, known, place), prices) for place in known.asked}
        # Of an item that only some recipes were asked, this part takes the share it has of the others.
        whole = np.sum([totals[place][0] for place in shared], axis=0) if shared else np.ones(len(QUANTITIES))
        here = np.sum([costs[place] for place in shared], axis=0) if shared else whole
        share = np.where(whole > 0, here / np.maximum(whole, 1e-300), 0.0)
        for place, (total, lost) in totals.items():
            if np.isnan(costs[place, 0]):
                costs[place], failed[place] = total * share, lost * share
    first, stand_in = able[min(members)].recipe, able[min(members)].stand_in
    asked = {key for place in keys for key in keys[place]}
    replies = [pilot.ledger[key.rpartition("\n")[2]].reply for key in asked]
    cut = len({r.completion_tokens for r in replies}) == 1 and any(r.finish == "length" for r in replies)
    size = [sum(len(message.content) for message in first.strategy.ask(item).prompt) for item in items]
    asker = next((pilot.ledger[key.rpartition("\n")[2]].model.name for key in sorted(asked)), first.model.name)
    price = _price(prices.get(asker))
    return Part(members, costs, failed, np.array(size, dtype=np.float64), price, stand_in, cut)


def _keys(name: str, known: Known, place: int) -> list[str]:
    """The requests of one item; what a parent was asked as a stand-in is shared with nobody."""
    before = f"{name}\n" if known.stand_in else ""
    return sorted({f"{before}{key}" for key in known.asked[place].uses})


def _rows(pilot: Pilot, keys: Sequence[str], prices: Mapping[str, Price]) -> tuple[Floats, Floats]:
    """Costs of these requests, and of those among them that failed."""
    costs, failed = np.zeros(len(QUANTITIES)), np.zeros(len(QUANTITIES))
    for key in keys:
        row = _row(pilot, key, prices)
        costs += row
        if pilot.ledger[key.rpartition("\n")[2]].reply.finish == "failed":
            failed += row
    return costs, failed


def _row(pilot: Pilot, key: str, prices: Mapping[str, Price]) -> Floats:
    used = pilot.ledger[key.rpartition("\n")[2]]
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
