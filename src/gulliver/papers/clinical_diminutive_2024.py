"""Adapters against full tuning on ever smaller models, at equal budget (Taylor et al. 2024, arXiv:2402.10597)."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import norm

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.running import as_studied, right, run_on, share_right, spent, tell
from gulliver.studies import measure
from gulliver.studies.making import Making
from gulliver.studies.paired import compare
from gulliver.tasks import load_task
from gulliver.tasks.base import Task

ID = "clinical-diminutive-2024"
CONFIDENCE = 0.95
MARGIN = 0.1
"""A share of right answers less than this much below full tuning's approaches it."""


@dataclass(frozen=True)
class Plan:
    """One model, whole and with its last layers left out; each size tuned in both ways, on the same examples in as many steps.

    Attributes:
        sizes: (layers left out, steps). A cut model has to mend before it learns, and gets more steps, but no more FLOPs.
        full_rate: of full tuning; that of LoRA is ten times as high, as in `lora-2021`.
    """

    sizes: tuple[tuple[int, int], ...]
    items: int
    task: str = "spam(characters=200, max_tokens=32)"
    model: str = "smollm2-135m"
    full_rate: float = 1e-4

    @property
    def untuned(self) -> str:
        return f"{self.model} | direct"

    def lora(self, cut: int) -> str:
        return self._tuned(cut, "lora(rank=8, ", 10 * self.full_rate)

    def full(self, cut: int) -> str:
        return self._tuned(cut, "full(", self.full_rate)

    @property
    def cuts(self) -> tuple[int, ...]:
        return tuple(cut for cut, _ in self.sizes)

    @property
    def recipes(self) -> tuple[str, ...]:
        """The whole model untuned, where it is one of the sizes, then LoRA and full tuning at each size."""
        whole = [self.untuned] if 0 in self.cuts else []
        return (*whole, *(way(cut) for cut in self.cuts for way in (self.lora, self.full)))

    def _tuned(self, cut: int, way: str, rate: float) -> str:
        base = f"{self.model} | skip_attention(layers_last={cut})" if cut else self.model
        return f"{base} | {way}steps={dict(self.sizes)[cut]}, batch=4, rate={rate:g}, max_length=256) | direct"


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(((28, 1),), 4, "intents(train=32, dev=4)"),
    "laptop": Plan(((0, 40), (20, 50), (27, 75)), 160),
    "full": Plan(((0, 400), (10, 600), (20, 1000), (25, 2000), (27, 3000)), 1000),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Each size tuned by adapters and by all weights; the same items, paired, against each other and the commonest label."""
    plan = PLANS[scale]
    started = time.monotonic()
    makings: dict[str, Making] = {}
    task = as_studied(load_task(plan.task))
    records = measure(plan.recipes, task, items=plan.items, watch=tell(task.name, progress), makings=makings)
    answers = {text: right(found) for text, found in records.items()}
    commonest = says_commonest(task, plan.items)
    gaps, loras, fulls, told = [], [], [], []
    for cut in plan.cuts:
        size = f"{makings[plan.lora(cut)].recipe.model.card.parameters / 1e6:.0f}M"
        lora, full = answers[plan.lora(cut)], answers[plan.full(cut)]
        gaps.append(difference(f"{size}: LoRA less full tuning", lora, full, plan))
        loras.append(difference(f"{size}: LoRA less the commonest label", lora, commonest, plan))
        fulls.append(difference(f"{size}: full tuning less the commonest label", full, commonest, plan))
        told += budgets(size, makings[plan.lora(cut)], makings[plan.full(cut)])
        if not cut:
            told.append(difference(f"{size}: LoRA less untuned", lora, answers[plan.untuned], plan))
    if len(plan.cuts) > 1:
        pairs = [(answers[plan.lora(cut)], answers[plan.full(cut)]) for cut in (plan.cuts[-1], plan.cuts[0])]
        told.append(interaction(*pairs[0], *pairs[1]))
    verdict, why = judge(gaps, loras, fulls)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*gaps, *loras, *fulls, *told, *(share_right(text, found) for text, found in records.items())),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on((plan.model,)),
    )


def says_commonest(task: Task, items: int) -> list[bool]:
    """Whether each of the first items is right for one that always says the train split's commonest label."""
    counts = Counter(str(item.target) for item in task.train)
    label = max(sorted(counts), key=lambda name: counts[name])
    return [str(item.target) == label for item in list(task.test)[:items]]


def difference(name: str, first: Sequence[bool], second: Sequence[bool], plan: Plan) -> Measurement:
    """Shares of right answers, paired; the three that are judged hold together with 95 % confidence at all sizes."""
    part = 1.0 - (1.0 - CONFIDENCE) / (3 * len(plan.cuts))
    found = compare(first, second, part)
    note = f"only the first right {found.first}, only the second {found.second}, both {found.both}"
    return Measurement(name, found.value, found.low, found.high, found.n, note)


def budgets(size: str, lora: Making, full: Making) -> list[Measurement]:
    """The share of weights that LoRA trains, and what each way of tuning took for the same steps."""
    share = lora.cost.trainable / full.cost.trainable
    found = [Measurement(f"{size}: share of weights that LoRA trains", share, share, share, 1, "counted")]
    for way, cost in (("LoRA", lora.cost), ("full tuning", full.cost)):
        note = f"seconds; {cost.steps} steps, {cost.examples} examples, {cost.flops:.3g} FLOPs, {cost.peak_memory / 1e9:.1f} GB"
        found.append(Measurement(f"{size}: {way}", cost.seconds, cost.seconds, cost.seconds, 1, note))
    return found


def interaction(
    lora: Sequence[bool], full: Sequence[bool], whole_lora: Sequence[bool], whole_full: Sequence[bool]
) -> Measurement:
    """LoRA less full tuning at the smallest size less the same at the largest: the mean over items, with its normal interval."""
    small, large = (np.array(a, float) - np.array(b, float) for a, b in ((lora, full), (whole_lora, whole_full)))
    each = small - large
    reach = float(norm.ppf(0.5 + CONFIDENCE / 2)) * float(each.std(ddof=1)) / sqrt(len(each))
    mean = float(each.mean())
    name = "LoRA less full tuning: at the smallest size less at the largest"
    return Measurement(name, mean, mean - reach, mean + reach, len(each))


def judge(
    gaps: Sequence[Measurement], loras: Sequence[Measurement], fulls: Sequence[Measurement]
) -> tuple[Verdict, str]:
    """From LoRA's difference to full tuning at each size, and both ways' differences to always saying the commonest label.

    A size where neither way is above the commonest label taught nothing and tells nothing. *holds*: at every size LoRA
    is above that label and less than `MARGIN` below full tuning. *does not hold here*: at some size LoRA is `MARGIN` or
    more below full tuning, or below it and not above that label. Otherwise *cannot tell*.
    """
    kinds = []
    for gap, lora, full in zip(gaps, loras, fulls, strict=True):
        if lora.low <= 0.0 and full.low <= 0.0:
            kinds.append("silent")
        elif gap.high < -MARGIN or (gap.high < 0.0 and lora.low <= 0.0):
            kinds.append("far")
        else:
            kinds.append("near" if lora.low > 0.0 and gap.low > -MARGIN else "open")
    said = f"of {len(kinds)} sizes, LoRA learns and stays within {MARGIN:g} of full tuning at {kinds.count('near')}"
    said += f" and falls behind at {kinds.count('far')}; {kinds.count('silent')} learned nothing by either way"
    if set(kinds) == {"near"}:
        return "holds", f"Holds: {said}."
    if "far" in kinds:
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = "E-mails stand for clinical notes; smaller sizes are the first layers of one model; no domain pretraining, and of the light methods LoRA alone."
PAPER = Paper(
    id=ID,
    claim="LoRA approaches full tuning at every size, down to tiny models, with the same budget.",
    published=(
        Figure("parameters of the smallest model", 25.0, "million", "arXiv:2402.10597, abstract"),
        Figure(
            "fewer trained parameters at equal classification", 98.0, "per cent",
            "Artificial Intelligence in Medicine 2024, highlights",
        ),
    ),
    experiment=experiment,
)  # fmt: skip
