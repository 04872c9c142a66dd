"""A bound on the loss that says something, and more for larger models (Lotfi et al. 2023), for decoders in a subspace."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.home import folder
from gulliver.laws.bounds import ALPHAS, Bound, bound
from gulliver.laws.ladder.config import make_ladder
from gulliver.laws.ladder.shapes import Shape
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.kept import Result, run_jobs, spent_on
from gulliver.papers.running import run_on

ID = "sublora-bounds-2023"
DELTA = 0.05
PILOTS = 8
"""Rates, dimensions and lengths were tried beforehand on the same text: at most so many, and the choice is paid for."""
FEWEST, SEEDS = 3, 2
"""Fewer sizes, or seeds of each, say nothing of size."""


@dataclass(frozen=True)
class Plan:
    """Sizes (width, depth), dimensions of the subspace and seeds; every model of a size is a candidate, and is paid for.

    Attributes:
        context: tokens of a window, the unit that is taken to be drawn independently.
        scored: windows scored for the bound; held: held-out windows, on which the bound is checked.
        text: as a ladder's.
    """

    sizes: tuple[tuple[int, int], ...]
    dimensions: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    scored: int = 20_000
    held: int = 2_000
    batch: int = 64
    context: int = 16
    vocabulary: int = 512
    text: tuple[tuple[str, str | int], ...] = (("packaged", "shakespeare"),)
    workers: int = 2


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ((16, 1), (32, 1)), (20,), (0, 1), 12, 400, 100, 16, 16, 300,
        (("generated", "translation"), ("bytes", 100_000)), 1,
    ),
    "laptop": Plan(((32, 2), (64, 2), (128, 2)), (200, 800), (0, 1), 400),
    "full": Plan(((64, 4), (128, 6), (256, 8), (512, 10)), (500, 2000), (0, 1, 2), 3000, 100_000, 20_000, 256),
}  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One model: its size, subspace and seed."""

    size: tuple[int, int]
    dimension: int
    seed: int
    plan: Plan


@dataclass(frozen=True)
class Trained:
    """One model's bound, and its loss on held-out windows under the same smoothing, bits a token."""

    size: tuple[int, int]
    parameters: int
    dimension: int
    seed: int
    bound: Bound
    held_out: float


@dataclass(frozen=True)
class Size:
    """A size's best model, and for each seed the best bound of its models."""

    size: tuple[int, int]
    best: Trained
    by_seed: tuple[float, ...]


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train each size in subspaces, round and code it, and bound its loss on windows not seen."""
    started = time.monotonic()
    plan = PLANS[scale]
    # What a job hangs on: another size or seed beside it does not change it.
    alone = replace(plan, sizes=(), dimensions=(), seeds=(), workers=1)
    jobs = {
        f"{w}x{d}-n{dimension}-s{seed}": Job((w, d), dimension, seed, alone)
        for w, d in sorted(plan.sizes, key=lambda size: -size[0] * size[1])
        for dimension in sorted(plan.dimensions, reverse=True)
        for seed in plan.seeds
    }
    tokens(alone)  # the tokenizer is trained once, before the processes ask for it
    done = run_jobs(f"{ID}-{scale}", jobs, work, progress, plan.workers)
    sizes = sizes_of(plan, jobs, done)
    verdict, why = judge(sizes)
    windows = sizes[0].best.bound.windows
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=tuple(m for size in sizes for m in measured(size)),
        sentence=why,
        spent=spent_on(done, time.monotonic() - started),
        run_on=run_on(())
        | {
            "text": dict(plan.text),
            "sample": f"{windows:,} windows of {plan.context} tokens, taken to be independent draws, which windows of one text are not quite",
            "vocabulary": f"{plan.vocabulary}; the tokenizer, trained on the same text, is taken as given, as in the publication",
            "failure": f"each size's bound fails with probability at most {DELTA}; {candidates(plan)} models and {len(ALPHAS)} mixing weights a size are paid for",
        },
    )


def work(job: Job, place: Path) -> Result:
    """Train, code and score one model; the log-probabilities are kept beside it, since the bound is cheap to take again."""
    from gulliver.laws.sublora import SubLora, compress, token_logprobs

    began = time.perf_counter()
    plan = job.plan
    train, held = samples(plan)
    options = SubLora(
        dimension=job.dimension, steps=plan.steps, rounded_steps=max(1, plan.steps // 5), batch=plan.batch, rate=0.01
    )
    shape = Shape(*job.size, plan.vocabulary, plan.context)
    made = compress(shape, options, train, job.seed, place)
    # Training saw `train` in an order of its own; the part that is scored was drawn before, by a fixed seed.
    losses = {
        name: token_logprobs(made.model, part) for name, part in (("scored", train[: plan.scored]), ("held", held))
    }
    place.mkdir(parents=True, exist_ok=True)
    scored, unseen = (losses[name].astype(np.float32) for name in ("scored", "held"))
    np.savez_compressed(place / "logprobs.npz", scored=scored, held=unseen)
    return {
        "bits": made.told.bits,
        "windows": len(train),
        "logprobs": str((place / "logprobs.npz").relative_to(folder("ladders"))),
        "factors": len(made.model.start),
        "train_loss": sum(made.losses[-20:]) / len(made.losses[-20:]),
        "flops": sum(cost.flops for cost in made.costs),
        "seconds": time.perf_counter() - began,
    }


@cache
def tokens(plan: Plan) -> Any:
    """The plan's text in its vocabulary."""
    from gulliver.laws.ladder.texts import load_text
    from gulliver.laws.ladder.tokens import tokenise

    made = {"text": dict(plan.text), "grid": {"decoder": {"sizes": ["16x1"], "tokens": [1_000_000]}}}
    place = folder("ladders") / ID
    place.mkdir(exist_ok=True)
    return tokenise(load_text(make_ladder(made, place)), plan.vocabulary, place)


def samples(plan: Plan) -> tuple[Any, Any]:
    """Training windows in a random order, so that the first of them are a random part, and held-out ones."""
    draw = np.random.default_rng(0)
    train, held = (draw.permutation(tokens(plan).windows(plan.context, held_out=out)) for out in (False, True))
    return train, held[: plan.held]


def candidates(plan: Plan) -> int:
    """Models of one size that a bound may be picked from, pilots counted."""
    return len(plan.dimensions) * len(plan.seeds) * PILOTS


def sizes_of(plan: Plan, jobs: Mapping[str, Job], done: Mapping[str, Result]) -> list[Size]:
    """Each size, the smallest first."""
    from gulliver.laws.bounds import smoothed

    by: dict[tuple[int, int], list[Trained]] = {size: [] for size in plan.sizes}
    for key, job in jobs.items():
        found = done[key]
        with np.load(folder("ladders") / found["logprobs"]) as kept:
            made = bound(
                kept["scored"].astype(np.float64), plan.vocabulary, found["bits"], found["windows"],
                choices=candidates(plan), delta=DELTA,
            )  # fmt: skip
            held = float(smoothed(kept["held"], plan.vocabulary, made.alpha).mean())
        shape = Shape(*job.size, plan.vocabulary, plan.context)
        by[job.size].append(Trained(job.size, shape.parameters, job.dimension, job.seed, made, held))
    out = []
    for size, models in by.items():
        seeds = sorted({m.seed for m in models})
        best = [min(m.bound.value for m in models if m.seed == seed) for seed in seeds]
        out.append(Size(size, min(models, key=lambda m: m.bound.value), tuple(best)))
    return sorted(out, key=lambda s: s.best.parameters)


def measured(size: Size) -> list[Measurement]:
    """The bound, with the least and most over seeds, and what it is made of."""
    best, made = size.best, size.best.bound
    name = f"{best.size[0]}x{best.size[1]}, {best.parameters:,} parameters"
    note = (
        f"guessing {made.guess:.3f}; risk {made.risk:.3f} at mixing {made.alpha:.3g}, {made.complexity:.3f} for {made.bits:,.0f} bits, "
        f"{made.subsampling:.3f} for scoring {made.scored:,} of {made.windows:,} windows; {best.dimension} dimensions; interval: over seeds"
    )
    kept = best.held_out
    return [
        Measurement(f"{name}: bound, bits a token", made.value, min(size.by_seed), max(size.by_seed), made.windows, note),
        Measurement(
            f"{name}: held-out loss of the same smoothed model", kept, kept, kept, made.scored, f"no interval; unsmoothed on the sample {made.unsmoothed:.3f}"
        ),
    ]  # fmt: skip


def judge(sizes: Sequence[Size]) -> tuple[Verdict, str]:
    """From each size's bound and those of its seeds.

    *holds*: every size's bound is below uniform guessing, and from each size to the next the worst seed of the larger
    has a better bound than the best seed of the smaller. *does not hold here*: no size's bound is below guessing, or the largest's best seed
    has a worse bound than the smallest's worst. Otherwise, or with fewer than `FEWEST` sizes or `SEEDS` seeds, *cannot tell*.
    """
    sound = [s for s in sizes if not s.best.bound.vacuous]
    steps = list(pairwise(sizes))
    better = [1 for small, large in steps if max(large.by_seed) < min(small.by_seed)]
    said = (
        f"{len(sound)} of {len(sizes)} bounds are below the {sizes[0].best.bound.guess:.2f} bits a token of guessing: "
        + ", ".join(f"{s.size[0]}x{s.size[1]} {s.best.bound.value:.3f}" for s in sizes)
    )
    said += f"; every seed of the larger is better than every seed of the smaller in {len(better)} of {len(steps)} steps of size"
    enough = len(sizes) >= FEWEST and all(len(s.by_seed) >= SEEDS for s in sizes)
    worse = min(sizes[-1].by_seed) > max(sizes[0].by_seed)
    if enough and (not sound or worse):
        return "does not hold here", f"Does not hold here: {said}."
    if enough and len(sound) == len(sizes) and len(better) == len(steps):
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PAPER = Paper(
    id=ID,
    claim="Compressed language models have generalisation bounds below guessing, and larger models better ones.",
    published=(
        Figure("largest model with a bound below guessing", 849.0, "million parameters", "arXiv:2312.17173v2, abstract"),
        Figure("loss of guessing uniformly among GPT-2's 50,257 tokens", math.log2(50257), "bits a token", "log2 of the vocabulary"),
    ),
    experiment=experiment,
)  # fmt: skip
