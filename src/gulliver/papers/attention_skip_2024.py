"""Leaving out the last attention sublayers (Tyukin 2024, arXiv:2404.05741)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.models import load_model
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.papers.speed import decode_rates
from gulliver.studies import measure
from gulliver.studies.making import Making
from gulliver.studies.paired import compare
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task

ID = "attention-skip-2024"
CONFIDENCE = 0.95
LOSS = 0.05
"""A share of right answers this much lower, or more, counts as a loss."""


@dataclass(frozen=True)
class Plan:
    """Which model, how many attention sublayers are left out, (task, items) pairs, rounds of the speed test."""

    model: str
    last: tuple[int, ...]
    tasks: tuple[tuple[str, int], ...]
    rounds: int


PLANS: dict[Scale, Plan] = {
    "smoke": Plan("smollm2-135m", (8,), (("hellaswag", 6),), 2),
    "laptop": Plan("qwen2.5-coder-0.5b", (4, 8), (("hellaswag", 100),), 7),
    "full": Plan("qwen2.5-coder-1.5b", (4, 8, 12), (("hellaswag", 100), ("truthfulqa", 100), ("gsm8k", 100)), 15),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """The model whole and without its last attention sublayers: the same items, and tokens a second in turns."""
    plan = PLANS[scale]
    started = time.monotonic()
    makings: dict[str, Making] = {}
    records: dict[tuple[str, str], list[ItemRecord]] = {}
    for task, items in plan.tasks:
        way = "direct" if task == "gsm8k" else "likelihood"
        recipes = [f"{plan.model} | {way}"]
        recipes += [f"{plan.model} | skip_attention(last={n}) | {way}" for n in plan.last]
        records |= {
            (task, text): answers
            for text, answers in measure(
                recipes, load_task(task, items=items), items=items, watch=tell(task, progress), makings=makings
            ).items()
        }
    progress(f"speed: {plan.rounds} rounds in turns")
    skipped = {n: next(m for text, m in makings.items() if f"last={n})" in text).recipe.model for n in plan.last}
    rates = decode_rates([load_model(plan.model), *skipped.values()], plan.rounds)
    faster = [rates.ratio(f"speed without {n} over whole", i, 0) for i, n in enumerate(plan.last, 1)]
    part = 1.0 - (1.0 - CONFIDENCE) / (len(plan.last) * len(plan.tasks))
    lost = []
    for (task, text), answers in records.items():
        whole = next(a for (t, r), a in records.items() if t == task and "skip" not in r)
        if "skip" in text:
            found = compare(right(answers), right(whole), part)
            lost.append(Measurement(f"{text} less whole on {task}", found.value, found.low, found.high, found.n))
    shares = [share_right(f"{text} on {task}: share right", answers) for (task, text), answers in records.items()]
    groups = [[m for m in lost if f"last={n})" in m.name] for n in plan.last]
    verdict, why = judge(faster, groups)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*faster, *lost, *shares),
        sentence=why,
        spent=spent({f"{task}: {text}": a for (task, text), a in records.items()}, time.monotonic() - started),
        run_on=run_on((plan.model,)),
    )


def judge(faster: Sequence[Measurement], lost: Sequence[Sequence[Measurement]]) -> tuple[Verdict, str]:
    """From each depth's speed ratio and its quality differences on every task.

    *holds*: some depth is faster and on no task worse by `LOSS` or more. *does not hold here*: every depth is either
    not faster or worse on some task. Otherwise *cannot tell*.
    """
    kinds = []
    for speed, differences in zip(faster, lost, strict=True):
        if speed.high <= 1.0 or any(m.high < 0.0 for m in differences):
            kinds.append("bad")
        elif speed.low > 1.0 and all(m.low > -LOSS for m in differences):
            kinds.append("good")
        else:
            kinds.append("open")
    ups = sum(speed.low > 1.0 for speed in faster)
    downs = sum(any(m.high < 0.0 for m in differences) for differences in lost)
    said = f"of {len(faster)} depths {ups} are faster and {downs} answer fewer items right"
    said += f"; {kinds.count('good')} are faster with a loss below {LOSS:g} on every task"
    if "good" in kinds:
        return "holds", f"Holds: {said}."
    if set(kinds) == {"bad"}:
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PAPER = Paper(
    id=ID,
    claim="Without its last attention sublayers a model writes about a fifth faster and answers as well.",
    published=(
        Figure(
            name="speed of one-token generation without the last attention sublayers, Llama 2 7B",
            value=21.0,
            unit="per cent faster",
            source="arXiv:2404.05741, abstract",
        ),
    ),
    experiment=experiment,
)
