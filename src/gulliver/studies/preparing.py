"""A study before it starts: its task, items and recipes, checked; and what each recipe is thought to cost."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gulliver.errors import StudyError
from gulliver.models.base import Model
from gulliver.models.engines import is_on
from gulliver.studies.config import StudyConfig
from gulliver.studies.making import check_material
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.tasks import load_task
from gulliver.tasks.base import Item, Task

GENERATED = 500


@dataclass
class Prepared:
    """A study that was checked and can start: nothing was spent yet."""

    config: StudyConfig
    task: Task
    items: list[Item]
    about: str
    limit: int
    recipes: list[Recipe]
    reference: Recipe | None

    @property
    def pool(self) -> int | None:
        """How many items the answer is about; None for a population."""
        return len(self.items) if self.about == "pool" else None

    @property
    def models(self) -> list[Model]:
        """All models that may be asked, some more than once."""
        return [m for r in (*self.recipes, self.reference) if r is not None for m in r.models]


def prepare(config: StudyConfig, load: Loader) -> Prepared:
    """Load task and models, put the items in their order, and try each strategy's prompt on the first item.

    Raises:
        GulliverError: anything that would fail later for a reason that can be known now.
    """
    task = study_task(config.task, config.items, config.seed, config.folder)
    if not task.test:
        raise StudyError(f"The task {task.name} has no items; add some to its file.")
    about = config.about or ("population" if task.generated else "pool")
    items = list(task.test)
    random.Random(config.seed).shuffle(items)
    made: dict[str, Model] = {}

    def once(name: str) -> Model:
        if name not in made:
            model = load(name)
            if name in config.prices:
                prompt, completion = config.prices[name].at(config.batch)
                model = replace(model, card=replace(model.card, price_prompt=prompt, price_completion=completion))
            made[name] = model
        return made[name]

    texts = [f"{model} | {strategy}" for model in config.models for strategy in config.strategies]
    recipes: dict[str, Recipe] = {}
    for text in [*texts, *config.recipes]:
        recipe = parse_recipe(text, once)
        recipes.setdefault(recipe.text, recipe)
    reference = parse_recipe(config.reference, once) if config.reference else None
    everyone = [*recipes.values(), *([reference] if reference else [])]
    for recipe in everyone:
        recipe.strategy.ask(items[0])
        check_material(recipe, task)
    if config.cheap == "money" and any(m.card.price_prompt is None for r in everyone for m in r.models):
        unpriced = next(m.name for r in everyone for m in r.models if m.card.price_prompt is None)
        raise StudyError(
            f'cheap = "money" needs a price for every model; add {unpriced!r} = [prompt, completion] under [prices].'
        )
    engines = {_as_run(m) for recipe in everyone for m in recipe.models if m.engine != "scripted"}
    if len(engines) > 1:
        raise StudyError(
            f"The study mixes engines ({', '.join(sorted(engines))}), whose answers differ on near ties; give every model in a form that one engine reads (gguf:path, torch: before all, or openai:name@url for all)."
        )
    limit = min(config.items or len(items), len(items))
    return Prepared(config, task, items, about, limit, list(recipes.values()), reference)


def study_task(spec: str | Mapping[str, Any], items: int | None, seed: int, folder: Path) -> Task:
    """A study's task as it is loaded for it: of a generator as many items as it asks for, of others all.

    Raises:
        GulliverError: see `load_task`.
    """
    drawn = isinstance(spec, str) and spec.startswith("gym:")
    return load_task(spec, items=(items or GENERATED) if drawn else None, seed=seed, folder=folder)


def forecast(recipe: Recipe, prepared: Prepared) -> float:
    """What one item will cost, in the study's currency, as far as can be known before asking; only the order matters."""
    config = prepared.config
    flops = recipe.forecast_flops(prepared.items[0])
    if config.cheap == "memory":
        others = sum(_held(model) for model in recipe.others.values())
        if recipe.transforms:
            return others + recipe.card.parameters * bytes_each(recipe.card.format)
        return others + _held(recipe.model)
    if config.cheap == "money" and recipe.model.card.price_completion is not None:
        return recipe.strategy.draws * recipe.strategy.tokens * recipe.model.card.price_completion
    return flops


def bytes_each(format: str) -> float:
    """Bytes of one weight in the format a card names first; 2 when it is none that is known."""
    kinds = {"F32": 4.0, "F16": 2.0, "Q8_0": 34 / 32, "Q4_1": 20 / 32, "Q4_0": 18 / 32}
    return next((size for kind, size in kinds.items() if format.startswith(kind)), 2.0)


def _as_run(model: Model) -> str:
    """The engine and, where it has several, its precision."""
    precision = model.options.get("precision") or ("exact" if is_on(model, "exact") else "")
    return f"{model.engine} {precision}" if precision else model.engine


def _held(model: Model) -> float:
    """Bytes of the weights, or their number where nothing is here."""
    return float(_size(model.location)) if model.location else float(model.card.parameters)


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    return path.stat().st_size
