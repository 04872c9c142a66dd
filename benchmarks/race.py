"""How many items the race asks, against fixed-sample designs with the same error: `python -m benchmarks.race`.

1,000 simulated studies. Each has a target from .20, .21, ... .80; twelve scripted recipes on one pool of 2,000 items,
four within .05 of the target and eight uniform in [.02, .9] outside of that; in an order of cost that has nothing to do with
accuracy. A recipe's accuracy in the pool is exact; which items it gets right depends on the item's difficulty as much
as makes latent scores correlate by .3. Both designs go from the cheapest recipe up, on the same items in the same order.

The peer asks n items of each recipe, then accepts, rejects or leaves it, until it accepts one. Its n is the smallest
that gives 90 % power at a gap of .05 on both sides at a level of alpha / 12 (hypergeometric, exact).
A third of the recipes are hard: that, and the power kept at a gap of exactly .05, is what bounds the ratio.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from gulliver.studies.boundaries import Design, accepting, giving_up, needed_right, rejecting
from gulliver.studies.race import deal

STUDIES, RECIPES, POOL, ALPHA, GAP, POWER, GOAL = 1000, 12, 2000, 0.05, 0.05, 0.9, 0.25
HARD = RECIPES // 3
QUICK = Design(loss=0.4, give_up_scale=0.45)
_BLOCK = 200
_LATER = 1 << 30

Counts = NDArray[np.int64]
Decide = Callable[[Counts, int, int], tuple[Counts, NDArray[np.str_]]]


@dataclass
class Tally:
    """What a design did over many studies; one entry of `visits` per recipe asked."""

    wrong: list[bool] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    visits: list[tuple[int, float, bool]] = field(default_factory=list)

    def spent(self, hard: bool) -> float:
        """Mean items of a visited recipe within .05 of the target, or further away."""
        return float(np.mean([n for n, gap, _ in self.visits if (gap <= GAP) == hard]))

    def power(self, low: float, high: float = 1.0) -> float:
        """Share of visited recipes that were settled, with a gap from `low` to `high`."""
        return float(np.mean([settled for _, gap, settled in self.visits if low <= gap <= high]))


def simulate(target: float, studies: int, seed: int, exact_gap: bool = False) -> tuple[NDArray[np.bool_], Counts]:
    """Outcomes, shape (studies, recipes, items) in the order asked, and right answers in the pool.

    With `exact_gap`, hard recipes are exactly .05 from the target, on either side.
    """
    rng = np.random.default_rng([seed, round(1000 * target)])
    quality = rng.uniform(0.02, 0.9, (studies, RECIPES))
    near = np.abs(quality - target) <= GAP
    while near.any():
        quality[near] = rng.uniform(0.02, 0.9, int(near.sum()))
        near = np.abs(quality - target) <= GAP
    shift = rng.uniform(-GAP, GAP, (studies, HARD))
    if exact_gap:
        shift = GAP * rng.choice([-1.0, 1.0], (studies, HARD))
    quality[:, :HARD] = target + shift
    quality = rng.permuted(quality, axis=1)
    right = np.round(quality * POOL).astype(np.int64)
    difficulty = rng.standard_normal((studies, 1, POOL))
    latent = np.sqrt(0.3) * difficulty + np.sqrt(0.7) * rng.standard_normal((studies, RECIPES, POOL))
    ranks = latent.argsort(axis=2).argsort(axis=2)
    return ranks < right[:, :, None], right


def race(outcomes: NDArray[np.bool_], right: Counts, target: float, design: Design, tally: Tally) -> None:
    """Gulliver's race, as `studies.race.Race` and `Trial` do it one by one, for many studies with the same target."""
    counts = outcomes.cumsum(axis=2, dtype=np.int32)
    accept_levels, reject_levels = deal(ALPHA, RECIPES)

    def decide(studies: Counts, k: int, left: int) -> tuple[Counts, NDArray[np.str_]]:
        accept = accepting(target, POOL, accept_levels[k], design)
        reject = rejecting(target, POOL, reject_levels[: left + 1], design)
        up, down = giving_up(target, accept, design, True), giving_up(target, reject, design, False)
        last = design.last(target, min(accept.level, reject.level), POOL)
        asked = np.full(len(studies), POOL)
        verdict = np.full(len(studies), "undecided", dtype="<U9")
        open_, end = np.arange(len(studies)), 0
        while len(open_) and end < POOL:
            begin, end = end, min(POOL, end + _BLOCK)
            n = np.arange(begin + 1, end + 1)
            s = counts[studies[open_], k, begin:end]
            met, missed = s >= accept.table(end)[n], n - s >= reject.table(end)[n]
            hopeless = ((s <= up.table(end)[n]) & (n - s <= down.table(end)[n])) | (n >= last)
            stop = met | missed | hopeless
            done, at = stop.any(axis=1), stop.argmax(axis=1)
            rows = np.arange(len(open_))
            asked[open_[done]] = n[at[done]]
            verdict[open_[done]] = np.where(
                met[rows, at], "meets", np.where(missed[rows, at], "rejected", "undecided")
            )[done]
            open_ = open_[~done]
        return asked, verdict

    _climb(right, target, decide, tally)


def fixed(outcomes: NDArray[np.bool_], right: Counts, target: float, shared: bool, tally: Tally) -> None:
    """The fixed-sample peer, with levels of alpha / 12 each, or dealt as the race deals them (`shared`)."""
    accept_levels, reject_levels = deal(ALPHA, RECIPES)

    def decide(studies: Counts, k: int, left: int) -> tuple[Counts, NDArray[np.str_]]:
        levels = (accept_levels[k], reject_levels[left]) if shared else (ALPHA / RECIPES, ALPHA / RECIPES)
        n, enough, few = fixed_sample(target, *levels)
        s = outcomes[studies, k, :n].sum(axis=1)
        verdict = np.where(s >= enough, "meets", np.where(s <= few, "rejected", "undecided"))
        return np.full(len(studies), n), verdict

    _climb(right, target, decide, tally)


def _climb(right: Counts, target: float, decide: Decide, tally: Tally) -> None:
    """From the cheapest recipe up until one is accepted, for all studies at once."""
    true = right >= needed_right(target, POOL)
    gap = np.round(np.abs(right / POOL - target), 9)
    studies = len(right)
    racing = np.ones(studies, dtype=bool)
    left = np.zeros(studies, dtype=np.int64)
    wrong = np.zeros(studies, dtype=bool)
    items = np.zeros(studies, dtype=np.int64)
    for k in range(RECIPES):
        before = left.copy()
        for u in np.unique(before[racing]):
            here = np.flatnonzero(racing & (before == u))
            asked, verdict = decide(here, k, int(u))
            items[here] += asked
            wrong[here] |= ((verdict == "meets") & ~true[here, k]) | ((verdict == "rejected") & true[here, k])
            left[here] += verdict != "rejected"
            tally.visits += zip(asked.tolist(), gap[here, k].tolist(), (verdict != "undecided").tolist(), strict=True)
            racing[here[verdict == "meets"]] = False
    tally.wrong += wrong.tolist()
    tally.items += items.tolist()
    tally.kinds += np.where(~racing, "meets", np.where(left == 0, "none", "not settled")).tolist()


@cache
def fixed_sample(target: float, accept_level: float, reject_level: float) -> tuple[int, int, int]:
    """The smallest n with the power wanted; accept from that many right on, reject up to that many."""
    bar, step = needed_right(target, POOL), round(GAP * POOL)

    def plan(n: int) -> tuple[int, int, bool]:
        enough = int(hypergeom.isf(accept_level, POOL, bar - 1, n)) + 1
        few = int(hypergeom.ppf(reject_level, POOL, bar, n))
        few -= hypergeom.cdf(few, POOL, bar, n) > reject_level
        found = hypergeom.sf(enough - 1, POOL, bar + step, n) >= POWER
        return enough, few, bool(found and hypergeom.cdf(few, POOL, bar - step, n) >= POWER)

    low, high = 1, POOL
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if plan(middle)[2] else (middle, high)
    smallest = next(n for n in range(max(1, high - 60), high + 1) if plan(n)[2])
    return smallest, *plan(smallest)[:2]


def main() -> None:
    started = time.perf_counter()
    tallies: dict[str, Tally] = defaultdict(Tally)
    rng = np.random.default_rng(2)
    targets, sizes = np.unique(rng.integers(20, 81, STUDIES), return_counts=True)
    for percent, size in zip(targets, sizes, strict=True):
        target = int(percent) / 100
        outcomes, right = simulate(target, int(size), seed=1)
        race(outcomes, right, target, Design(), tallies["ours"])
        race(outcomes, right, target, QUICK, tallies["quick"])
        fixed(outcomes, right, target, False, tallies["fixed"])
        fixed(outcomes, right, target, True, tallies["shared"])
        outcomes, right = simulate(target, int(size), seed=2, exact_gap=True)
        race(outcomes, right, target, Design(), tallies["ours at .05"])
        race(outcomes, right, target, QUICK, tallies["quick at .05"])
        fixed(outcomes, right, target, False, tallies["fixed at .05"])
    ours, quick, peer, shared = (tallies[k] for k in ("ours", "quick", "fixed", "shared"))
    every = float(
        np.mean([fixed_sample(int(p) / 100, ALPHA / RECIPES, ALPHA / RECIPES)[0] for p in np.repeat(targets, sizes)])
    )
    for name in ("ours", "quick", "fixed"):
        t, at = tallies[name], tallies[f"{name} at .05"]
        kinds = ", ".join(f"{kind} {t.kinds.count(kind) / STUDIES:.1%}" for kind in ("meets", "none", "not settled"))
        print(
            f"{name}: wrong answers {np.mean(t.wrong):.2%}, items a study {np.mean(t.items):.0f} "
            f"(a recipe: easy {t.spent(False):.0f}, hard {t.spent(True):.0f}), settled: gap >= .05 {t.power(GAP):.1%}, "
            f"exactly .05 {at.power(GAP, GAP):.1%}, within .05 {t.power(0.0, GAP):.1%}; {kinds}"
        )
    print(f"{time.perf_counter() - started:.0f} s")
    result = {
        **_row("race: items against a fixed sample that also stops at the first accepted", ours.items, peer.items),
        "wrong": float(np.mean(ours.wrong)),
        "wrong_allowed": ALPHA,
        "wrong_theirs": float(np.mean(peer.wrong)),
        "power_at_.05": tallies["ours at .05"].power(GAP, GAP),
        "power_at_.05_theirs": tallies["fixed at .05"].power(GAP, GAP),
        "power_from_.05": ours.power(GAP),
        "more": [
            _row("easy: a recipe more than .05 from the target", [ours.spent(False)], [peer.spent(False)]),
            _row("hard: a recipe within .05 of the target", [ours.spent(True)], [peer.spent(True)]),
            _row("against a fixed sample of all twelve recipes, without stopping", ours.items, [RECIPES * every]),
            _row("against a fixed sample with the race's dealing of levels", ours.items, shared.items),
            {
                **_row("giving up sooner (Design(loss=0.4, give_up_scale=0.45))", quick.items, peer.items),
                "wrong": float(np.mean(quick.wrong)),
                "power_at_.05": tallies["quick at .05"].power(GAP, GAP),
                "power_from_.05": quick.power(GAP),
            },
        ],
    }
    print(json.dumps(result))


def _row(name: str, ours: "list[int] | list[float]", theirs: "list[int] | list[float]") -> dict[str, object]:
    mine, other = float(np.mean(ours)), float(np.mean(theirs))
    return {
        "name": name,
        "ours": round(mine, 1),
        "theirs": round(other, 1),
        "ratio": round(mine / other, 4),
        "goal": GOAL,
    }


if __name__ == "__main__":
    main()
