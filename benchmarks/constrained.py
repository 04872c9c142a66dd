"""Writing under constraints at equal FLOPs: `python -m benchmarks.constrained [--items N] [--followers A,B] [--planner P]`.

Items of `constrained_words`: words at places, counts and keywords. For each follower, `smc` and `discipl` (whose planner's FLOPs count)
are held against three ways to spend at least as many FLOPs without steering:

- rejection: drafts until one keeps all conditions (`best_of(by=constraints)`: the first such draft, the nearest where none does);
- best of n: the draft that the model finds likeliest per token, as one without a checker takes it;
- beam: beginnings that can still keep the conditions, the nearest first (`beam(by=constraints)`).

Compared are the share of items whose conditions are all kept, and fluency: log-probability per token of the answer under the largest
rung, which is asked for one sentence and told no condition. Intervals are paired by item and hold together (Bonferroni). Answers
are kept in the store, so that a run that was cut off goes on.
"""

import argparse
import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.base import Message
from gulliver.papers.means import SHARES, difference
from gulliver.studies.asking import Asked, ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks import load_task
from gulliver.tasks.base import Item

FOLLOWERS = "smollm2-135m,qwen2.5-coder-0.5b"
PLANNER = JUDGE = "qwen2.5-coder-1.5b"
CONFIDENCE = 0.95
SLACK = 0.1
"""By so much a rival's FLOPs may be above what it is held against."""
PLAIN = (Message("user", "Write one sentence."),)
RIVALS: dict[str, Callable[[int], str]] = {
    "rejection": lambda n: f"sample | best_of(n={n}, by=constraints)",
    "best of n": lambda n: f"sample | best_of(n={n})",
    "beam": lambda n: f"beam(n={n}, keep={max(1, n // 4)}, by=constraints, border=line, step=6)",
}
Ask = Callable[[str], Awaitable[list[Asked]]]


@dataclass(frozen=True)
class Way:
    """What one recipe gave: for each item whether all is kept, and fluency (nats a token)."""

    recipe: str
    kept: list[float]
    fluency: list[float]
    flops: float

    @property
    def share(self) -> float:
        return sum(self.kept) / len(self.kept)


def flops(asked: Sequence[Asked]) -> float:
    """Forward FLOPs an item, those of further models included."""
    return sum(one.cost.flops_computed for one in asked) / len(asked)


async def matched(rival: Callable[[int], str], target: float, ask: Ask) -> tuple[str, list[Asked]]:
    """The rival with as many draws as make its FLOPs reach the target, and pass it by a tenth at most where whole draws allow."""
    asked: dict[int, list[Asked]] = {}
    n = 4
    while True:
        asked[n] = await ask(rival(n))
        costs = {0: 0.0} | {size: flops(found) for size, found in asked.items()}
        below = max(size for size, cost in costs.items() if cost < target)
        enough = [size for size, cost in costs.items() if cost >= target]
        if not enough:
            before = max(size for size in costs if size < below)
            slope = (costs[below] - costs[before]) / (below - before)
            further = (target - costs[below]) / slope if slope > 0 else below
            n = below + max(1, min(3 * below, math.ceil((1.0 + SLACK / 3) * further)))
            continue
        least = min(enough)
        if costs[least] <= (1.0 + SLACK) * target or least - below <= 1:
            return rival(least), asked[least]
        share = (target - costs[below]) / (costs[least] - costs[below])
        n = min(least - 1, below + max(1, math.ceil(share * (least - below))))


async def fluency(texts: Sequence[str], judge: str, session: Session) -> list[float]:
    """Log-probability per token (nats) of each text as the reply to a plain request; an empty text counts as a
    bare full stop."""
    lm = session.bind(load_model(judge))
    drafts = await asyncio.gather(*(lm.weigh(PLAIN, [text.strip() or "."]) for text in texts))
    return [(draft.logprob or 0.0) / max(1, draft.completion_tokens) for (draft,) in drafts]


def compared(ours: Way, theirs: Way, count: int) -> dict[str, Any]:
    """One row: both differences with intervals that hold together for `count` of them."""
    confidence = 1.0 - (1.0 - CONFIDENCE) / count
    kept = difference("kept", ours.kept, theirs.kept, confidence, limits=SHARES)
    fluent = difference("fluency", ours.fluency, theirs.fluency, confidence)
    return {
        "name": f"{ours.recipe} against {theirs.recipe.partition(' | ')[2]}",
        "ours": round(ours.share, 4), "theirs": round(theirs.share, 4),
        "ratio": round(ours.share / theirs.share, 3) if theirs.share else None, "goal": 1,
        "kept_more": [round(x, 4) for x in (kept.value, kept.low, kept.high)],
        "fluency": [round(sum(way.fluency) / len(way.fluency), 4) for way in (ours, theirs)],
        "fluency_more": [round(x, 4) for x in (fluent.value, fluent.low, fluent.high)],
        "their_flops": round(theirs.flops / ours.flops, 3),
        "items": len(ours.kept),
    }  # fmt: skip


async def ways_of(
    follower: str, planner: str, items: Sequence[Item], session: Session
) -> dict[str, dict[str, list[Asked]]]:
    """By steering, then by recipe: the steered way first, then each rival at its FLOPs."""

    async def ask(strategy: str) -> list[Asked]:
        began = time.perf_counter()
        asked = await ask_items(parse_recipe(f"{follower} | {strategy}"), items, session)
        right = sum(one.record.outcome == "right" for one in asked)
        seconds = time.perf_counter() - began
        print(f"{follower} | {strategy}: {right} of {len(items)}, {flops(asked):.3g} FLOPs an item, {seconds:.0f} s", flush=True)  # fmt: skip
        return asked

    found: dict[str, dict[str, list[Asked]]] = {}
    for steered in ("smc(n=8)", f"discipl(planner={planner}, n=8)"):
        asked = await ask(steered)
        found[steered] = {steered: asked}
        for rival in RIVALS.values():
            name, theirs = await matched(rival, flops(asked), ask)
            found[steered][name] = theirs
    return found


async def run(
    followers: Sequence[str], planner: str, judge: str, items: Sequence[Item], store: str | None
) -> list[dict[str, Any]]:
    """All rows; models are opened one after another."""
    rows = []
    async with Store(Path(store) if store else None) as kept, Session(kept) as session:
        asked = {}
        for follower in followers:
            asked[follower] = await ways_of(follower, planner, items, session)
            await session.keep_only(load_model(planner))
        references = await fluency([str(item.fields["reference"]) for item in items], judge, session)
        print(f"fluency of the references {sum(references) / len(references):.2f} nats a token", flush=True)
        count = 2 * len(followers) * 2 * len(RIVALS)
        for follower, steerings in asked.items():
            for by_recipe in steerings.values():
                made = []
                for recipe, answers in by_recipe.items():
                    told = await fluency([one.record.text for one in answers], judge, session)
                    made.append(Way(f"{follower} | {recipe}", [one.score for one in answers], told, flops(answers)))
                rows += [compared(made[0], other, count) for other in made[1:]]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--followers", default=FOLLOWERS)
    parser.add_argument("--planner", default=PLANNER)
    parser.add_argument("--judge", default=JUDGE, help="the model under which fluency is measured")
    parser.add_argument("--store", default=None)
    given = parser.parse_args()
    items = list(load_task("constrained_words", items=given.items).test)
    rows = asyncio.run(run(given.followers.split(","), given.planner, given.judge, items, given.store))
    for row in rows:
        print(f"{row['name']}: kept {row['ours']:.2f} and {row['theirs']:.2f}, difference {row['kept_more']}; fluency {row['fluency']}, difference {row['fluency_more']}; their FLOPs {row['their_flops']}")  # fmt: skip
    print(json.dumps({**rows[0], "name": "constrained", "more": rows}))


if __name__ == "__main__":
    main()
