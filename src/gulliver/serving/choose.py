"""What is served: what a study found, with the study's way of asking, or a recipe as it is written."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.models import load_model
from gulliver.models.base import Model
from gulliver.models.engines import JUDGES
from gulliver.serving.question import open_item
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.studies.config import read_study
from gulliver.studies.making import make
from gulliver.studies.preparing import prepare
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.result import StudyResult
from gulliver.studies.runs import find_run
from gulliver.studies.summary import run_id
from gulliver.tasks import load_task
from gulliver.tasks.base import Item, Task
from gulliver.transforms.base import Material
from gulliver.transforms.making import make_model

MOST_DRAWS = 64


@dataclass(frozen=True)
class Found:
    """A recipe to serve, its model not made yet.

    Attributes:
        pattern: an item of the study's task (see `question`); of a recipe that no study measured, an open one.
        seed: with which draws are seeded unless a client says another.
        run: the id of the study's run, "" for a recipe as written.
        keep_text: whether the study lets texts onto the disk.
    """

    recipe: Recipe
    pattern: Item
    task: Task | None = None
    seed: int = 0
    run: str = ""
    keep_text: bool = True


@dataclass(frozen=True)
class Served:
    """A recipe whose model can be asked."""

    name: str
    recipe: Recipe
    pattern: Item
    seed: int


def choose(what: str, load: Loader) -> Found:
    """What `gulliver serve WHAT` means: a recipe when it holds `|`, a study's file when it ends in .toml, else a run.

    Raises:
        GulliverError: there is no such thing, or its study found no recipe.
    """
    if "|" in what:
        return Found(parse_recipe(what, load), open_item())
    if what.endswith(".toml"):
        prepared = prepare(read_study(Path(what)), load)
        try:
            result = find_run(run_id(prepared))
        except StudyError:
            raise StudyError(f"The study {what} has no finished run; run it first: gulliver find {what}") from None
        return _of_run(result, prepared.task, load)
    try:
        result = find_run(what)
    except StudyError as error:
        hint = "A recipe is written MODEL | STRATEGY, a study's file ends in .toml"
        raise StudyError(f"{hint}, and otherwise: {str(error)[0].lower()}{str(error)[1:]}") from None
    return _of_run(result, _task_of(result), load)


def _task_of(result: StudyResult) -> Task:
    """The task of a run by its name, if that still gives the same items."""
    run = result.run
    try:
        task = (
            load_task(run.task, items=run.pool, seed=run.seed) if run.task.startswith("gym:") else load_task(run.task)
        )
    except Exception as error:  # a task that is a file of the user's cannot be found by the run
        raise _ask_for_file(result) from error
    if task.digest != run.task_digest:
        raise _ask_for_file(result)
    return task


def _ask_for_file(result: StudyResult) -> StudyError:
    return StudyError(
        f"The task of the run {result.run.id} cannot be had from its name {result.run.task!r}; serve the study's TOML file instead."
    )


def _of_run(result: StudyResult, task: Task, load: Loader) -> Found:
    text = result.answer.recipe
    if text is None:
        raise StudyError(
            f"The run {result.run.id} found no recipe that meets its target; name one to serve, as MODEL | STRATEGY."
        )
    if any(row.floor and row.recipe == text for row in result.recipes):
        raise StudyError(f"The run {result.run.id} found that {text} is enough: no language model needs to be served.")
    recipe = parse_recipe(text, load)
    known = {str(model["name"]): str(model["digest"]) for model in result.run.models}
    digest = known.get(recipe.model.name)
    if digest is not None and digest != recipe.model.card.digest:
        raise StudyError(
            f"The weights of {recipe.model.name} are not those that the run {result.run.id} measured; run its study again."
        )
    return Found(recipe, task.test[0], task, result.run.seed, result.run.id, result.run.keep_text)


async def made(found: Found) -> Served:
    """The recipe with its transforms made (or taken from the cache), tried on an item.

    Raises:
        GulliverError: a transform needs a study to learn from, or the strategy needs more of an item than a question.
    """
    recipe = found.recipe
    name = recipe.text
    _only_judges(name, recipe.others)
    if recipe.transforms and found.task is not None:
        recipe = (await make(recipe, found.task, found.seed)).recipe
    elif recipe.transforms:
        if recipe.learns:
            raise StudyError(f"{recipe.text} learns from a task; serve the study's TOML file or its run.")
        product = await asyncio.to_thread(make_model, recipe.model, recipe.transforms, Material(seed=found.seed))
        recipe = replace(recipe, model=product.model, transforms=())
    pattern = replace(found.pattern, choices=(), cloze="", fields={})
    recipe.strategy.ask(pattern)
    return Served(name, recipe, pattern, found.seed)


def with_strategies(served: Served, more: Sequence[str]) -> dict[str, Served]:
    """The recipe by its name, and its model with other strategies as `recipe@strategy`.

    Raises:
        SpecError, TaskError: a strategy cannot be read or used.
    """
    table = {served.name: served}
    for text in dict.fromkeys(["direct", *more]):
        strategy: Strategy = parse_strategy(parse(text))
        strategy.ask(served.pattern)
        name = f"{served.name}@{strategy.text}"
        others = {other: load_model(other) for other in strategy.others}
        _only_judges(name, others)
        table[name] = replace(served, name=name, recipe=replace(served.recipe, strategy=strategy, others=others))
    for one in table.values():
        if one.recipe.strategy.draws > MOST_DRAWS:
            raise StudyError(f"{one.name} draws {one.recipe.strategy.draws} drafts; at most {MOST_DRAWS} are served.")
    return table


def _only_judges(name: str, others: Mapping[str, Model]) -> None:
    """A model that only judges drafts is loaded beside the first; one that answers is the business of `--fallback`."""
    answering = next((other for other, model in others.items() if model.engine not in JUDGES), None)
    if answering is not None:
        raise StudyError(
            f"{name} names a second model; serve what stands before it with --fallback {answering!r} and its threshold as --threshold."
        )
