"""Put items to a recipe and judge what comes back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gulliver.inference import Cost, Meter, Session
from gulliver.studies.recipe import Recipe
from gulliver.studies.result import ItemRecord
from gulliver.studies.unkept import keep, replayed, without_texts
from gulliver.tasks.base import Answer, Item, Judgement, judge
from gulliver.tasks.model_judge import ModelJudge

AT_ONCE = 512
"""More than any engine takes; of many thousands under way, Python would spend its time looking through them."""


@dataclass(frozen=True)
class Asked:
    """One item's outcome under one recipe, with its line of the ledger and the keys of its requests.

    `uses` includes those of a judge that is a model; `judging` is what that took, which is no part of the recipe's cost.
    """

    record: ItemRecord
    cost: Cost
    uses: tuple[str, ...] = ()
    judging: Cost = field(default_factory=Cost)

    @property
    def score(self) -> float:
        return 1.0 if self.record.outcome == "right" else 0.0


async def ask_items(recipe: Recipe, items: Sequence[Item], session: Session) -> list[Asked]:
    """All items, as many as `AT_ONCE` at the same time, in order; `inference` makes batches of what they wait for.

    Raises:
        ModelError: the engine died twice or cannot start.
    """
    found: dict[int, Asked] = {}
    waiting = iter(enumerate(items))

    async def work() -> None:
        for place, item in waiting:
            found[place] = await ask_item(recipe, item, session)

    tasks = [asyncio.create_task(work()) for _ in range(min(AT_ONCE, len(items)))]
    try:
        await asyncio.gather(*tasks)
        return [found[place] for place in range(len(items))]
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def ask_item(recipe: Recipe, item: Item, session: Session) -> Asked:
    """One item under one recipe, asked or replayed, and judged."""
    if not session.store.keep_text and (known := replayed(recipe, item, session)) is not None:
        record, meter, judging = known
        return Asked(record, meter.cost, (*meter.uses, *judging.uses), judging.cost)
    meter = Meter()
    answer = await recipe.strategy.answer(item, session.bind(recipe.model, meter, recipe.others))
    judgement, judging = await _judged(item, answer, session)
    record = ItemRecord(
        item=item.id,
        question=item.question,
        target=_text(item.target),
        outcome=judgement.outcome,
        value="" if answer.value is None else _text(answer.value),
        text=answer.text,
        program=answer.program,
        detail=judgement.detail,
        flops=meter.cost.flops_computed,
        seconds=meter.cost.seconds,
        judge_flops=judging.cost.flops_computed,
        judge_seconds=judging.cost.seconds,
    )
    if not session.store.keep_text:
        await keep(recipe, item, record.outcome, meter, judging, session)
        record = without_texts(record)
    return Asked(record, meter.cost, (*meter.uses, *judging.uses), judging.cost)


async def _judged(item: Item, answer: Answer, session: Session) -> tuple[Judgement, Meter]:
    meter = Meter()
    if not isinstance(item.judge, ModelJudge) or answer.status != "read":
        return judge(item, answer), meter
    judgement = await item.judge.judgement(answer.value, item, session.bind(item.judge.model, meter))
    return judgement, meter


def _text(value: object) -> str:
    text = str(value)
    return text if len(text) <= 2000 else f"{text[:2000]} …"
