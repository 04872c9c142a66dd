"""Train a verifier from a task's judge: models draw, the judge labels, the head learns."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.models.rewards import verifier_path
from gulliver.studies.making import Tell
from gulliver.studies.recipe import Loader, parse_recipe
from gulliver.studies.running import run_async
from gulliver.tasks.base import Answer, Item, Task, judge
from gulliver.training.verifier import Fitted, Labelled, fit_verifier

_AT_ONCE = 32


@dataclass(frozen=True)
class Trained:
    """A verifier that was trained, where it is, and what drawing its examples took (forward FLOPs, seconds)."""

    fitted: Fitted
    path: Path
    flops: float
    seconds: float


def train_verifier(
    models: Sequence[str],
    task: Task,
    *,
    items: int = 50,
    draws: int = 4,
    strategy: str = "cot",
    name: str = "default",
    seed: int = 0,
    store: str | Path | None = None,
    tell: Tell | None = None,
    load: Loader = load_model,
) -> Trained:
    """Draw from each model on the task's train items (else its dev items), judge, fit, and keep the head under `name`.

    Raises:
        StudyError: the task has neither train nor dev items: the test items must not be learned from.
        TrainingError: too few right or wrong drafts.
    """
    pool = list(task.train) or list(task.dev)
    if not pool:
        raise StudyError(
            f"{task.name} has no train or dev items to learn from; name a task that has some, such as gym:gsm_symbolic, whose verifier serves here too."
        )
    chosen = pool[:items]

    async def work() -> tuple[list[Labelled], Meter]:
        meter, examples = Meter(), list[Labelled]()
        async with Store(store) as kept, Session(kept, seed) as session:
            for model in models:
                recipe = parse_recipe(f"{model} | {strategy} | sample | majority(n={draws})", load)
                await session.keep_only(recipe.model)
                lm = session.bind(recipe.model, meter)
                for begin in range(0, len(chosen), _AT_ONCE):
                    some = chosen[begin : begin + _AT_ONCE]
                    drawn = await asyncio.gather(
                        *(recipe.strategy.drawing.draw(recipe.strategy.ask(item), lm, draws) for item in some)
                    )
                    for item, drafts in zip(some, drawn, strict=True):
                        put = recipe.strategy.ask(item)
                        examples += [label(put, put.read(draft)) for draft in drafts]
                    if tell is not None:
                        tell(f"drawing from {model}", min(begin + _AT_ONCE, len(chosen)), len(chosen))
        return examples, meter

    examples, meter = run_async(work())
    fitted = fit_verifier(examples, seed=seed)
    path = verifier_path(name)
    fitted.head.save(path)
    return Trained(fitted, path, meter.cost.flops_computed, meter.cost.seconds)


def label(item: Item, answer: Answer) -> Labelled:
    """A draft with what the judge says of its answer."""
    return Labelled(item.question, answer.text, judge(item, answer).outcome == "right", item.id)
