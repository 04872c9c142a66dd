"""Power laws of loss, shape and the best size (Kaplan et al. 2020, arXiv:2001.08361), on decoders trained here from scratch."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gulliver.laws import Fitted, Table, fit
from gulliver.laws.allocation import size_exponent, unfinished
from gulliver.laws.base import Array
from gulliver.laws.ladder.apart import apart
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.fits import SCATTER, PowerLaw, foretold, power_law
from gulliver.papers.ladders import Ladder, train_ladder
from gulliver.papers.parts import every, measured, verdict, whichever, within

ID = "kaplan-2020"
NEAR = 0.03
"""A loss foretold to within this share is foretold; the publication's 3 % for other shapes."""
LARGE = 0.5
"""Above this exponent of size in compute, most of a larger budget goes into the model."""
EARLY = 0.02
"""A best model whose loss is at least this share above its end is stopped early."""
JUDGED = ("L(C)", "L(N, D)")
"""L(N) and L(D) alone are power laws only where the other does not hold the loss back; in a ladder it does, so they bend."""
FEWEST = 5
"""Fewer sizes show no law."""


@dataclass(frozen=True)
class Plan:
    """What is trained.

    Attributes:
        sizes, tokens: all combinations, one seed: the table of the laws.
        shapes: of nearly the same parameters, each with every seed, on `shape_tokens`; their width over depth lies in
            the publication's range (its figure 5: about 10 and up).
        thin: the thinner of two shapes lies outside that range; told, and not judged.
    """

    sizes: tuple[str, ...]
    tokens: tuple[int, ...]
    shapes: tuple[str, ...]
    shape_tokens: int
    seeds: int
    thin: tuple[str, str]
    text: Mapping[str, Any] = field(default_factory=lambda: {"packaged": "shakespeare"})
    recipe: Mapping[str, Any] = field(default_factory=lambda: {"held_out_tokens": 32_768})
    vocabulary: int = 512
    workers: int = 2
    draws: int = 1000

    @property
    def ladder(self) -> dict[str, Any]:
        grids = {
            "sizes": {"sizes": list(self.sizes), "tokens": list(self.tokens)},
            "shapes": {
                "sizes": list(self.shapes), "tokens": [self.shape_tokens], "seeds": list(range(1, self.seeds + 1)),
            },
            "thin": {"sizes": list(self.thin), "tokens": [self.shape_tokens], "seeds": [1]},
        }  # fmt: skip
        common = {"kind": "decoder", "vocabularies": [self.vocabulary]}
        return {
            "text": self.text,
            "recipe": self.recipe,
            "grid": {name: common | grid for name, grid in grids.items()},
        }


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ("16x1", "16x2", "32x1"), (1024, 2048, 4096), ("16x4", "32x1"), 1024, 2, ("16x4", "32x1"),
        {"generated": "translation", "bytes": 60_000},
        {"context": 32, "batch": 8, "warmup": 2, "held_out_tokens": 1024}, 300, 1, 100,
    ),
    "laptop": Plan(
        ("32x1", "32x2", "64x2", "64x3", "64x5", "96x4", "128x5"), (125_000, 250_000, 500_000, 1_000_000),
        ("128x2", "96x4", "64x8"), 200_000, 3, ("32x16", "64x4"),
    ),
    "full": Plan(
        ("32x1", "32x2", "64x2", "64x3", "64x4", "96x4", "128x5", "192x5", "256x6"), (250_000, 500_000, 1_000_000, 2_000_000),
        ("192x2", "128x4", "96x8"), 1_000_000, 5, ("64x17", "96x8"),
    ),
}  # fmt: skip


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train the ladder, fit the laws, foretell the largest model, compare shapes, and find the best size's exponent."""
    started = time.monotonic()
    plan = PLANS[scale]
    ladder = train_ladder(f"{ID}-{scale}", plan.ladder, progress, plan.workers)
    runs = ladder.table("sizes")
    progress(f"fitting laws to {runs.rows} runs, {plan.draws} refits each")
    joint = fit(runs, "kaplan_nd", bootstrap=plan.draws, resample="block:model")
    laws = laws_of(runs, joint, plan.draws)
    largest = largest_foretold(runs, plan.draws)
    shapes = shape_effect(ladder, joint)
    thin = thinner(ladder)
    best = best_sizes(runs, joint, plan.draws)
    early = stopped_early(runs, joint)
    found, why = judge(len(plan.sizes), [law for law in laws if law.name in JUDGED], largest, shapes[0], best, early)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(*(m for law in laws for m in law.exponents), largest, *shapes, thin, *best, early),
        sentence=why,
        spent=ladder.spent(time.monotonic() - started),
        run_on=ladder.run_on()
        | {"constants": {name: vars(c) for name, c in joint.constants.items()}, "warnings": joint.warnings},
    )


def laws_of(runs: Table, joint: Fitted, draws: int) -> list[PowerLaw]:
    """L(N) at the most tokens, L(D) of the best model at each count, L(C) of runs that no cheaper one beats, and L(N, D)."""
    loss, tokens, flops = (runs.columns[name] for name in ("loss", "tokens", "flops"))
    each = np.unique(tokens)
    best = [int(np.flatnonzero(tokens == d)[np.argmin(loss[tokens == d])]) for d in each]
    frontier = np.array([bool((loss[flops <= c] >= found).all()) for c, found in zip(flops, loss, strict=True)])
    parts = (
        ("L(N)", "kaplan_n", runs.keep(tokens == each[-1]), "case"),
        ("L(D)", "kaplan_d", runs.keep(np.array(best)), "residual"),
        ("L(C)", "kaplan_c", runs.keep(frontier), "case"),
    )
    found = []
    for name, law, rows, resample in parts:
        # A law of two constants is fitted to three runs or more; a frontier may have fewer.
        if rows.rows > 2:
            found.append(_law(name, fit(rows, law, bootstrap=draws, resample=resample), rows))
    return [*found, _law("L(N, D)", joint, runs)]


def _law(name: str, fitted: Fitted, rows: Table) -> PowerLaw:
    return power_law(name, name, fitted, rows, [c for c in fitted.constants if c.startswith("alpha")])


def largest_foretold(runs: Table, draws: int) -> Measurement:
    """The mean error, as a share, of the largest model's losses foretold by the law of all smaller ones."""
    size = runs.columns["parameters"]
    rest, largest = runs.keep(size < size.max()), runs.keep(size == size.max())
    fitted = fit(rest, "kaplan_nd", bootstrap=draws, resample="block:model")
    next_one = rest.keep(rest.columns["parameters"] == rest.columns["parameters"].max()).columns["loss"]
    less = float((next_one / largest.columns["loss"] - 1.0).mean())
    note = f"{less:+.4f} when the next smaller model's losses are taken"
    return foretold("error of the largest model's foretold loss", fitted, largest, 1.0, note)


def shape_effect(ladder: Ladder, joint: Fitted) -> tuple[Measurement, Measurement]:
    """How far shapes of one size are apart: in doublings of parameters, and as a share of the loss.

    Each loss is first moved along the law to the shapes' mean size, since their parameters differ by some per cent.
    """
    rows = ladder.rows["shapes"]
    tokens = float(rows[0]["tokens"])
    sizes = np.array([float(row["parameters"]) for row in rows])
    middle = float(np.exp(np.log(np.unique(sizes)).mean()))
    at = joint.predict({"parameters": sizes, "tokens": np.full(len(rows), tokens)})
    same = joint.predict(parameters=middle, tokens=tokens)[0].value
    groups: dict[str, list[float]] = {}
    for row, here in zip(rows, at, strict=True):
        groups.setdefault(f"{row['width']}x{row['depth']}", []).append(float(row["loss"]) * same / here.value)
    found = apart(groups)
    twice = {"parameters": np.array([middle, 2.0 * middle]), "tokens": np.full(2, tokens)}

    def gain(theta: Array) -> Array:
        loss = joint.form.predict(theta, twice)
        return np.asarray(loss[:, 0] - loss[:, 1])

    doubling = joint.interval(float(gain(joint.theta)[0]), gain(joint.draws))
    least, most = (doubling.value if v is None else v for v in (doubling.low, doubling.high))
    note = (
        f"{found.highest} over {found.lowest}: {found.difference:.4f} nats, a doubling of parameters {doubling.value:.4f}, "
        f"seeds move a difference by {found.seed * 2**0.5:.4f}"
    )
    high = found.high / least if least > 0 else 1e9
    return (
        Measurement("largest difference between shapes, in doublings of parameters", found.difference / doubling.value, found.low / most, high, len(rows), note),
        Measurement("largest difference between shapes, share of loss", found.difference / same, found.low / same, found.high / same, len(rows), note),
    )  # fmt: skip


def thinner(ladder: Ladder) -> Measurement:
    """How much more a shape loses that has less width for its depth than the publication's shapes have."""
    thin, usual = sorted(ladder.rows["thin"], key=lambda row: row["width"] / row["depth"])
    more = float(thin["loss"] / usual["loss"] - 1.0)
    note = f"{thin['loss']:.4f} against {usual['loss']:.4f}; one seed, no interval, not judged"
    name = f"{thin['width']}x{thin['depth']} over {usual['width']}x{usual['depth']}, share of loss"
    return Measurement(name, more, more, more, 1, note)


def best_sizes(runs: Table, joint: Fitted, draws: int) -> tuple[Measurement, ...]:
    """The best size's exponent in FLOPs, by two forms, and with the table of tokens counted as parameters."""
    whole = Table({**runs.columns, "parameters": runs.columns["all_parameters"]}, runs.labels, runs.source)
    again = [
        fit(table, law, bootstrap=draws, resample="block:model")
        for table, law in ((runs, "chinchilla"), (whole, "kaplan_nd"))
    ]
    names = ("kaplan_nd", "chinchilla", "kaplan_nd, embeddings counted")
    return tuple(
        measured(f"exponent of the best size in FLOPs ({name})", size_exponent(f), f.rows, (0.0, 1.0))
        for name, f in zip(names, (joint, *again), strict=True)
    )


def stopped_early(runs: Table, joint: Fitted) -> Measurement:
    """How far above its end the best model for the largest budget stops."""
    flops = float(runs.columns["flops"].max())
    plan = joint.form.plan(joint.theta, {"flops": flops})
    note = f"{flops:.2g} FLOPs: {plan['parameters'][0]:.3g} parameters, {plan['tokens'][0]:.3g} tokens" if plan else ""
    return measured("best model's loss above its end, share", unfinished(joint, flops), joint.rows, (0.0, 10.0), note)


def judge(
    sizes: int,
    laws: Sequence[PowerLaw],
    foretold: Measurement,
    shapes: Measurement,
    best: Sequence[Measurement],
    early: Measurement,
) -> tuple[Verdict, str]:
    """From the laws, the largest model foretold, shapes in doublings, exponents of the best size, and where it stops.

    *holds*: at least `FEWEST` sizes; runs scatter by no more than `SCATTER` around each law, its exponents above zero; the largest model is foretold
    to within `NEAR`; shapes differ by less than a doubling of parameters; every exponent of the best size is above `LARGE`;
    the best model stops at least `EARLY` above its end. *does not hold here*: enough sizes, and some part is clearly
    otherwise. Otherwise *cannot tell*.
    """
    parts = {
        f"runs follow power laws to within {SCATTER:.0%} of loss": every([law.holds for law in laws]),
        f"the largest model is foretold to within {NEAR:.0%}": within(foretold, -NEAR, NEAR),
        "width against depth is less than a doubling of parameters": within(shapes, -np.inf, 1.0),
        f"the best size's exponent in FLOPs is above {LARGE:g} by every count": whichever(
            [within(m, LARGE, np.inf) for m in best]
        ),
        f"the best model stops at least {EARLY:.0%} above its end": within(early, EARLY, np.inf),
    }
    return verdict(parts, f"{sizes} sizes show no law" if sizes < FEWEST else "")


PAPER = Paper(
    id=ID,
    claim="Loss is a power law in parameters, tokens and FLOPs; width against depth barely matters; the best model is large and stopped early.",
    published=(
        Figure("alpha_N", 0.076, "exponent of parameters", "arXiv:2001.08361, section 1.2"),
        Figure("alpha_D", 0.095, "exponent of tokens", "arXiv:2001.08361, section 1.2"),
        Figure("alpha_C", 0.050, "exponent of compute at its best split", "arXiv:2001.08361, section 1.2"),
        Figure("exponent of the best size in compute", 0.73, "exponent", "arXiv:2001.08361, section 1.2"),
        Figure("loss of another shape, within", 0.03, "share of loss", "arXiv:2001.08361, section 3"),
    ),
    experiment=experiment,
)
