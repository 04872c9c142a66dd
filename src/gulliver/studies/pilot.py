"""What is known of a study before it runs: what the store holds, and a pilot that is really asked.

Looking into the store asks nothing. The pilot asks the study's first items, in the study's order, and its answers stay in
the store, so that the study does not pay for them again. It is asked in growing batches, to see how an engine's
throughput rises with what it is given at once.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gulliver.errors import ModelError, TrainingError
from gulliver.inference import Session, Store, Used
from gulliver.studies.asking import Asked, ask_item, ask_items
from gulliver.studies.entrants import Entrant
from gulliver.studies.events import Progress, Watch
from gulliver.studies.making import already_made
from gulliver.studies.recipe import Recipe
from gulliver.studies.study import Runner
from gulliver.studies.unopened import NotStored, Unopened
from gulliver.tasks.base import Item

PROMPT_WORK = 0.1  # reading a token takes about a tenth of writing one
LEAST_OVERHEAD = 0.02
_LOOK = 64


@dataclass(frozen=True)
class Batch:
    """What was asked at once: requests, their work (tokens written, and a tenth of those read), seconds by the clock and of
    the engine's busy time; `opened` when the engine was started for it."""

    requests: int
    work: float
    seconds: float
    busy: float
    opened: bool


@dataclass
class Known:
    """What is known of one recipe: outcomes by the item's place in the study's order.

    Attributes:
        piloted: how many items the pilot asked; `batches`: how that went.
        why: the reason it could not be asked, when it could not.
        stand_in: whether its parent was asked in its place, since its training is not done: costs are then the parent's, and
            nothing is known of its quality.
    """

    recipe: Recipe
    asked: dict[int, Asked] = field(default_factory=dict)
    piloted: int = 0
    batches: list[Batch] = field(default_factory=list)
    why: str = ""
    stand_in: bool = False

    @property
    def scores(self) -> dict[int, float]:
        """Outcomes that are known, 1.0 for right, by place."""
        return {} if self.stand_in else {place: asked.score for place, asked in self.asked.items()}


@dataclass
class Pilot:
    """The study, ready to run, with all that is known of it.

    Attributes:
        known: by the recipe's text, the reference included.
        ledger: every request that is known, by its key.
        seconds: of the pilot by the clock; `preparing`: of that, what the floors took; `overhead`: what each recipe took
            besides being asked (engines closed, memory noted), in seconds.
    """

    runner: Runner
    known: dict[str, Known]
    ledger: dict[str, Used]
    seconds: float
    preparing: float
    overhead: float = 0.0


def entrants_of(runner: Runner) -> list[Entrant]:
    """All that may be asked: the race's entrants, and the reference when it is none of them."""
    apart = runner.reference is not None and runner.reference not in runner.entrants
    return [*runner.entrants, *([runner.reference] if apart and runner.reference else [])]


async def run_pilot(
    runner: Runner, session: Session, items: int, preparing: float = 0.0, watch: Watch | None = None
) -> Pilot:
    """Look into the store for everything, then ask each recipe its first `items` items, as far as they are not there.

    Raises:
        GulliverError: the store cannot be read or written.
    """
    started = time.monotonic()
    prepared = runner.prepared
    asked_of = [entrant for entrant in entrants_of(runner) if entrant.recipe is not None]
    known: dict[str, Known] = {}
    ledger: dict[str, Used] = {}
    asking = 0.0
    for position, entrant in enumerate(asked_of, 1):
        here = known[entrant.name] = await _ready(runner, entrant, position)
        if here.why:
            continue
        here.asked, used = await _look(here.recipe, prepared.items[: prepared.limit], session.store, session.seed)
        ledger |= used
        wanted = [place for place in range(min(items, prepared.limit)) if place not in here.asked]
        if not wanted:
            continue
        if watch is not None:
            watch(Progress(entrant.name, position, len(asked_of), 0, prepared.pool, 0, 0.0, 1.0, 0.0, "", "pilot"))
        begun = time.monotonic()
        await session.keep_only(*here.recipe.models)
        try:
            for places in (wanted[:1], wanted[1:2], wanted[2:]):
                if places:
                    await _batch(here, places, prepared.items, session)
        except ModelError as error:
            here.why = str(error)
        asking += time.monotonic() - begun
        here.piloted = len([place for place in wanted if place in here.asked])
    begun = time.monotonic()
    await session.keep_only()
    asking += time.monotonic() - begun
    ledger |= session.ledger
    batches = [batch.seconds for here in known.values() for batch in here.batches]
    piloted = sum(here.piloted > 0 for here in known.values())
    overhead = max(LEAST_OVERHEAD, (asking - sum(batches)) / piloted if piloted else 0.0)
    return Pilot(runner, known, ledger, time.monotonic() - started + preparing, preparing, overhead)


async def _ready(runner: Runner, entrant: Entrant, position: int) -> Known:
    """The recipe with its transforms made, as far as that needs no training; else its parent stands in for it."""
    assert entrant.recipe is not None
    prepared = runner.prepared
    try:
        if entrant.recipe.learns and not already_made(entrant.recipe, prepared.task, prepared.config.seed):
            return Known(replace(entrant.recipe, transforms=()), stand_in=True)
        await runner.make(entrant, position)
    except (ModelError, TrainingError) as error:
        return Known(entrant.recipe, why=str(error))
    return Known(entrant.recipe)


async def _batch(here: Known, places: Sequence[int], items: Sequence[Item], session: Session) -> None:
    before, begun = session.spending.cost, time.monotonic()
    requests = session.spending.asked
    opened = not all(session.is_open(model) for model in here.recipe.models)
    asked = await ask_items(here.recipe, [items[place] for place in places], session)
    seconds = time.monotonic() - begun
    here.asked |= dict(zip(places, asked, strict=True))
    cost = session.spending.cost
    work = float(cost.completion_tokens - before.completion_tokens)
    work += PROMPT_WORK * (cost.prompt_tokens - before.prompt_tokens)
    requests = session.spending.asked - requests
    if requests:
        here.batches.append(Batch(requests, work, seconds, cost.seconds - before.seconds, opened))


async def _look(
    recipe: Recipe, items: Sequence[Item], store: Store, seed: int
) -> tuple[dict[int, Asked], dict[str, Used]]:
    """What the store can answer without asking; looked for in the study's order until nothing more is found."""

    found: dict[int, Asked] = {}
    async with Session(store, seed, Unopened) as session:
        for begin in range(0, len(items), _LOOK):
            chunk = items[begin : begin + _LOOK]
            outcomes = await asyncio.gather(
                *(ask_item(recipe, item, session) for item in chunk), return_exceptions=True
            )
            here = {begin + i: asked for i, asked in enumerate(outcomes) if isinstance(asked, Asked)}
            found |= here
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, NotStored):
                    raise outcome
            if not here:
                break
        used = {key: session.ledger[key] for asked in found.values() for key in asked.uses}
    return found, used
