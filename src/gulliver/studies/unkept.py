"""Items whose texts are not kept: what is written down instead, so that a rerun replays the outcome without asking.

A judgement is found by a hash of the models as run, the strategy (and the files that it reads), the seed, Gulliver's version, and all that the item
is: its question, prompt, target, choices, exemplars, limits and judge. It holds the outcome and, for each request, its
key, what it took, and which of the recipe's models it was put to. Outcomes of failed requests are not kept: they are worth another try.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gulliver.home import home
from gulliver.inference import Meter, Session
from gulliver.inference.keys import model_key
from gulliver.models.base import Reply
from gulliver.studies.recipe import Recipe
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import Item
from gulliver.tasks.model_judge import ModelJudge


def judgement_key(recipe: Recipe, item: Item, seed: int) -> str:
    """The content address of one item's judgement under one recipe."""
    judge: Any = item.judge
    code = Path(judge.path) if isinstance(getattr(judge, "path", None), str) else None
    content = [
        version("gulliver"), *(model_key(model) for model in recipe.models), recipe.strategy.text, seed,
        item.id, item.question, repr(item.target), [[m.role, m.content] for m in item.prompt], repr(dict(item.fields)),
        item.choices, repr(item.exemplars), item.max_tokens, item.stop, repr(judge),
        hashlib.sha256(code.read_bytes()).hexdigest() if code is not None and code.is_file() else "",
        *([recipe.strategy.material] if recipe.strategy.material else []),
    ]  # fmt: skip
    text = json.dumps(content, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def without_texts(record: ItemRecord) -> ItemRecord:
    """The record with nothing left that the task's data or a model wrote."""
    return replace(record, question="", target="", value="", text="", program="", detail="")


def replayed(recipe: Recipe, item: Item, session: Session) -> tuple[ItemRecord, Meter, Meter] | None:
    """The item's outcome from an earlier run, what it cost, and what judging it cost; None when it must be asked."""
    found = session.store.judged(judgement_key(recipe, item, session.seed))
    if found is None:
        return None
    judged, created = found
    meter, judging = Meter(), Meter()
    for key, numbers, *place in judged["uses"]:  # older rows name no place: they are of recipes of one model
        session.replay([(key, _reply(numbers))], recipe.models[place[0] if place else 0], meter, created)
    if judged["judging"] and isinstance(item.judge, ModelJudge):
        asked = [(key, _reply(numbers)) for key, numbers in judged["judging"]]
        session.replay(asked, item.judge.model, judging, created)
    record = ItemRecord(
        item.id, "", "", judged["outcome"], "", "", flops=meter.cost.flops_computed, seconds=meter.cost.seconds,
        judge_flops=judging.cost.flops_computed, judge_seconds=judging.cost.seconds,
    )  # fmt: skip
    return record, meter, judging


async def keep(recipe: Recipe, item: Item, outcome: str, meter: Meter, judging: Meter, session: Session) -> None:
    """Write down the outcome and what it took; returns once it is committed."""
    if outcome == "failed":
        return
    places = {model_key(model): place for place, model in enumerate(recipe.models)}
    used = [(key, session.ledger[key]) for key in meter.uses]
    uses = [[key, _numbers(one.reply), places.get(model_key(one.model), 0)] for key, one in used]
    asked = [[key, _numbers(session.ledger[key].reply)] for key in judging.uses]
    judged = {"outcome": outcome, "uses": uses, "judging": asked}
    await session.store.put_judged(judgement_key(recipe, item, session.seed), recipe.model, judged)


def forget_material(folders: Sequence[Path], since: float) -> None:
    """Remove what making a model left of the texts it learned from or was checked on: the trainer's reference, and readings
    that are not older than `since` (seconds of the epoch)."""
    left = [path for folder in folders for path in folder.glob("reference.npz")]
    readings = [path for path in (home() / "readings").glob("*.npz") if path.stat().st_mtime >= since - 1.0]
    for path in (*left, *readings):
        path.unlink(missing_ok=True)


def _numbers(reply: Reply) -> list[float | None]:
    return [reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens, reply.seconds, reply.joules]


def _reply(numbers: list[Any]) -> Reply:
    prompt, completion, cached, seconds, joules = numbers
    return Reply(
        prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached, seconds=seconds, joules=joules
    )
