"""Recipes side by side: what a study without a race asks of several recipes at once, where there are machines for it.

A race asks one recipe after the other, because its first question is whether the next one need be asked at all. Without a
race all are asked in full, and the judging, one recipe after the other as its levels of error want it, comes afterwards.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gulliver.errors import ModelError

if TYPE_CHECKING:
    from gulliver.studies.entrants import Entrant
    from gulliver.studies.study import Runner

SIDE_BY_SIDE = 4
_LIGHT = ("endpoint", "scripted")
"""Engines that hold no weights on the machine that asks them."""


async def ask_ahead(runner: "Runner", position: int) -> None:
    """Ask recipe number `position` (from 1) and those after it that can stand beside it; a model's trouble is left to its trial."""
    beside = _beside(runner, position)
    if len(beside) < 2:
        return
    await runner.session.keep_only(*(m for _, e in beside if e.recipe is not None for m in e.recipe.models))
    await asyncio.gather(*(_ask(runner, entrant, place) for place, entrant in beside))


def _beside(runner: "Runner", position: int) -> list[tuple[int, "Entrant"]]:
    """That recipe and those right after it: none that must be made first, and of local models only one at a time."""
    config = runner.prepared.config
    found: list[tuple[int, Entrant]] = []
    if config.race or runner.reference is not None:
        return found
    engines: set[str] = set()
    for place, entrant in enumerate(runner.entrants[position - 1 :], position):
        recipe = entrant.recipe
        if recipe is None or recipe.transforms or entrant.asked or len(found) == SIDE_BY_SIDE:
            break
        engines |= {model.card.digest for model in recipe.models if model.engine not in _LIGHT}
        if len(engines) > 1 and found:
            break
        found.append((place, entrant))
    return found


async def _ask(runner: "Runner", entrant: "Entrant", place: int) -> None:
    limit = runner.prepared.limit
    with contextlib.suppress(ModelError):
        while len(entrant.asked) < limit and not runner.over_limit():
            fed = len(entrant.asked)
            await runner.ask(entrant, fed + runner.chunk(entrant, fed))
            runner.tell(entrant, place, "asking")
