"""Who is in the race: recipes, and floors, which need no model; and how each stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gulliver.inference import Cost
from gulliver.studies.asking import Asked
from gulliver.studies.floors import floors
from gulliver.studies.making import Making
from gulliver.studies.preparing import Prepared
from gulliver.studies.race import Trial
from gulliver.studies.recipe import Recipe
from gulliver.studies.result import ItemRecord, Verdict
from gulliver.tasks.base import Answer as ItemAnswer
from gulliver.tasks.base import judge


@dataclass
class Entrant:
    """One recipe, or a floor, in the race: what was asked of it so far and how it stands."""

    name: str
    recipe: Recipe | None
    forecast: float
    trial: Trial | None = None
    verdict: Verdict = "not run"
    asked: list[Asked] = field(default_factory=list)
    ready: list[Asked] = field(default_factory=list)
    memory: int = 0
    note: str = ""
    making: Making | None = None

    @property
    def right(self) -> int:
        return sum(asked.record.outcome == "right" for asked in self.asked)


def floor_entrants(prepared: Prepared) -> list[Entrant]:
    """The rules that need no model, answered on all items; the task needs labels."""
    place = {item.id: i for i, item in enumerate(prepared.task.test)}
    found = []
    for floor in floors(prepared.task, seed=prepared.config.seed):
        entrant = Entrant(floor.name, None, floor.flops_per_item, note=floor.note)
        for item in prepared.items:
            said = floor.predictions[place[item.id]]
            judgement = judge(item, ItemAnswer(value=said, text=said))
            record = ItemRecord(
                item.id, item.question, str(item.target), judgement.outcome, said, said,
                flops=floor.flops_per_item, seconds=floor.seconds_per_item,
            )  # fmt: skip
            cost = Cost(
                1,
                flops_naive=floor.flops_per_item,
                flops_computed=floor.flops_per_item,
                seconds=floor.seconds_per_item,
            )
            entrant.ready.append(Asked(record, cost))
        found.append(entrant)
    return sorted(found, key=lambda e: e.forecast)


def costs_of(asked: Sequence[Asked], currency: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """One number an item, in `flops`, `seconds` or `money`."""
    name = {"flops": "flops_computed", "seconds": "seconds", "money": "money"}[currency]
    return np.array([getattr(a.cost, name) or 0.0 for a in asked], dtype=np.float64)
