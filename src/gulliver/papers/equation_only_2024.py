"""Reasoning in equations against reasoning in words (Kim et al. 2024, arXiv:2409.12393), prompted by rung and
taught."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.kept import run_jobs, spent_on
from gulliver.papers.parts import Part, above, verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.papers.tiny_reasoners import Job, teach
from gulliver.strategies.equation_only import worked
from gulliver.studies import measure
from gulliver.studies.paired import Paired, compare, wilson
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.base import Task

ID = "equation-only-2024"
PARTLY = "what is taught are decoders trained from nothing on generated problems, not T5 on GSM8K"
K = 3
WAYS = {"words": f"few_shot(k={K}, reasoning=true)", "equations": f"equation_only(k={K})"}


@dataclass(frozen=True)
class Plan:
    """Rungs to prompt, on so many items; (width, depth) to teach, smallest first, with seeds and steps."""

    models: tuple[str, ...]
    items: int
    shapes: tuple[tuple[int, int], ...]
    seeds: tuple[int, ...]
    steps: int
    test: int
    workers: int = 2


_RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
PLANS: dict[Scale, Plan] = {
    "smoke": Plan(_RUNGS[:1], 3, ((32, 1),), (0,), 20, 30, workers=1),
    "laptop": Plan(_RUNGS, 20, ((32, 1), (64, 2)), (0, 1), 1200, 300),
    "full": Plan(_RUNGS, 100, ((32, 1), (64, 2), (128, 3), (256, 4)), tuple(range(5)), 4000, 1000),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Prompt the rungs in both formats on GSM8K; teach very small models both on generated problems."""
    plan = PLANS[scale]
    started = time.monotonic()
    jobs = {
        f"w{width}d{depth}-s{seed}-{way}": Job(width, depth, way, seed, plan.steps, test=plan.test)
        for width, depth in reversed(plan.shapes)
        for seed in plan.seeds
        for way in ("words", "equations")
    }  # fmt: skip
    done = run_jobs(f"{ID}-{scale}", jobs, teach, progress, plan.workers)
    task = same_exemplars(load_task("gsm8k(max_tokens=200)", items=plan.items))
    recipes = {(m, way): f"{m} | {WAYS[way]}" for m in plan.models for way in WAYS}
    found = measure(list(recipes.values()), task, items=plan.items, watch=tell("gsm8k", progress))
    taught, parts = of_taught(done, plan)
    prompted, more = of_prompted({m: {w: found[recipes[m, w]] for w in WAYS} for m in plan.models})
    said, why = judge(parts | more)
    cost, training = spent(found, 0.0), spent_on(done, 0.0)
    return Finding(
        ID, scale, said,
        (*taught, *prompted, *(share_right(f"{text}: share right", found[text]) for text in recipes.values())),
        why,
        Spent(cost.answers, cost.flops + training.flops, cost.engine_seconds + training.engine_seconds, time.monotonic() - started),
        run_on(plan.models) | {"taught": f"{plan.steps} steps on 20,000 generated problems; shapes {plan.shapes}, seeds {plan.seeds}"},
    )  # fmt: skip


def same_exemplars(task: Task) -> Task:
    """The task with only those exemplars that both formats can show."""
    return replace(task, test=[replace(i, exemplars=tuple(e for e, _ in worked(i.exemplars))) for i in task.test])


def of_taught(done: Mapping[str, Mapping[str, Any]], plan: Plan) -> tuple[list[Measurement], dict[str, Part]]:
    """Equations less words for each size over all its seeds, on the same unseen problems; and whether the smallest
    gains more than the largest."""
    level = 1.0 - 0.05 / (len(plan.shapes) + 1)
    rows: list[Measurement] = []
    gains: list[Paired] = []
    for width, depth in plan.shapes:
        pairs = {
            way: [r for seed in plan.seeds for r in done[f"w{width}d{depth}-s{seed}-{way}"]["right"]] for way in WAYS
        }
        one = done[f"w{width}d{depth}-s{plan.seeds[0]}-words"]
        size = f"{one['parameters']:,} parameters"
        got = compare(pairs["equations"], pairs["words"], level)
        gains.append(got)
        rows.append(Measurement(f"taught, {size}: equations less words", got.value, got.low, got.high, got.n, f"{len(plan.seeds)} seeds of training, counted as one"))  # fmt: skip
        for way, right_ in pairs.items():
            tokens = done[f"w{width}d{depth}-s{plan.seeds[0]}-{way}"]["answer_tokens"]
            low, high = wilson(sum(right_), len(right_))
            rows.append(Measurement(f"taught, {size}, {way}: share right", sum(right_) / len(right_), low, high, len(right_), f"{tokens:.1f} tokens a worked answer"))  # fmt: skip
    smallest, largest = gains[0], gains[-1]
    parts: dict[str, Part] = {"taught: equations help the smallest model": above(smallest)}
    if len(gains) > 1:
        # Intervals of two differences that do not meet show that one is larger; that asks for more than is needed.
        parts["taught: they help the smallest more than the largest"] = (
            True if smallest.low > largest.high else False if smallest.high < largest.low else None
        )
    return rows, parts


def of_prompted(
    records: Mapping[str, Mapping[str, Sequence[ItemRecord]]],
) -> tuple[list[Measurement], dict[str, Part]]:
    """Equations less words for each rung; the smallest decides."""
    level = 1.0 - 0.05 / len(records)
    rows, found = [], []
    for model, ways in records.items():
        got = compare(right(ways["equations"]), right(ways["words"]), level)
        found.append(got)
        note = f"only equations right {got.first}, only words right {got.second}"
        rows.append(Measurement(f"prompted, {model}: equations less words", got.value, got.low, got.high, got.n, note))
    return rows, {f"prompted: equations help {next(iter(records))}": above(found[0])}


def judge(parts: Mapping[str, Part]) -> tuple[Verdict, str]:
    """*holds* when every part does, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts)


PAPER = Paper(
    id=ID,
    claim="Helps very small models more than natural-language reasoning.",
    published=(
        Figure(
            name="T5-Tiny, the smallest model for which the paper's abstract claims a gain",
            value=15.58,
            unit="million parameters",
            source="arXiv:2409.12393, abstract; the size is that of google/t5-efficient-tiny",
        ),
    ),
    experiment=experiment,
)
