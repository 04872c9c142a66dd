"""The draws of a finished run, read back from the store without opening an engine."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import BoundModel, Session, Store
from gulliver.models import load_model
from gulliver.strategies.base import Adaptive
from gulliver.strategies.majority import ballot
from gulliver.strategies.sample import Sample
from gulliver.studies.curves import Pool
from gulliver.studies.making import Tell, already_made, make
from gulliver.studies.preparing import study_task
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.result import RecipeResult, StudyResult
from gulliver.studies.running import run_async
from gulliver.studies.unopened import NotStored, Unopened
from gulliver.tasks.base import Answer, Item, Task, judge
from gulliver.tasks.model_judge import ModelJudge

_AT_ONCE = 64


@dataclass(frozen=True)
class Pools:
    """The pools of a recipe, and how many of the items it was asked had not all draws in the store."""

    recipe: str
    draws: int
    pools: tuple[Pool, ...]
    lacking: int


def stored_pools(
    result: StudyResult,
    recipe: RecipeResult,
    draws: int | None = None,
    store: str | Path | None = None,
    load: Loader = load_model,
    tell: Tell | None = None,
) -> Pools:
    """The first `draws` draws of every item that the run asked this recipe (as many as the recipe takes when None).

    Raises:
        StudyError: the run's items or draws cannot be had again, or the recipe does not draw independently.
    """
    if recipe.floor or not recipe.records:
        raise StudyError(f"{recipe.recipe} has no draws in the run {result.run.id}; give a recipe that was asked.")
    task = task_of(result)
    made = parse_recipe(recipe.recipe, load)
    if not isinstance(made.strategy.drawing, Sample) or made.strategy.whole is not None:
        raise StudyError(
            f"{recipe.recipe} takes no independent draws; curves need a recipe such as `cot | majority(n=16)`."
        )
    n = draws or int(getattr(made.strategy.choosing, "n", made.strategy.draws))
    by_id = {item.id: item for item in task.test}
    items = [by_id[record.item] for record in recipe.records if record.item in by_id]
    if any(isinstance(item.judge, ModelJudge) for item in items):
        raise StudyError(
            "The task's judge is a model, which judged only the answers that were chosen; curves need a judge that asks no model."
        )

    async def work() -> list[Pool | None]:
        ready = await made_again(made, task, result.run.seed)
        async with Store(store) as kept, Session(kept, result.run.seed, Unopened) as session:
            found: list[Pool | None] = []
            for start in range(0, len(items), _AT_ONCE):
                some = items[start : start + _AT_ONCE]
                found += await asyncio.gather(*(_pool(ready, item, session.bind(ready.model), n) for item in some))
                if tell is not None:
                    tell("reading draws", len(found), len(items))
            return found

    found = run_async(work())
    pools = tuple(pool for pool in found if pool is not None)
    if not pools:
        raise StudyError(
            f"The store does not hold {n} draws of any item of {recipe.recipe}; ask for fewer with --draws, name the run's store with --store, or run the study with majority(n={n})."
        )
    lacking = len(recipe.records) - len(pools)
    if lacking and isinstance(made.strategy.choosing, Adaptive):
        raise StudyError(
            f"{recipe.recipe} stops drawing where it is sure, so items with {n} draws are the hard ones; run the study with majority(n={n}), which goes on from its draws."
        )
    return Pools(recipe.recipe, n, pools, lacking)


def task_of(result: StudyResult) -> Task:
    """The task of a run, with the same items.

    Raises:
        StudyError: it kept no texts, or the task has changed since.
    """
    run = result.run
    if run.task_spec is None:
        why = "kept no texts" if not run.keep_text else "does not say how its task is loaded"
        raise StudyError(f"The run {run.id} {why}, so its draws cannot be read; run its study again with texts kept.")
    task = study_task(run.task_spec, run.task_items, run.seed, Path(run.task_folder))
    if task.digest != run.task_digest:
        raise StudyError(f"The task {run.task} has changed since the run {run.id}; run its study again.")
    return task


async def made_again(recipe: Recipe, task: Task, seed: int) -> Recipe:
    """The recipe of a run with its model as it was made then.

    Raises:
        StudyError: that model is no longer there.
    """
    if not recipe.transforms:
        return recipe
    if recipe.learns and not already_made(recipe, task, seed):
        raise StudyError(f"The model of {recipe.text} is no longer there; run its study again.")
    return (await make(recipe, task, seed)).recipe


async def _pool(recipe: Recipe, item: Item, lm: BoundModel, n: int) -> Pool | None:
    put = recipe.strategy.ask(item)
    try:
        drafts = await recipe.strategy.drawing.draw(put, lm, n)
    except NotStored:
        return None
    answers = await asyncio.to_thread(lambda: [put.read(draft) for draft in drafts])
    return make_pool(item, answers)


def make_pool(item: Item, answers: Sequence[Answer]) -> Pool:
    """The pool of one item's answers, draw by draw; each different answer is judged once."""
    first: dict[str, Answer] = {}
    for answer in answers:
        if answer.status == "read":
            first.setdefault(ballot(answer), answer)
    names = list(first)
    number = {name: place for place, name in enumerate(names)}
    return Pool(
        item.id,
        tuple(number[ballot(a)] if a.status == "read" else -1 for a in answers),
        tuple(judge(item, first[name]).outcome == "right" for name in names),
        tuple(answer.mean_logprob for answer in answers),
    )
