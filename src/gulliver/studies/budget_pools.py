"""One pool of draws of each model, with what each draw and each score cost: everything a budget can buy is read from it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gulliver.errors import StudyError
from gulliver.inference import BoundModel, Cost, Meter, Session, Store
from gulliver.models import load_model
from gulliver.strategies.base import read_drafts
from gulliver.strategies.scorers import make_scorer
from gulliver.strategies.scorers.base import as_draft
from gulliver.studies.curves import Pool
from gulliver.studies.making import Tell
from gulliver.studies.pools import make_pool
from gulliver.studies.recipe import Loader, Recipe, parse_recipe
from gulliver.studies.running import run_async
from gulliver.tasks.base import Item, Task, judge
from gulliver.tasks.model_judge import ModelJudge

_AT_ONCE = 32


@dataclass(frozen=True)
class Priced:
    """What one thing cost for one item: forward FLOPs and seconds of the engine, as if nothing had been asked before.

    `shared`: FLOPs that a further one of the same prompt saves, since the engine has read the prompt already.
    """

    flops: float = 0.0
    seconds: float = 0.0
    shared: float = 0.0

    @staticmethod
    def of(cost: Cost, parts: int = 1) -> "Priced":
        """A line of the ledger, divided among so many draws of one prompt that some other request had read before.

        The engine's seconds are taken to grow as the FLOPs that it would have had to compute alone.
        """
        alone, computed = cost.flops_naive / parts, cost.flops_computed / parts
        longer = alone / computed if computed else 1.0
        return Priced(alone, cost.seconds / parts * longer, alone - computed)

    def times(self, k: int) -> "Priced":
        """So many of them, the prompt read once."""
        flops = k * self.flops - (k - 1) * self.shared
        return Priced(flops, self.seconds * (flops / self.flops if self.flops else k))

    def __add__(self, other: "Priced") -> "Priced":
        return Priced(self.flops + other.flops, self.seconds + other.seconds)


@dataclass(frozen=True)
class ItemPool:
    """What one model gave for one item.

    Attributes:
        pool: the sampled draws; single: whether the greedy answer is right.
        scores: by scorer, of each draw; None for one without an answer, which is not scored.
        draw, greedy: what one sampled draw, on average, and the greedy one cost; score: by scorer, for one draw as computed.
        whole: by strategy with a control flow of its own, whether it was right and what it cost.
    """

    pool: Pool
    single: bool
    greedy: Priced
    draw: Priced
    scores: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    score: Mapping[str, Priced] = field(default_factory=dict)
    whole: Mapping[str, tuple[bool, Priced]] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelPool:
    """The items of one model, in the task's order; `parameters` are those that are active."""

    model: str
    parameters: int
    items: tuple[ItemPool, ...]


@dataclass(frozen=True)
class Wanted:
    """What is drawn of one model: `draws` samples, their `scorers` (a name, or name:model), and `searches` such as
    `rebase(n=4)`."""

    model: str
    draws: int = 8
    scorers: tuple[str, ...] = ("logprob", "tool")
    searches: tuple[str, ...] = ()


def draw_pools(
    wanted: Sequence[Wanted],
    task: Task,
    *,
    items: int | None = None,
    ask: str = "cot",
    seed: int = 0,
    store: str | Path | None = None,
    tell: Tell | None = None,
    load: Loader = load_model,
) -> list[ModelPool]:
    """The pools of each model on the first test items (so fewer items are the first of more), asked or replayed. Nothing is paid twice: stop and go on at will.

    Raises:
        GulliverError: a recipe or scorer cannot be had, or the task's judge is a model, which would have to judge every draw.
    """
    chosen = list(task.test[:items])  # a generator makes only what is looked at
    if any(isinstance(item.judge, ModelJudge) for item in chosen):
        raise StudyError(
            "The task's judge is a model, and every draw would have to be judged; use a judge that asks no model."
        )
    plans = [(each, _recipes(each, ask, load)) for each in wanted]

    async def work() -> list[ModelPool]:
        found = []
        async with Store(store) as kept, Session(kept, seed) as session:
            for each, recipes in plans:
                await session.keep_only(recipes[0].model)
                done: list[ItemPool] = []
                for begin in range(0, len(chosen), _AT_ONCE):
                    some = chosen[begin : begin + _AT_ONCE]
                    done += await asyncio.gather(*(_item(each, recipes, item, session) for item in some))
                    if tell is not None:
                        tell(f"asking {each.model}", len(done), len(chosen))
                found.append(ModelPool(each.model, recipes[0].model.card.active_parameters, tuple(done)))
        return found

    return run_async(work())


def _recipes(wanted: Wanted, ask: str, load: Loader) -> list[Recipe]:
    """The greedy one, the one that samples, and the searches."""
    plain = f"{wanted.model} | {ask}"
    texts = [plain, f"{plain} | sample | majority(n={wanted.draws})", *(f"{plain} | {s}" for s in wanted.searches)]
    return [parse_recipe(text, load) for text in texts]


async def _item(wanted: Wanted, recipes: Sequence[Recipe], item: Item, session: Session) -> ItemPool:
    greedy, sampled, *searches = recipes
    single, drawn = Meter(), Meter()
    answer = await greedy.strategy.answer(item, session.bind(greedy.model, single, greedy.others))
    put = sampled.strategy.ask(item)
    lm = session.bind(sampled.model, drawn)
    answers = await read_drafts(put, await sampled.strategy.drawing.draw(put, lm, wanted.draws))
    scores: dict[str, tuple[float | None, ...]] = {}
    score: dict[str, Priced] = {}
    for name in wanted.scorers:
        meter = Meter()
        read = [place for place, one in enumerate(answers) if one.status == "read"]
        drafts = [as_draft(answers[place], place) for place in read]
        by, _, model = name.partition(":")
        told = await make_scorer(by, model).score(put, drafts, session.bind(sampled.model, meter)) if drafts else []
        known = dict(zip(read, told, strict=True))
        scores[name] = tuple(known.get(place) for place in range(len(answers)))
        score[name] = _computed(meter.cost, wanted.draws)
    draw = Priced.of(drawn.cost, wanted.draws)
    whole = {}
    for name, recipe in zip(wanted.searches, searches, strict=True):
        # The prompt had been read for the draws; a search alone would have had to read it once.
        right, cost = await _search(recipe, item, session)
        whole[name] = (
            right,
            cost + Priced(draw.shared, draw.seconds * draw.shared / draw.flops if draw.flops else 0.0),
        )
    return ItemPool(
        await asyncio.to_thread(make_pool, item, answers),
        (await asyncio.to_thread(judge, item, answer)).outcome == "right",
        Priced.of(single.cost),
        draw,
        scores,
        score,
        whole,
    )


async def _search(recipe: Recipe, item: Item, session: Session) -> tuple[bool, Priced]:
    meter = Meter()
    lm: BoundModel = session.bind(recipe.model, meter, recipe.others)
    answer = await recipe.strategy.answer(item, lm)
    return (await asyncio.to_thread(judge, item, answer)).outcome == "right", _computed(meter.cost)


def _computed(cost: Cost, parts: int = 1) -> Priced:
    """Of requests with prompts of their own: what beginnings they share is shared whenever they are asked."""
    return Priced(cost.flops_computed / parts, cost.seconds / parts)
