"""LoRA: low-rank adapters against tuning every weight (Hu et al. 2021, arXiv:2106.09685)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.running import as_studied, right, run_on, share_right, spent, tell
from gulliver.papers.speed import decode_rates
from gulliver.studies import measure
from gulliver.studies.making import Making
from gulliver.studies.paired import compare
from gulliver.tasks import load_task

ID = "lora-2021"
CONFIDENCE = 0.95
MARGIN = 0.05
"""A share of right answers less than this much below full tuning's counts as equal to it."""
TINY = 0.05
"""The largest share of trainable weights that still is a small one."""


@dataclass(frozen=True)
class Plan:
    """Which model is tuned on the task of intents, for how long, at which ranks, asked on how many items.

    The laptop's rank 8 is that of `examples/intents.toml`, so that neither trains what the other has trained.
    """

    model: str
    ranks: tuple[int, ...]
    steps: int
    items: int
    rounds: int
    task: str = "intents"
    batch: int = 4
    lora_rate: float = 1e-3
    full_rate: float = 1e-4

    def lora(self, rank: int) -> str:
        return f"{self.model} | lora(rank={rank}, alpha={2 * rank}, steps={self.steps}, batch={self.batch}, rate={self.lora_rate}, max_length=160) | direct"

    @property
    def full(self) -> str:
        return f"{self.model} | full(steps={self.steps}, batch={self.batch}, rate={self.full_rate}, max_length=160) | direct"

    @property
    def untuned(self) -> str:
        return f"{self.model} | direct"


PLANS: dict[Scale, Plan] = {
    "smoke": Plan("smollm2-135m", (1,), 1, 4, 2, "intents(train=32, dev=4)"),
    "laptop": Plan("smollm2-135m", (1, 8), 50, 192, 7),
    "full": Plan("qwen2.5-coder-0.5b", (1, 2, 4, 8, 64), 400, 400, 15, batch=8, lora_rate=5e-4, full_rate=5e-5),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """The same steps on the same messages, by adapters of each rank and by all weights; then the same items, paired."""
    plan = PLANS[scale]
    started = time.monotonic()
    makings: dict[str, Making] = {}
    recipes = [plan.untuned, *(plan.lora(rank) for rank in plan.ranks), plan.full]
    records = measure(
        recipes, as_studied(load_task(plan.task)), items=plan.items, watch=tell("intents", progress), makings=makings,
    )  # fmt: skip
    part = 1.0 - (1.0 - CONFIDENCE) / len(plan.ranks)
    gaps, shares = [], []
    for rank in plan.ranks:
        found = compare(right(records[plan.lora(rank)]), right(records[plan.full]), part)
        gaps.append(Measurement(f"rank {rank} less full tuning", found.value, found.low, found.high, found.n))
        share = makings[plan.lora(rank)].cost.trainable / makings[plan.full].cost.trainable
        shares.append(Measurement(f"rank {rank}: trainable share", share, share, share, 1, "counted"))
    progress(f"speed: {plan.rounds} rounds in turns")
    merged = makings[plan.lora(plan.ranks[-1])].recipe.model
    rates = decode_rates([makings[plan.full].recipe.model, merged], plan.rounds)
    speed = rates.ratio("speed of the merged model over the fully tuned one", 1, 0)
    learned = compare(right(records[plan.full]), right(records[plan.untuned]), CONFIDENCE)
    gain = Measurement("full tuning less untuned", learned.value, learned.low, learned.high, learned.n)
    overlap = [overlaps(makings[plan.lora(plan.ranks[0])], makings[plan.lora(plan.ranks[-1])])]
    verdict, why = judge(gaps, shares, speed, gain)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*gaps, *shares, speed, gain, *overlap, *(share_right(t, a) for t, a in records.items())),
        sentence=why,
        spent=spent(records, time.monotonic() - started),
        run_on=run_on((plan.model,)),
    )


def overlaps(small: Making, large: Making) -> Measurement:
    """How much of the lower rank's subspace lies in the higher rank's, averaged over the adapted layers (section 7.2).

    The squared norm of the projection of the right singular directions of the one A onto those of the other, over the
    lower rank: 1 when contained, about rank / width for unrelated ones.
    """
    first, second = _downs(small.folders[0]), _downs(large.folders[0])
    found = []
    for name in sorted(first.keys() & second.keys()):
        u = np.linalg.svd(first[name], full_matrices=False)[2]
        v = np.linalg.svd(second[name], full_matrices=False)[2]
        found.append(float(np.sum((u @ v.T) ** 2)) / len(u))
    values = np.array(found)
    spread = 1.96 * float(values.std()) / max(1.0, len(values)) ** 0.5
    mean = float(values.mean())
    chance = np.mean([len(second[name]) / second[name].shape[1] for name in second])
    return Measurement(
        "overlap of the lowest rank's subspace with the highest's", mean, mean - spread, mean + spread, len(values),
        f"unrelated ones: {chance:.3f}",
    )  # fmt: skip


def _downs(folder: Path) -> dict[str, "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]:
    """The A matrices (rank, width) of an adapter, by layer."""
    from safetensors.numpy import load_file

    tensors = load_file(folder / "adapter" / "adapter_model.safetensors")
    return {name: matrix for name, matrix in tensors.items() if "lora_A" in name}


def judge(
    gaps: Sequence[Measurement], shares: Sequence[Measurement], speed: Measurement, gain: Measurement
) -> tuple[Verdict, str]:
    """From each rank's difference to full tuning, its share of weights, the merged model's speed, and what tuning gave.

    *holds*: full tuning helps, some rank with a tiny share is less than `MARGIN` below it, and the merged model is not
    slower. *does not hold here*: full tuning helps and every rank is below it, or the merged model is slower. Otherwise
    *cannot tell*: where full tuning gives nothing there is nothing to equal.
    """
    equal = [m for m, share in zip(gaps, shares, strict=True) if m.low > -MARGIN and share.value < TINY]
    below = [m for m in gaps if m.high < 0.0]
    said = (
        f"{len(equal)} of {len(gaps)} ranks are within {MARGIN:g} of full tuning with under {TINY:.0%} of its weights"
    )
    said += f", {len(below)} are below it; the merged model runs at {speed.value:.2f} of its speed"
    if gain.low <= 0.0:
        return "cannot tell", f"Cannot tell: full tuning is not shown to help here; {said}."
    if speed.high < 0.95 or len(below) == len(gaps):
        return "does not hold here", f"Does not hold here: {said}."
    if equal:
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PAPER = Paper(
    id=ID,
    claim="Adapters of a very low rank equal full tuning with a tiny share of its trainable weights, and cost nothing when served.",
    published=(
        Figure(
            name="trainable parameters of full tuning over those of LoRA, GPT-3 175B",
            value=10000.0,
            unit="times",
            source="arXiv:2106.09685, abstract",
        ),
    ),
    experiment=experiment,
)
