"""The threshold of a fallback, set on the dev items of the study that the served recipe comes from (see `studies.thresholds`)."""

from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import Session, Store
from gulliver.serving.choose import Found, Served
from gulliver.studies.thresholds import FEWEST, Calibrated, see, threshold_for


async def calibrate(
    found: Found, served: Served, fallback: Served, quality: float, store: str | Path | None = None
) -> Calibrated:
    """Ask both recipes the task's dev items (from the store, where they were asked before) and set the threshold.

    Raises:
        StudyError: there is no study, its dev split is too small or was learnt from, or no threshold can be shown.
    """
    if found.task is None:
        raise StudyError(f"{served.name} comes from no study, so that no outcomes are known; give --threshold instead.")
    if found.recipe.learns:
        raise StudyError(
            f"{served.name} was tuned with the dev split in view, so that it would flatter it; give --threshold."
        )
    items = list(found.task.dev)
    if len(items) < FEWEST:
        raise StudyError(
            f"The task {found.task.name} has {len(items)} dev items and a threshold needs {FEWEST} that chose nothing yet; give --threshold instead."
        )
    async with Store(store, found.keep_text) as kept, Session(kept, found.seed) as session:
        seen = await see(served.recipe, fallback.recipe, items, session)
    chosen = threshold_for(seen, quality)
    if chosen is None:
        alone = sum(one.fallback for one in seen)
        raise StudyError(
            f"On {len(seen)} dev items no threshold can be shown to reach {quality:g} (the fallback alone has {alone} right); ask for less, or take a larger fallback."
        )
    return chosen
