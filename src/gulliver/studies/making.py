"""From a recipe with transforms to a model that can be asked: what it learns from, the work, its line of the ledger."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.models.base import Model
from gulliver.models.chat import render
from gulliver.strategies import Strategy
from gulliver.strategies.equation_only import equations_in
from gulliver.studies.recipe import Recipe
from gulliver.studies.result import MakingResult, RecipeResult
from gulliver.tasks.base import Item, Task
from gulliver.training.base import DEV, Example, TrainingCost, spread
from gulliver.transforms.base import Material
from gulliver.transforms.making import is_made, make_model

PROBES = 8
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Making:
    """How a recipe's model came to be. `paid_flops` and `paid_seconds` are this run's own, without what was in the cache."""

    recipe: Recipe
    cost: TrainingCost
    paid_flops: float
    paid_seconds: float
    parity: str
    alarming: bool
    folders: tuple[Path, ...] = ()
    """Where each transform's product lies, with what else it left there (`adapter/` of lora)."""


async def make(recipe: Recipe, task: Task, seed: int, tell: Tell | None = None) -> Making:
    """The same recipe with its transforms made.

    Raises:
        GulliverError: the task has nothing to learn from, or a transform cannot be done.
    """
    material = gather(recipe, task, seed, tell)
    made = await asyncio.to_thread(make_model, recipe.model, recipe.transforms, material)
    parity = made.parity
    fresh = [part.cost for part in made.parts if not part.cached]
    return Making(
        replace(recipe, model=made.model, transforms=()),
        made.cost,
        sum(cost.flops for cost in fresh),
        sum(cost.seconds for cost in fresh),
        parity.sentence if parity else "",
        parity is not None and parity.alarming,
        tuple(part.folder for part in made.parts),
    )


def already_made(recipe: Recipe, task: Task, seed: int) -> bool:
    """Whether nothing is left to train. Of several transforms only the first can be looked up unmade, so that is a no."""
    material = gather(recipe, task, seed)
    call, part = recipe.transforms[0]
    return len(recipe.transforms) == 1 and is_made(recipe.model, call, part, material)


def gather(recipe: Recipe, task: Task, seed: int, tell: Tell | None = None) -> Material:
    """What the recipe's transforms may use: the train and dev splits put in the recipe's own way of asking.

    Raises:
        StudyError: a transform learns and the task has no train split, or no text to learn.
    """
    model, strategy = recipe.model, recipe.strategy
    shown = (task.dev or task.test)[:PROBES]
    probes = [Example(render(model.card, strategy.ask(item).prompt), _expected(item, recipe)) for item in shown]
    if not recipe.learns:
        return Material(probes=probes, seed=seed, tell=tell)
    check_material(recipe, task)
    dev = spread(task.dev, DEV)
    return Material(
        _examples(task.train, model, strategy), _examples(dev, model, strategy), probes, seed=seed, tell=tell
    )


def _examples(items: Sequence[Item], model: Model, strategy: Strategy) -> list[Example]:
    return [Example(render(model.card, strategy.ask(item).prompt), completion(item, strategy)) for item in items]


def _expected(item: Item, recipe: Recipe) -> str:
    return completion(item, recipe.strategy) if recipe.learns else ""


def completion(item: Item, strategy: Strategy) -> str:
    """What a model that is right would write under this way of asking: the target, or a worked solution.

    Raises:
        StudyError: the way of asking wants reasoning or a program, and the item's row holds none.
    """
    ways = {getattr(part, "strategy_name", "") for part in strategy.asking}
    target = item.target if isinstance(item.target, str) else json.dumps(item.target, ensure_ascii=False)
    for way, column in (("cot", "rationale"), ("equation_only", "rationale"), ("pal", "program")):
        if way in ways:
            worked = item.fields.get(column)
            if not isinstance(worked, str) or not worked.strip():
                raise StudyError(
                    f"Tuning for {way} needs a column {column!r} in the training rows, and item {item.id} has none; add it, or tune for direct."
                )
            if way == "pal":
                return f"```python\n{worked}\n```"
            steps = worked if way == "cot" else "\n".join(equations_in(worked))
            if not steps:
                raise StudyError(
                    f"Tuning for equation_only needs equations in every rationale, and item {item.id} has none."
                )
            return f"{steps}\nAnswer: {target}"
    return target


def check_material(recipe: Recipe, task: Task) -> None:
    """Say before anything is spent that a recipe cannot be made from this task.

    Raises:
        StudyError: a transform learns and the task has nothing to learn from.
    """
    if not recipe.learns:
        return
    if not task.train:
        raise StudyError(
            f"{recipe.text} learns from examples and the task {task.name} has none apart from its test items; give it a train file, or 500 items or more."
        )
    completion(task.train[0], recipe.strategy)


def told(makings: Mapping[str, Making], result: RecipeResult, results: Sequence[RecipeResult]) -> MakingResult:
    """One recipe's making as the result says it, with the flips against its parent and when tuning has paid."""
    making = makings[result.recipe]
    cost = making.cost
    flips, both = _flips(result, results)
    untrained = [r for r in results if not r.floor and not (r.recipe in makings and makings[r.recipe].cost.flops)]
    after, against = _pays(cost.flops, result, untrained) if cost.flops else (None, "")
    return MakingResult(
        cost.seconds, cost.flops, cost.examples, cost.tokens, cost.trainable, cost.peak_memory, making.parity,
        making.alarming, flips, both, after, against,
    )  # fmt: skip


def _flips(result: RecipeResult, results: Sequence[RecipeResult]) -> tuple[int | None, int]:
    name = result.recipe.split("|")[0].strip()
    parent = next((r for r in results if r.recipe == f"{name} | {result.strategy}"), None)
    if parent is None:
        return None, 0
    before = {record.item: record.outcome == "right" for record in parent.records}
    pairs = [(before[r.item], r.outcome == "right") for r in result.records if r.item in before]
    return (sum(a != b for a, b in pairs), len(pairs)) if pairs else (None, 0)


def _pays(flops: float, result: RecipeResult, untrained: Sequence[RecipeResult]) -> tuple[int | None, str]:
    """Against the cheapest dearer recipe that is as good; where none is, against the best of the dearer ones."""
    dearer = [r for r in untrained if r.items and r.flops_computed > result.flops_computed]
    if not dearer or not result.items:
        return None, ""
    good = [r for r in dearer if (r.quality or 0.0) >= (result.quality or 0.0)]
    rival = (
        min(good, key=lambda r: r.flops_computed)
        if good
        else max(dearer, key=lambda r: (r.quality or 0.0, -r.flops_computed))
    )
    return math.ceil(flops / (rival.flops_computed - result.flops_computed)), rival.recipe
