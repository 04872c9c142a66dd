"""What experiments share: which machine and models a finding rests on, and what its answers cost."""

import os
import platform
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from gulliver.models import load_model
from gulliver.papers.base import Measurement, Progress, Spent
from gulliver.studies.events import Watch
from gulliver.studies.paired import wilson
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import Task


def tell(task: str, progress: Progress) -> Watch:
    """Say now and then how many items a recipe has answered, or how far its making is."""
    return lambda event: progress(
        f"{task}: {event.recipe}: {event.message}"
        if event.stage == "making"
        else f"{task}: {event.recipe}: {event.asked} of {event.pool} items"
    )


def as_studied(task: Task, seed: int = 0) -> Task:
    """The task with its test items in the order in which a study asks them, so that a study's answers are replayed."""
    items = list(task.test)
    random.Random(seed).shuffle(items)
    return replace(task, test=items)


def run_on(models: Iterable[str]) -> dict[str, Any]:
    """Machine, versions, and each model's digest, number format and engine."""
    told = []
    for name in models:
        model = load_model(name)
        card = model.card
        told.append(
            {
                "name": name,
                "parameters": card.parameters,
                "digest": card.digest,
                "format": card.format,
                "engine": f"{model.engine} {model.engine_version}",
            }
        )
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "gulliver": version("gulliver"),
        "models": told,
    }


def spent(records: Mapping[str, Sequence[ItemRecord]], seconds: float) -> Spent:
    """The sum over all answers; `seconds` is how long this run took."""
    everything = [record for answers in records.values() for record in answers]
    flops = sum(record.flops for record in everything)
    return Spent(len(everything), flops, sum(record.seconds for record in everything), seconds)


def right(records: Sequence[ItemRecord]) -> list[bool]:
    """Which items were answered right."""
    return [record.outcome == "right" for record in records]


def share_right(name: str, records: Sequence[ItemRecord], confidence: float = 0.95) -> Measurement:
    """The share of right answers, with Wilson's interval; the note counts the answers that could not be judged."""
    count = sum(right(records))
    low, high = wilson(count, len(records), confidence)
    kinds = ("unreadable", "truncated", "unsupported", "failed")
    counts = {kind: sum(record.outcome == kind for record in records) for kind in kinds}
    note = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    return Measurement(name, count / len(records), low, high, len(records), note)
