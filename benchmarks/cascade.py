"""Does a cascade hold the quality it was set for? `python -m benchmarks.cascade [--items N] [--calibrate N] [--share
Q]`.

Both models answer every item once (kept in the store, so that a second run asks nothing); all else is arithmetic on
that pool. The quality to hold is a share of what the larger model reaches on the pool. In each of 200 resplits, some
items set the threshold and the others judge it: its quality there and on the whole pool, its FLOPs against always
asking the larger model, and its quality against a router that sends as many items up, drawn by chance (its
expectation, exactly).

The threshold is set so that the quality of the recipe (that of the pool, from which the calibration items are drawn)
falls below the target in at most 5 % of calibrations. The held-out share moves about that quality by chance; it is
told too. The whole is `small | asking | cascade(to=large)`: one draft, and the mean probability of its tokens.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gulliver.inference import Session, Store
from gulliver.studies.asking import ask_items
from gulliver.studies.cascading import parts_of
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.running import run_async
from gulliver.studies.thresholds import LEVEL, Seen, see, threshold_for
from gulliver.tasks import load_task
from gulliver.tasks.base import Item

TASK = "gym:chain_sum(min_terms=2, max_terms=4, min_digits=1, max_digits=2)"
RECIPE = "qwen2.5-coder-0.5b | direct(max_tokens=24) | cascade(to=qwen2.5-coder-1.5b)"
RESPLITS = 200
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One item of the pool: what was seen, and FLOPs of the small recipe and of the larger."""

    seen: Seen
    small: float
    large: float


@dataclass(frozen=True)
class Split:
    """One resplit. `quality`, `shuffled` and `cost` (against always large) are of the held-out items."""

    threshold: float | None
    pool: float
    quality: float
    shuffled: float
    cost: float
    own: float


async def answered(small: Recipe, large: Recipe, items: Sequence[Item], store: str | None) -> list[Row]:
    """The pool: both recipes on every item."""
    async with Store(Path(store) if store else None) as kept, Session(kept) as session:
        seen = await see(small, large, items, session)
        costs = [[asked.cost.flops_computed for asked in await ask_items(r, items, session)] for r in (small, large)]
    return [Row(*row) for row in zip(seen, *costs, strict=True)]


def resplit(rows: Sequence[Row], calibrate: int, target: float, seed: int) -> Split:
    """Set the threshold on `calibrate` items drawn at random, judge it on the others."""
    order = np.random.default_rng(seed).permutation(len(rows))
    chosen = threshold_for([rows[i].seen for i in order[:calibrate]], target)
    held = [rows[i] for i in order[calibrate:]]
    threshold = None if chosen is None else chosen.threshold
    own = np.array([threshold is not None and row.seen.confidence >= threshold for row in held])
    small, large = (np.array([getattr(row.seen, name) for row in held], float) for name in ("recipe", "fallback"))
    flops_small, flops_large = (np.array([getattr(row, name) for row in held]) for name in ("small", "large"))
    share = float(own.mean())
    # Without a threshold that can be shown, the larger model is asked at once.
    paid = flops_large if threshold is None else flops_small + np.where(own, 0.0, flops_large)
    return Split(
        threshold,
        quality_of(rows, threshold),
        float(np.where(own, small, large).mean()),
        share * float(small.mean()) + (1.0 - share) * float(large.mean()),
        float(paid.sum() / flops_large.sum()),
        share,
    )


def quality_of(rows: Sequence[Row], threshold: float | None) -> float:
    """Of a threshold on all items of the pool."""
    own = [threshold is not None and row.seen.confidence >= threshold for row in rows]
    return float(np.mean([row.seen.recipe if o else row.seen.fallback for row, o in zip(rows, own, strict=True)]))


def result_of(rows: Sequence[Row], calibrate: int, share: float, resplits: int = RESPLITS) -> dict[str, object]:
    """All resplits as one row."""
    small, large = (float(np.mean([getattr(row.seen, name) for row in rows])) for name in ("recipe", "fallback"))
    target = share * large
    splits = [resplit(rows, calibrate, target, seed) for seed in range(resplits)]
    missed = float(np.mean([s.pool < target for s in splits]))
    gain = [s.quality - s.shuffled for s in splits]
    set_ = [s for s in splits if s.threshold is not None]
    return {
        "name": "cascade: FLOPs against always asking the larger model, the quality held",
        "ours": round(float(np.mean([s.cost for s in splits])), 3),
        "theirs": 1.0,
        "ratio": round(float(np.mean([s.cost for s in splits])), 4),
        "goal": 1.0,
        "items": len(rows), "calibrate": calibrate, "resplits": resplits,
        "small": round(small, 4), "large": round(large, 4), "target": round(target, 4),
        "set": len(set_),
        "missed": round(missed, 4), "missed_allowed": round(1.0 - LEVEL, 4), "met": missed <= 1.0 - LEVEL,
        "held_out_at_target": round(float(np.mean([s.quality >= target for s in splits])), 4),
        "held_out_quality": round(float(np.mean([s.quality for s in splits])), 4),
        "asked_only_small": round(float(np.mean([s.own for s in splits])), 4),
        "threshold": float(np.median([s.threshold for s in set_])) if set_ else None,
        "over_shuffled_router": round(float(np.mean(gain)), 4),
        "over_shuffled_router_5_to_95": [round(float(np.quantile(gain, q)), 4) for q in (0.05, 0.95)],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--calibrate", type=int, default=250)
    parser.add_argument("--share", type=float, default=0.9, help="of the larger model's quality, to hold")
    parser.add_argument("--task", default=TASK)
    parser.add_argument("--recipe", default=RECIPE)
    parser.add_argument("--store", default=None)
    given = parser.parse_args()
    began = time.perf_counter()
    items = list(load_task(given.task, items=given.items if given.task.startswith("gym:") else None).test)[
        : given.items
    ]
    rows = run_async(answered(*parts_of(parse_recipe(given.recipe)), items, given.store))
    print(f"{len(rows)} items answered or read back in {time.perf_counter() - began:.0f} s")
    if not 0 < given.calibrate < len(rows):
        raise SystemExit(f"--calibrate must lie between 0 and the {len(rows)} items")
    print(json.dumps(result_of(rows, given.calibrate, given.share)))


if __name__ == "__main__":
    main()
