"""How sure each recipe of a finished run was of each answer, read back from the store without opening an engine."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import ModelError, StudyError
from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.strategies.confidence import confidence
from gulliver.studies.pools import made_again, task_of
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.result import RecipeResult, StudyResult
from gulliver.studies.running import run_async
from gulliver.studies.unopened import NotStored, Unopened
from gulliver.tasks.base import Item

_AT_ONCE = 64


@dataclass(frozen=True)
class Sureness:
    """Of one recipe: confidences and outcomes, item by item, and how many items had not all their answers in the
    store."""

    recipe: str
    confidences: tuple[float, ...]
    right: tuple[bool, ...]
    lacking: int


def stored_sureness(
    result: StudyResult, recipe: RecipeResult, store: str | Path | None = None, load: Loader = load_model
) -> Sureness:
    """Confidences of a recipe that the run asked.

    Raises:
        StudyError: the run's items or answers cannot be had again, or the recipe cannot say how sure it is.
    """
    if recipe.floor or not recipe.records:
        raise StudyError(f"{recipe.recipe} was asked nothing in the run {result.run.id}; give a recipe that was asked.")
    task = task_of(result)
    made = parse_recipe(recipe.recipe, load)
    items = {item.id: item for item in task.test}
    asked = [(items[r.item], r.outcome == "right") for r in recipe.records if r.item in items]

    async def work() -> list[float | None]:
        ready = await made_again(made, task, result.run.seed)
        async with Store(store) as kept, Session(kept, result.run.seed, Unopened) as session:
            found: list[float | None] = []
            for start in range(0, len(asked), _AT_ONCE):
                some = asked[start : start + _AT_ONCE]
                found += await asyncio.gather(*(_sure(ready, item, session) for item, _ in some))
            return found

    sure = run_async(work())
    known = [(value, right) for value, (_, right) in zip(sure, asked, strict=True) if value is not None]
    if not known:
        raise StudyError(
            f"{recipe.recipe} cannot say how sure it is: its answers are not in the store, or its engine tells no log-probabilities; use majority(n=8), or run the study again."
        )
    return Sureness(
        recipe.recipe, tuple(v for v, _ in known), tuple(r for _, r in known), len(recipe.records) - len(known)
    )


async def _sure(recipe: Recipe, item: Item, session: Session) -> float | None:
    meter = Meter()
    try:
        read = await recipe.strategy.answer(item, session.bind(recipe.model, meter, recipe.others))
    except (NotStored, ModelError):
        return None
    return confidence(read, recipe.strategy, meter)
