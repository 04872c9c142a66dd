"""The threshold of a fallback, set for a quality with a finite-sample bound, from items that chose nothing yet.

Thresholds are tried from 1 down in steps fixed beforehand; each must show, by the exact (Clopper-Pearson) lower bound, that
recipe and fallback together reach the quality, and the first that does not ends the search. By fixed-sequence testing (Learn
then Test, Angelopoulos et al. 2021, arXiv:2110.01052) the threshold chosen holds the quality with the stated confidence,
however many were tried.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import Meter, Session, Store
from gulliver.serving.choose import Found, Served
from gulliver.serving.confidence import confidence
from gulliver.studies.asking import ask_item
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
    """`threshold`, and what was seen with it: the share right and its lower bound, and the share that the recipe answers."""

    threshold: float
    quality: float
    low: float
    own: float
    items: int


def threshold_for(seen: Sequence[Seen], quality: float, level: float = LEVEL) -> Calibrated | None:
    """The lowest threshold that can be shown to reach `quality`; None when not even 1 can."""
    chosen = None
    for threshold in GRID:
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


async def calibrate(
    found: Found, served: Served, fallback: Served, quality: float, store: str | Path | None = None
) -> Calibrated:
    """Ask both recipes the task's dev items (from the store, where they were asked before) and set the threshold.

    Raises:
        StudyError: there is no study, its dev split is too small or was learnt from, or no threshold can be shown.
    """
    if found.task is None:
        raise StudyError(f"{served.name} comes from no study, so that no outcomes are known; give --threshold instead.")
    if found.recipe.learns:
        raise StudyError(
            f"{served.name} was tuned with the dev split in view, so that it would flatter it; give --threshold."
        )
    items = list(found.task.dev)
    if len(items) < FEWEST:
        raise StudyError(
            f"The task {found.task.name} has {len(items)} dev items and a threshold needs {FEWEST} that chose nothing yet; give --threshold instead."
        )
    async with Store(store, found.keep_text) as kept, Session(kept, found.seed) as session:
        sure = await asyncio.gather(*(_asked(served, item, session) for item in items))
        await session.keep_only()
        larger = await asyncio.gather(*(_asked(fallback, item, session) for item in items))
    seen = [Seen(own, right, other) for (own, right), (_, other) in zip(sure, larger, strict=True)]
    chosen = threshold_for(seen, quality)
    if chosen is None:
        alone = sum(one.fallback for one in seen)
        raise StudyError(
            f"On {len(seen)} dev items no threshold can be shown to reach {quality:g} (the fallback alone has {alone} right); ask for less, or take a larger fallback."
        )
    return chosen


async def _asked(served: Served, item: Item, session: Session) -> tuple[float, bool]:
    meter = Meter()
    read = await served.recipe.strategy.answer(item, session.bind(served.recipe.model, meter))
    sure = confidence(read, served.recipe.strategy, meter)
    asked = await ask_item(served.recipe, item, session)  # the same answers, now from the store, and judged
    return sure or 0.0, asked.record.outcome == "right"
