"""PAL: a model that writes programs against models that reason in words (Gao et al. 2022, arXiv:2211.10435)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task

ID = "pal-2022"
CONFIDENCE = 0.95
RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
PASSING = (("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"),)
"""(smaller, larger) of one family, so that size alone differs between them."""

Records = Mapping[str, Mapping[str, Sequence[ItemRecord]]]
"""By task, then by recipe."""


@dataclass(frozen=True)
class Plan:
    """What one scale measures: models, and (task, items) pairs."""

    models: tuple[str, ...]
    tasks: tuple[tuple[str, int], ...]


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(RUNGS[:1], (("gsm8k", 4),)),
    "laptop": Plan(RUNGS, (("gsm8k", 60),)),
    "full": Plan(RUNGS, (("gsm8k", 100), ("gym:gsm_symbolic", 500))),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """`cot` and `pal` on the same items by every model of the scale, greedy."""
    plan = PLANS[scale]
    started = time.monotonic()
    recipes = [recipe(model, way) for model in plan.models for way in ("cot", "pal")]
    records: dict[str, dict[str, list[ItemRecord]]] = {}
    for name, items in plan.tasks:
        progress(f"{name}: {items} items, {len(recipes)} recipes")
        records[name] = measure(recipes, load_task(name, items=items), items=items, watch=tell(name, progress))
    gains, passes = comparisons(records, plan)
    verdict, why = judge(gains, passes)
    shares = [
        share_right(f"{text} on {task}: share right", answers)
        for task, by_recipe in records.items()
        for text, answers in by_recipe.items()
    ]
    flat = {f"{task}: {text}": answers for task, by_recipe in records.items() for text, answers in by_recipe.items()}
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*gains, *passes, *shares),
        sentence=why,
        spent=spent(flat, time.monotonic() - started),
        run_on=run_on(plan.models),
    )


def recipe(model: str, way: str) -> str:
    """The recipe of one model used in one way."""
    return f"{model} | {way}"


def comparisons(records: Records, plan: Plan) -> tuple[list[Measurement], list[Measurement]]:
    """What programs gain on each model, and how a smaller model with programs stands to a larger one with words.

    All intervals hold together with 95 % confidence: each takes an equal part of the error (Bonferroni).
    """
    gains = [(model, model) for model in plan.models]
    passes = [pair for pair in PASSING if set(pair) <= set(plan.models)]
    confidence = 1.0 - (1.0 - CONFIDENCE) / (len(records) * (len(gains) + len(passes)))

    def difference(smaller: str, larger: str, task: str) -> Measurement:
        first, second = recipe(smaller, "pal"), recipe(larger, "cot")
        found = compare(right(records[task][first]), right(records[task][second]), confidence)
        note = (
            f"only pal right {found.first}, only cot right {found.second}, both {found.both}, neither {found.neither}"
        )
        return Measurement(f"{first} less {second} on {task}", found.value, found.low, found.high, found.n, note)

    return (
        [difference(*pair, task) for task in records for pair in gains],
        [difference(*pair, task) for task in records for pair in passes],
    )


def judge(gains: Sequence[Measurement], passes: Sequence[Measurement]) -> tuple[Verdict, str]:
    """The verdict and its reason, from the differences' intervals alone.

    *holds*: programs help some model and harm none, and some smaller model with programs passes the larger one in
    words. *does not hold here*: programs harm some model and help none, or every smaller model with programs is below
    the larger one in words. Otherwise *cannot tell*.
    """
    helped, harmed = [m for m in gains if m.low > 0.0], [m for m in gains if m.high < 0.0]
    above, below = [m for m in passes if m.low > 0.0], [m for m in passes if m.high < 0.0]
    said = f"programs help in {len(helped)} and harm in {len(harmed)} of {len(gains)} comparisons on the same model"
    if passes:
        said += f"; a smaller model with programs is above the larger one in words in {len(above)}"
        said += f" and below it in {len(below)} of {len(passes)}"
    else:
        said += "; no smaller model was compared with a larger one at this scale"
    if helped and not harmed and above:
        return "holds", f"Holds: {said}."
    if (harmed and not helped) or (passes and len(below) == len(passes)):
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PAPER = Paper(
    id=ID,
    claim="Programs beat reasoning in words, enough for a smaller model to pass larger ones.",
    published=(
        Figure(
            name="Codex with programs less PaLM-540B with chain of thought, GSM8K, few-shot, top-1",
            value=15.0,
            unit="percentage points",
            source="arXiv:2211.10435, abstract",
        ),
    ),
    experiment=experiment,
)
