"""How long one item takes that is asked alone, as a person who waits for it sees it."""

import time
from collections.abc import Sequence

import numpy as np

from gulliver.inference import Session, Store
from gulliver.papers.base import Measurement
from gulliver.studies.recipe import Recipe
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item

SHARES = (50, 95)


def seconds_alone(recipe: Recipe, items: Sequence[Item]) -> list[float]:
    """Seconds of each item but the first, which warms the engine up; one after another, nothing from the store."""

    async def work() -> list[float]:
        taken = []
        async with Store("sqlite://") as store, Session(store) as session:
            for item in items:
                began = time.perf_counter()
                await recipe.strategy.answer(item, session.bind(recipe.model))
                taken.append(time.perf_counter() - began)
        return taken[1:]

    return run_async(work())


def percentiles(name: str, seconds: Sequence[float]) -> list[Measurement]:
    """p50 and p95 of these seconds, each with the range of all."""
    return [
        Measurement(
            f"{name}: seconds of one item alone, p{share}", float(np.percentile(seconds, share)), min(seconds),
            max(seconds), len(seconds), "shortest to longest",
        )
        for share in SHARES
    ]  # fmt: skip


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` items from all over the task."""
    return list(items)[:: max(1, len(items) // count)][:count]
