"""The threshold of a cascade or a fallback, set for a quality with a finite-sample bound, from items that chose
nothing yet.

Thresholds are tried from 1 down in steps fixed beforehand; each must show, by the exact (Clopper-Pearson) lower
bound, that small and larger model together reach the quality, and the first that does not ends the search. By
fixed-sequence testing (Learn then Test, Angelopoulos et al. 2021, arXiv:2110.01052) the threshold chosen holds the
quality with the stated confidence, however many were tried.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import Meter, Session
from gulliver.strategies.confidence import confidence
from gulliver.studies.asking import ask_item
from gulliver.studies.recipe import Recipe
from gulliver.tasks.agreement import clopper_pearson
from gulliver.tasks.base import Item

LEVEL = 0.95
FEWEST = 30
GRID = tuple(step / 50 for step in range(50, -1, -1))


@dataclass(frozen=True)
class Seen:
    """One item: how sure the recipe was, and whether recipe and fallback were right."""

    confidence: float
    recipe: bool
    fallback: bool


@dataclass(frozen=True)
class Calibrated:
    """`threshold`, and what was seen with it: the share right and its lower bound, and the share that the recipe
    answers."""

    threshold: float
    quality: float
    low: float
    own: float
    items: int


def threshold_for(
    seen: Sequence[Seen], quality: float, level: float = LEVEL, grid: Sequence[float] = GRID
) -> Calibrated | None:
    """The lowest threshold that can be shown to reach `quality`; None when not even the first can.

    Args:
        grid: thresholds to try, downwards, fixed before anything was seen.
    """
    chosen = None
    for threshold in grid:
        right = sum(one.recipe if one.confidence >= threshold else one.fallback for one in seen)
        low = lower_bound(right, len(seen), level)
        if low < quality:
            break
        own = sum(one.confidence >= threshold for one in seen) / len(seen)
        chosen = Calibrated(threshold, right / len(seen), low, own, len(seen))
    return chosen


def lower_bound(right: int, items: int, level: float) -> float:
    """Of a share, when `right` of `items` were: Clopper and Pearson 1934, one-sided."""
    return clopper_pearson(right, items, 1 - level)[0]


async def see(recipe: Recipe, fallback: Recipe, items: Sequence[Item], session: Session) -> list[Seen]:
    """Ask both recipes these items (from the store, where they were asked before), one model after the other."""
    await session.keep_only(*recipe.models)
    sure = await asyncio.gather(*(ask_surely(recipe, item, session) for item in items))
    await session.keep_only(*fallback.models)
    larger = await asyncio.gather(*(ask_item(fallback, item, session) for item in items))
    return [
        Seen(own or 0.0, right, other.record.outcome == "right")
        for (own, right), other in zip(sure, larger, strict=True)
    ]


async def ask_surely(recipe: Recipe, item: Item, session: Session) -> tuple[float | None, bool]:
    """How sure a recipe is of its answer to an item (None when nothing tells), and whether it is right."""
    meter = Meter()
    read = await recipe.strategy.answer(item, session.bind(recipe.model, meter, recipe.others))
    asked = await ask_item(recipe, item, session)  # the same answers, now from the store, and judged
    return confidence(read, recipe.strategy, meter), asked.record.outcome == "right"
