"""Skill exemplars only where an item is hard (He et al. 2025, arXiv:2505.00147), on GSM8K by rung."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import Part, above, verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task

ID = "adaptmi-2025"
PARTLY = (
    "hard items are found by the probability of the model's own reply and skills by marks in the text, where the paper has a "
    "reward model and a large model do both"
)
K = 3
SURE = 0.9
"""Mean probability of a reply's tokens from which an item is easy."""
WAYS = {
    "fixed": f"few_shot(k={K}, reasoning=true)",
    "always": f"adapt_mi(k={K}, always=true)",
    "adaptive": f"adapt_mi(k={K}, sure={SURE})",
    "missing": f"adapt_mi(k={K}, sure={SURE}, missing=true)",
}
Records = Mapping[str, Mapping[str, Sequence[ItemRecord]]]
"""By model, then by way."""


@dataclass(frozen=True)
class Plan:
    """Models and items; `ways` of showing exemplars."""

    models: tuple[str, ...]
    items: int
    ways: tuple[str, ...] = ("fixed", "always", "adaptive")


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(("smollm2-135m",), 3),
    "laptop": Plan(("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"), 20),
    "full": Plan(("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"), 100, tuple(WAYS)),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Fixed exemplars, skill exemplars for all, and skill exemplars for hard items, on the same items."""
    plan = PLANS[scale]
    started = time.monotonic()
    task = load_task("gsm8k(max_tokens=200)", items=plan.items)
    recipes = {(m, way): f"{m} | {WAYS[way]}" for m in plan.models for way in plan.ways}
    found = measure(list(recipes.values()), task, items=plan.items, watch=tell("gsm8k", progress))
    records = {m: {way: found[recipes[m, way]] for way in plan.ways} for m in plan.models}
    differences, parts = compared(records)
    said, why = judge(parts)
    return Finding(
        ID, scale, said,
        (*differences, *(share_right(f"{text}: share right", found[text]) for text in recipes.values())),
        why, spent(found, time.monotonic() - started),
        run_on(plan.models) | {"easy": f"mean token probability of the first reply at least {SURE}"},
    )  # fmt: skip


def compared(records: Records) -> tuple[list[Measurement], dict[str, Part]]:
    """All models together, each item of each model once: adaptive against always and against fixed on all items, and
    always against fixed on the easy ones. Items of one question by several models are taken as independent. Three
    comparisons share the error."""
    level = 1.0 - 0.05 / 3
    easy = {model: easy_items(ways["adaptive"]) for model, ways in records.items()}
    rows: list[Measurement] = []

    def difference(name: str, first: str, second: str, only: Mapping[str, set[str]] | None = None) -> Part:
        pairs = [
            (a.outcome == "right", b.outcome == "right")
            for model, ways in records.items()
            for a, b in zip(ways[first], ways[second], strict=True)
            if only is None or a.item in only[model]
        ]
        if not pairs:
            return None
        got = compare([a for a, _ in pairs], [b for _, b in pairs], level)
        rows.append(Measurement(name, got.value, got.low, got.high, got.n, f"only {first} right {got.first}, only {second} right {got.second}"))  # fmt: skip
        return above(got)

    beats = difference("adaptive less always, all items", "adaptive", "always")
    hurts = difference("fixed less always, easy items", "fixed", "always", easy)
    difference("adaptive less fixed, all items", "adaptive", "fixed")
    shares = ", ".join(f"{model} {len(easy[model])} of {len(ways['adaptive'])}" for model, ways in records.items())
    parts = {
        "adaptive beats always": beats,
        f"skill exemplars hurt easy items (easy: {shares})": hurts,
    }
    for model, ways in records.items():
        got = compare(right(ways["adaptive"]), right(ways["always"]))
        rows.append(Measurement(f"{model}: adaptive less always", got.value, got.low, got.high, got.n))
    return rows, parts


def easy_items(adaptive: Sequence[ItemRecord]) -> set[str]:
    """Items whose first reply stood."""
    return {record.item for record in adaptive if not record.detail.startswith("hard")}


def judge(parts: Mapping[str, Part]) -> tuple[Verdict, str]:
    """*holds* when both parts do, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts)


PAPER = Paper(
    id=ID,
    claim="Adaptive choice beats always adding skill exemplars, which hurts easy items.",
    published=(
        Figure(
            name="AdaptMI+ over always showing skill exemplars, at most",
            value=6.0,
            unit="percentage points",
            source="arXiv:2505.00147, abstract",
        ),
    ),
    experiment=experiment,
)
