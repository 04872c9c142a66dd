"""Train the head of p_ik: a model's draws on items with known answers, and what can be told of their questions
beforehand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gulliver.errors import StudyError
from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.strategies.base import read_drafts
from gulliver.strategies.heads import FOLDS, Floats, Head, features, fit_head
from gulliver.strategies.sample import Sample
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item, Task, judge

DRAWS = 4
TEMPERATURE = 1.0


def train_head(
    text: str,
    task: Task,
    name: str,
    *,
    draws: int = DRAWS,
    items: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    load: Loader = load_model,
) -> Head:
    """A head for the model of the recipe `MODEL | asking parts`, on the task's train split.

    Raises:
        StudyError: there is nothing to train on, or the recipe does more than ask.
    """
    recipe = parse_recipe(text, load)
    if recipe.strategy.whole is not None or recipe.strategy.draws > 1 or recipe.transforms:
        raise StudyError(f"A head foretells single draws of a model as it is; write MODEL | ASKING, not {text}.")
    chosen = list(task.train)[:items]
    if len(chosen) < 2 * FOLDS:
        raise StudyError(
            f"The task {task.name} has {len(chosen)} items to train a head on and {2 * FOLDS} are needed; give it a train file."
        )
    rows, shares = run_async(_gathered(recipe, chosen, draws, seed, store))
    return fit_head(name, recipe.model.card.digest, task.name, rows, shares, seed)


async def _gathered(
    recipe: Recipe, items: Sequence[Item], draws: int, seed: int, store: str | Path | None
) -> tuple[Floats, Floats]:
    async with Store(store) as kept, Session(kept, seed) as session:
        told = await asyncio.gather(*(known(recipe, item, session, draws) for item in items))
    return np.array([row for row, _ in told]), np.array([share for _, share in told])


async def known(recipe: Recipe, item: Item, session: Session, draws: int = DRAWS) -> tuple[list[float], float]:
    """One item's features, and the share of `draws` draws at temperature 1 that are right (0 without draws).

    Raises:
        ModelError: the engine cannot score.
    """
    lm = session.bind(recipe.model, Meter())
    put = recipe.strategy.ask(item)
    if not draws:
        return await features(item.question, lm), 0.0
    drafts = await Sample(temperature=TEMPERATURE, top_p=1.0).draw(put, lm, draws)
    right = [judge(item, answer).outcome == "right" for answer in await read_drafts(put, drafts)]
    return await features(item.question, lm), sum(right) / len(right)
