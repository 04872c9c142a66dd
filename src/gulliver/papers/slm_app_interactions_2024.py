"""From a sentence to a call of an application: tuned small against prompted large (Li et al. 2024, arXiv:2405.20347)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.papers.alone import percentiles, seconds_alone, spread
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import verdict, within
from gulliver.papers.routing import bootstrap
from gulliver.papers.running import right, run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.making import Making
from gulliver.studies.paired import compare
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.app_calls import NOTHING
from gulliver.tasks.base import Item

ID = "slm-app-interactions-2024"


@dataclass(frozen=True)
class Plan:
    """A small model tuned on few requests and asked with nothing but the request, against itself and a larger one that are
    told the functions and guided while they call.

    Attributes:
        tuning: the transform; its steps times its batch are the requests learned from.
        alone: items asked one by one, for running time.
    """

    small: str
    large: str
    tuning: str
    items: int
    alone: int
    task: str = "app_calls"

    @property
    def tuned(self) -> str:
        return f"{self.small} | {self.tuning} | direct"

    @property
    def prompted(self) -> str:
        return f"{self.large} | calls"

    @property
    def untuned(self) -> str:
        return f"{self.small} | calls"

    @property
    def recipes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.tuned, self.untuned, self.prompted)))


def _lora(steps: int, batch: int = 4) -> str:
    return f"lora(rank=8, steps={steps}, batch={batch}, rate=1e-3, max_length=96)"


PLANS: dict[Scale, Plan] = {
    "smoke": Plan("smollm2-135m", "smollm2-135m", _lora(1), 3, 1, "app_calls(train=32, dev=4)"),
    "laptop": Plan("smollm2-135m", "qwen2.5-coder-1.5b", _lora(60), 120, 6),
    "full": Plan("smollm2-135m", "qwen2.5-coder-1.5b", _lora(400, 8), 200, 40, "app_calls(train=640)"),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """The same requests to all three, wordings that nobody learned from; then some one by one."""
    plan = PLANS[scale]
    began = time.monotonic()
    task = load_task(plan.task, items=plan.items)
    makings: dict[str, Making] = {}
    records = measure(plan.recipes, task, items=plan.items, watch=tell(task.name, progress), makings=makings)
    recipes: dict[str, Recipe] = {plan.tuned: makings[plan.tuned].recipe, plan.prompted: parse_recipe(plan.prompted)}
    seconds: dict[str, list[float]] = {}
    for text, recipe in recipes.items():
        progress(f"{task.name}: {text}: {plan.alone} requests one by one")
        seconds[text] = seconds_alone(recipe, spread(task.test, plan.alone + 1))
    told = assess(plan, list(task.test)[: plan.items], records, seconds)
    found, why = judge(told[0], told[1])
    cost = makings[plan.tuned].cost
    note = f"{cost.examples} requests learned from, {cost.seconds:.0f} s"
    tuning = Measurement("FLOPs of tuning", cost.flops, cost.flops, cost.flops, 1, note)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(*told, tuning),
        sentence=why,
        spent=spent(records, time.monotonic() - began),
        run_on=run_on(dict.fromkeys((plan.small, plan.large))),
    )


def assess(
    plan: Plan,
    items: Sequence[Item],
    records: Mapping[str, Sequence[ItemRecord]],
    seconds: Mapping[str, Sequence[float]],
) -> list[Measurement]:
    """First the two that are judged: exactness, tuned small less prompted large, and running time over the large one's."""
    tuned, prompted = records[plan.tuned], records[plan.prompted]
    pairs = [np.array(seconds[plan.tuned]), np.array(seconds[plan.prompted])]
    told = [
        _difference("tuned small less prompted large: share right", tuned, prompted),
        bootstrap("seconds of one request, tuned small over prompted large, medians", pairs, lambda a, b: np.median(a) / np.median(b)),
        _difference("tuned small less the same prompted: share right", tuned, records[plan.untuned]),
    ]  # fmt: skip
    off = [item.target == NOTHING for item in items]
    for text, answers in records.items():
        told.append(share_right(f"{text}: share right", answers))
        for what, wanted in (("on topic", False), ("off topic", True)):
            some = [record for record, is_off in zip(answers, off, strict=True) if is_off is wanted]
            if some:
                told.append(share_right(f"{text}: share right, {what}", some))
    for text in (plan.tuned, plan.prompted):
        told += percentiles(text, seconds[text])
    return told


def judge(exact: Measurement, quick: Measurement) -> tuple[Verdict, str]:
    """*holds*: the tuned small model is more often right than the prompted large one, and answers sooner."""
    return verdict(
        {
            f"tuned on little data, the small model is more exact ({exact.value:+.2f})": within(exact, 1e-9, 1.0),
            f"and quicker ({quick.value:.2f} of the large model's time)": within(quick, 0.0, 1.0),
        }
    )


def _difference(name: str, first: Sequence[ItemRecord], second: Sequence[ItemRecord]) -> Measurement:
    found = compare(right(first), right(second))
    note = f"only the first right {found.first}, only the second {found.second}, both {found.both}"
    return Measurement(name, found.value, found.low, found.high, found.n, note)


PARTLY = "One call a request, no task programs of several steps; a generated warehouse application stands for the company's own."
PAPER = Paper(
    id=ID,
    claim="With little tuning data the small model is both more exact and quicker.",
    published=(
        Figure(
            "accuracy of small tuned models less that of much larger ones, above", 0.0, "percentage points",
            "arXiv:2405.20347, abstract",
        ),
        Figure("running time of small tuned models over that of much larger ones, below", 1.0, "times", "arXiv:2405.20347, abstract"),
    ),
    experiment=experiment,
)  # fmt: skip
