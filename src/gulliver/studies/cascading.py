"""A cascade's threshold, set for a quality on items that chose nothing and will not judge it (see `thresholds`)."""

from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.spec import Call, parse
from gulliver.strategies.cascade import Cascade
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.running import run_async
from gulliver.studies.thresholds import FEWEST, LEVEL, Calibrated, Seen, see, threshold_for
from gulliver.tasks.base import Task


@dataclass(frozen=True)
class SetCascade:
    """A cascade with its threshold: the recipe to use, what was seen with it, and how each part did alone."""

    recipe: str
    calibrated: Calibrated
    small: float
    large: float


def parts_of(recipe: Recipe, load: Loader = load_model) -> tuple[Recipe, Recipe]:
    """The two recipes of which a cascade gives one answer or the other.

    Raises:
        StudyError: the recipe is no cascade.
    """
    whole = recipe.strategy.whole
    if not isinstance(whole, Cascade):
        raise StudyError(f"{recipe.text} is no cascade; write MODEL | ... | cascade(to=LARGER).")
    asking = [str(call) for call in parse(recipe.strategy.text)[:-1]]
    first, second = whole.parts
    small = " | ".join([recipe.model.name, *asking, first])
    return parse_recipe(small, load), parse_recipe(" | ".join([whole.to, *asking, second]), load)


def set_cascade(
    text: str,
    task: Task,
    quality: float,
    *,
    level: float = LEVEL,
    items: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    load: Loader = load_model,
) -> SetCascade:
    """The cascade `text` with the lowest threshold that is shown to reach `quality` on the task's dev items, or on
    the first `items` of its train split.

    Raises:
        StudyError: there are too few such items, or no threshold can be shown to reach the quality.
    """
    recipe = parse_recipe(text, load)
    if recipe.transforms:
        raise StudyError(
            f"{text} changes its model first; give such a model by its folder, or set the threshold by hand."
        )
    small, large = parts_of(recipe, load)
    chosen = list(task.train if items else task.dev)[: items or None]
    if len(chosen) < FEWEST:
        raise StudyError(
            f"The task {task.name} has {len(chosen)} items to set a threshold on and {FEWEST} are needed; give it a dev file, or --items of its train split."
        )

    async def work() -> list[Seen]:
        async with Store(store) as kept, Session(kept, seed) as session:
            return await see(small, large, chosen, session)

    return _set(recipe, run_async(work()), quality, level)


def _set(recipe: Recipe, seen: list[Seen], quality: float, level: float) -> SetCascade:
    found = threshold_for(seen, quality, level)
    alone = sum(one.fallback for one in seen)
    if found is None:
        raise StudyError(
            f"On {len(seen)} items no threshold can be shown to reach {quality:g} (the larger model alone has {alone} right); ask for less, take a larger model, or give more items."
        )
    *before, last = parse(recipe.strategy.text)
    options = dict(last.options) | {"threshold": found.threshold}
    written = [str(call) for call in (*before, Call(last.name, tuple(options.items())))]
    own = sum(one.recipe for one in seen) / len(seen)
    return SetCascade(" | ".join([recipe.model.name, *written]), found, own, alone / len(seen))
