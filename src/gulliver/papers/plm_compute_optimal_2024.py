"""The best size of a protein model for its FLOPs (Serrano et al. 2024, arXiv:2406.07249), on sequences generated from a grammar."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.laws import LawError, Table, fit
from gulliver.laws.allocation import size_exponent
from gulliver.laws.ladder import Shape
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.ladders import train_ladder
from gulliver.papers.parts import measured, verdict, whichever, within

ID = "plm-compute-optimal-2024"
PLATEAU = 0.01
"""A doubling of FLOPs that takes off less than this share of the loss is on a plateau."""
FLOOR = 0.5
"""A floor of at least this share of the lowest loss is most of it."""
SIZES, BUDGETS = 5, 4
"""Fewer sizes, or budgets, show no exponent."""
RESIDUES = 258
"""The smallest vocabulary: a token is a residue, as in protein models."""
LEAST = 16
"""Steps of the shortest run, and at least twice the warm-up: a run is rounded to whole steps."""


@dataclass(frozen=True)
class Plan:
    """Every size on as many tokens as each budget of FLOPs pays for; `longest` is a run's most tokens."""

    sizes: tuple[str, ...]
    budgets: tuple[float, ...]
    longest: int
    bytes: int
    families: int
    concentration: float
    kinds: tuple[str, ...] = ("decoder",)
    context: int = 128
    batch: int = 8
    warmup: int = 25
    held_out_tokens: int = 32_768
    workers: int = 2
    draws: int = 1000

    @property
    def ladder(self) -> dict[str, Any]:
        """A grid for each size, since each has its own token counts."""
        grids = {
            f"{kind}-{size}": {"kind": kind, "sizes": [size], "tokens": tokens, "vocabularies": [RESIDUES]}
            for kind in self.kinds
            for size in self.sizes
            if (tokens := self.tokens(size))
        }
        text = {
            "generated": "proteins",
            "bytes": self.bytes,
            "families": self.families,
            "concentration": self.concentration,
        }
        recipe = {name: getattr(self, name) for name in ("context", "batch", "warmup", "held_out_tokens")}
        return {"text": text, "recipe": recipe, "grid": grids}

    def tokens(self, size: str) -> list[int]:
        """The nearest whole steps to each budget, but for runs that would be too short or too long."""
        width, _, depth = size.partition("x")
        step = Shape(int(width), int(depth), RESIDUES, self.context).step_flops(self.batch)
        each = self.batch * self.context
        steps = [round(budget / step) for budget in self.budgets]
        return [
            count * each for count in steps if count >= max(LEAST, 2 * self.warmup) and count * each <= self.longest
        ]


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ("16x1", "16x2", "32x1", "32x2"), (5e8, 1e9), 100_000, 60_000, 4, 0.5,
        context=32, batch=4, warmup=2, held_out_tokens=1024, workers=1, draws=100,
    ),
    "laptop": Plan(
        ("16x2", "32x1", "32x2", "64x2", "64x4", "96x4", "128x5"), (1e11, 2e11, 4e11, 8e11, 1.6e12, 3.2e12), 5_000_000, 5_300_000, 20, 0.5,
    ),
    "full": Plan(
        ("32x2", "64x2", "64x4", "96x4", "128x5", "192x6", "256x8"), (1e12, 3e12, 1e13, 3e13, 1e14), 50_000_000, 55_000_000, 200, 0.5,
        ("decoder", "encoder"),
    ),
}  # fmt: skip


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train every size for every budget, and see how the best size and the best loss move with FLOPs."""
    started = time.monotonic()
    plan = PLANS[scale]
    ladder = train_ladder(f"{ID}-{scale}", plan.ladder, progress, plan.workers)
    exponents: list[Measurement] = []
    others: list[Measurement] = []
    gains, floors = [], []
    for kind in plan.kinds:
        runs = ladder.table(*(grid for grid in ladder.rows if grid.startswith(kind)))
        progress(f"{kind}: fitting laws to {runs.rows} runs, {plan.draws} refits each")
        exponents += best_size(kind, runs, plan.draws)
        floors.append(floor(kind, runs, plan.draws))
        steps = gains_of(kind, runs)
        gains.append(steps[-1])
        others += steps[:-1]
    found, why = judge(len(plan.sizes), len(plan.budgets), exponents, gains, floors)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(*exponents, *others, *gains, *floors),
        sentence=why,
        spent=ladder.spent(time.monotonic() - started),
        run_on=ladder.run_on(),
    )


def best_size(kind: str, runs: Table, draws: int) -> list[Measurement]:
    """The best size's exponent in FLOPs, by parabolas at each budget: all parameters counted, and without the table of tokens."""
    out = []
    for count, column in (("all parameters", "all_parameters"), ("without embeddings", "parameters")):
        table = Table({**runs.columns, "parameters": runs.columns[column]}, runs.labels, runs.source)
        name = f"{kind}: exponent of the best size in FLOPs ({count})"
        try:
            # Not by residuals: those are the parabola's misfit far from the best size, not noise.
            fitted = fit(table, "isoflop", bootstrap=draws, resample="block:model")
            law = fit(table, "chinchilla", bootstrap=0)
        except LawError as error:  # no budget has a best size between the smallest and the largest
            out.append(Measurement(name, 1.0, -2.0, 3.0, runs.rows, f"not found: {error}"))
            continue
        note = f"by the law of parameters and tokens, which allows 0 to 1: {size_exponent(law).value:.3f}"
        out.append(measured(name, fitted.constants["a"], runs.rows, (-2.0, 3.0), note))
    return out


def floor(kind: str, runs: Table, draws: int) -> Measurement:
    """The loss of unlimited size and tokens as a share of the lowest loss, by the law of parameters and tokens."""
    fitted = fit(runs, "chinchilla", bootstrap=draws, resample="block:model")
    lowest = float(runs.columns["loss"].min())
    share = fitted.interval(fitted.constants["E"].value / lowest, fitted.draws[:, 0] / lowest)
    note = f"{fitted.constants['E'].value:.3f} nats a residue, lowest loss {lowest:.3f}; {' '.join(fitted.warnings)}".removesuffix(
        "; "
    )
    return measured(f"{kind}: floor of the loss, share of the lowest", share, runs.rows, (0.0, 1.0), note)


def gains_of(kind: str, runs: Table) -> list[Measurement]:
    """What a doubling of FLOPs takes off the best loss, as a share, from each budget to the next.

    The interval is two standard errors over held-out windows, as if the two losses had nothing in common.
    """
    flops, loss, error = (runs.columns[name] for name in ("flops", "loss", "loss_se"))
    # Rounding to whole steps moves a run by some per cent of its budget, and budgets are further apart.
    order = np.argsort(flops)
    groups = np.split(order, np.flatnonzero(np.diff(np.log(flops[order])) > 0.2) + 1)
    best = [int(group[np.argmin(loss[group])]) for group in groups]
    out = []
    for before, after in itertools.pairwise(best):
        doublings = float(np.log2(flops[after] / flops[before]))
        gain = float(loss[before] - loss[after]) / float(loss[before]) / doublings
        wide = 2.0 * float(np.hypot(error[before], error[after])) / float(loss[before]) / doublings
        note = f"best {runs.labels['model'][after]}, {runs.columns['tokens'][after]:,.0f} tokens: {loss[after]:.4f}"
        name = f"{kind}: share of loss that a doubling of FLOPs takes off, {flops[before]:.2g} to {flops[after]:.2g}"
        out.append(Measurement(name, gain, gain - wide, gain + wide, len(groups), note))
    return out


def judge(
    sizes: int,
    budgets: int,
    exponents: Sequence[Measurement],
    gains: Sequence[Measurement],
    floors: Sequence[Measurement],
) -> tuple[Verdict, str]:
    """From the exponents of the best size, what the last doubling of FLOPs takes off, and the floor of the loss.

    *holds*: at least `SIZES` sizes and `BUDGETS` budgets; every exponent is below 1; the last doubling takes off less than `PLATEAU` of the loss;
    the floor is at least `FLOOR` of the lowest loss. *does not hold here*: enough of both, and a part is clearly otherwise.
    Otherwise *cannot tell*.
    """
    parts = {
        "the best size grows slower than FLOPs": whichever([within(m, -np.inf, 1.0) for m in exponents]),
        f"the last doubling of FLOPs takes off less than {PLATEAU:.0%} of the loss": whichever(
            [within(m, -np.inf, PLATEAU) for m in gains]
        ),
        f"the floor is at least {FLOOR:.0%} of the lowest loss": whichever([within(m, FLOOR, np.inf) for m in floors]),
    }
    few = sizes < SIZES or budgets < BUDGETS
    return verdict(parts, f"{sizes} sizes for {budgets} budgets show no exponent" if few else "")


PARTLY = "Sequences are generated from a stated grammar, not natural proteins."
PAPER = Paper(
    id=ID,
    claim="The best size of a protein model grows slower than its FLOPs, and its loss levels off.",
    published=(
        Figure("best size grows sublinearly: exponent below", 1.0, "exponent", "arXiv:2406.07249, abstract"),
        Figure(
            "a model on a reduced token set that compares with ESM-2 (15B)",
            35e6,
            "parameters",
            "arXiv:2406.07249, abstract",
        ),
    ),
    experiment=experiment,
)
