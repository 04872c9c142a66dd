"""A critical data size parts memorising from generalising and grows with the model (Zhu et al. 2024), on modular addition."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gulliver.laws import LawError, fit
from gulliver.laws.critical import Growth, crossing, growth
from gulliver.laws.grokking import Grokking, Run, train_runs
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.kept import run_jobs, spent_on
from gulliver.papers.running import run_on

ID = "critical-data-size-2024"
LEARNED, UNLEARNED, HALF = 0.9, 0.1, 0.5
"""Accuracy on unseen pairs from which a network generalises, up to which it only memorises, and at which its data is critical."""
SEEN = 0.99
"""Accuracy on seen pairs from which they are learned."""
FEWEST = 3
"""Fewer sizes do not show growth."""


@dataclass(frozen=True)
class Plan:
    """Widths of the network, shares of the table that are trained on, and seeds."""

    widths: tuple[int, ...]
    shares: tuple[float, ...]
    seeds: tuple[int, ...]
    options: Grokking
    workers: int = 2


_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85)
PLANS: dict[Scale, Plan] = {
    "smoke": Plan((16, 32), (0.2, 0.4, 0.6, 0.8, 0.9), (0,), Grokking(modulus=23, steps=250), workers=1),
    "laptop": Plan((96, 160, 256, 384), _SHARES, (0, 1, 2), Grokking(modulus=59, steps=1000)),
    "full": Plan((96, 160, 256, 384, 768), _SHARES, tuple(range(8)), Grokking(modulus=97, steps=4000)),
}


@dataclass(frozen=True)
class Job:
    """All shares of one width and seed; `plain` is the usual set-up: initial scale 1, no weight decay."""

    width: int
    seed: int
    shares: tuple[float, ...]
    options: Grokking


@dataclass(frozen=True)
class Width:
    """What one width shows.

    Attributes:
        seen: the least accuracy on seen pairs over all its runs.
        least, most: accuracy on unseen pairs with the least and the most data, means over seeds.
        critical: examples at which half the unseen pairs are right, one a seed; seeds that never cross are missing.
    """

    width: int
    parameters: int
    seen: float
    least: float
    most: float
    critical: tuple[float, ...]
    seeds: int

    @property
    def parts(self) -> bool:
        """Memorises with the least data, generalises with the most, and every seed crosses between."""
        apart = self.seen >= SEEN and self.least <= UNLEARNED and self.most >= LEARNED
        return apart and len(self.critical) == self.seeds


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train on parts of the table of modular addition; find the critical part of each width, and whether it grows."""
    started = time.monotonic()
    plan = PLANS[scale]
    jobs = {
        f"w{width}-s{seed}": Job(width, seed, plan.shares, plan.options)
        for width in sorted(plan.widths, reverse=True)
        for seed in plan.seeds
    }
    usual = Grokking(plan.options.modulus, 1.0, 0.0, plan.options.rate, plan.options.steps, plan.options.every)
    jobs["usual"] = Job(plan.widths[len(plan.widths) // 2], 0, plan.shares, usual)
    done = run_jobs(f"{ID}-{scale}", jobs, work, progress, plan.workers)
    runs = [Run(**run) for key, found in done.items() if key != "usual" for run in found["runs"]]
    widths = [width_of(width, runs, plan.options) for width in plan.widths]
    grown = growth_of(widths)
    verdict, why = judge(widths, grown)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(
            *(m for w in widths for m in measured(w, runs)),
            *([of_growth(grown)] if grown else []),
            *late("grokking set-up", runs, plan.shares),
            *late("usual set-up", [Run(**run) for run in done["usual"]["runs"]], plan.shares),
        ),
        sentence=why,
        spent=spent_on(done, time.monotonic() - started),
        run_on=run_on(())
        | {
            "task": f"a + b mod {plan.options.modulus}, {plan.options.pairs} unordered pairs; shares trained on: {plan.shares}",
            "set-up": asdict(plan.options),
            "network": "sum of two embeddings, a rectifier, a linear read-out; parameters 2 p width",
        },
    )


def work(job: Job, folder: Path) -> dict[str, Any]:
    """Train one width and seed on every share."""
    began = time.perf_counter()
    options = job.options
    runs = train_runs(job.width, [(round(share * options.pairs), job.seed) for share in job.shares], options)
    # The read-out, forward and twice backward; the rest is additions.
    flops = 6.0 * options.pairs * job.width * options.modulus * options.steps * len(runs)
    return {"runs": [asdict(run) for run in runs], "flops": flops, "seconds": time.perf_counter() - began}


def width_of(width: int, runs: Sequence[Run], options: Grokking) -> Width:
    """One width, its seeds apart."""
    mine = [run for run in runs if run.width == width]
    by_seed: dict[int, list[Run]] = {}
    for run in mine:
        by_seed.setdefault(run.seed, []).append(run)
    found = [crossing([r.examples for r in group], [r.test[-1] for r in group], HALF) for group in by_seed.values()]
    ends = [pick([r.examples for r in mine]) for pick in (min, max)]
    least, most = ([r.test[-1] for r in mine if r.examples == end] for end in ends)
    return Width(
        width,
        options.parameters(width),
        min(r.train[-1] for r in mine),
        sum(least) / len(least),
        sum(most) / len(most),
        tuple(at for at in found if at is not None),
        len(by_seed),
    )


def growth_of(widths: Sequence[Width]) -> Growth | None:
    """The exponent over the widths that part memorising from generalising; None when there are too few."""
    good = [w for w in widths if w.parts]
    if len(good) < FEWEST:
        return None
    pairs = [(w.parameters, at) for w in good for at in w.critical]
    return growth([n for n, _ in pairs], [at for _, at in pairs])


def measured(width: Width, runs: Sequence[Run]) -> list[Measurement]:
    """The critical size over seeds, and that of the law `critical_size` fitted to all runs of the width."""
    name, out = f"width {width.width}", []
    if width.critical:
        mean = sum(width.critical) / len(width.critical)
        note = f"least and most over seeds; unseen pairs right: {width.least:.2f} with the least data, {width.most:.2f} with the most; seen at least {width.seen:.3f}"
        out.append(
            Measurement(
                f"{name}: critical examples", mean, min(width.critical), max(width.critical), len(width.critical), note
            )
        )
    mine = [run for run in runs if run.width == width.width]
    table = {"data": [float(r.examples) for r in mine], "score": [r.test[-1] for r in mine]}
    try:
        found = fit(table, "critical_size", bootstrap=200)
    except LawError:
        return out
    at = found.constants["critical"]
    low, high = (at.value if v is None else v for v in (at.low, at.high))
    out.append(
        Measurement(f"{name}: law critical_size", at.value, low, high, len(mine), "; ".join(found.warnings)[:300])
    )
    return out


def of_growth(grown: Growth) -> Measurement:
    """The exponent of parameters."""
    return Measurement(
        "exponent of critical examples in parameters", grown.exponent, grown.low, grown.high, grown.places
    )


def late(name: str, runs: Sequence[Run], shares: Sequence[float]) -> list[Measurement]:
    """How many times later than the seen pairs half the unseen ones are right, with the most data; nothing if that never came."""
    most = max(run.examples for run in runs)
    ratios = []
    for run in runs:
        seen, unseen = run.reached("train", SEEN), run.reached("test", HALF)
        if run.examples == most and seen and unseen:
            ratios.append(unseen / seen)
    if not ratios:
        return []
    title = f"{name}: step at which half the unseen pairs are right over the one at which the seen ones are"
    note = f"least and most over widths and seeds; {shares[-1]:.0%} of the pairs"
    return [Measurement(title, sum(ratios) / len(ratios), min(ratios), max(ratios), len(ratios), note)]


def judge(widths: Sequence[Width], grown: Growth | None) -> tuple[Verdict, str]:
    """From what each width shows and the exponent over them.

    *holds*: every width memorises with the least data and generalises with the most, and the exponent's interval is above 0.
    *does not hold here*: the exponent's interval is below 0, or a width that has learned its seen pairs generalises with
    the least data or not with the most. Otherwise *cannot tell*.
    """
    parts = [w for w in widths if w.parts]
    said = f"{len(parts)} of {len(widths)} widths memorise with the least data and generalise with the most"
    if grown is not None:
        said += f"; critical examples move as parameters to the power {grown.exponent:.3f} ({grown.low:.3f} to {grown.high:.3f})"
    broken = [w for w in widths if w.seen >= SEEN and (w.least >= HALF or w.most <= HALF)]
    if (broken and len(widths) >= FEWEST) or (grown is not None and grown.high < 0):
        return "does not hold here", f"Does not hold here: {said}."
    if grown is not None and len(parts) == len(widths) and grown.low > 0:
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = (
    "Modular addition with a two-layer network; the publication's language data sets and transformers are not tried."
)
PAPER = Paper(
    id=ID,
    claim="Below a critical amount of data models only memorise; it grows with the model.",
    published=(Figure("sign of the critical size's growth with the model", 1.0, "sign", "arXiv:2401.10463, abstract"),),
    experiment=experiment,
)
