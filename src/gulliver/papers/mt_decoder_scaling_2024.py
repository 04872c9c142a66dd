"""A loss law for translation fits what was seen and misleads beyond; depth and width tie in loss (Caillaut et al. 2024)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.laws import Fitted, Table, fit
from gulliver.laws.ladder.apart import apart
from gulliver.laws.ladder.parallel import DIRECTIONS, DOMAINS, Parallel, parallel, tasks
from gulliver.laws.ladder.rows import Row
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.fits import exponents_of, foretold, scatter_of
from gulliver.papers.ladders import Ladder, kept_text, train_ladder
from gulliver.papers.parts import Part, every, verdict, within

ID = "mt-decoder-scaling-2024"
SCATTER = 0.05
"""Runs that scatter around the law by no more than this share of their loss follow it."""
NEAR = 0.05
"""A loss foretold to within this share is foretold."""
TIE = 0.05
"""Shapes whose losses are within this share of each other tie."""
FASTER = 1.2
"""Tokens a second that are this many times another's are another speed."""
FEWEST = 5
"""Fewer sizes show no law."""
LAW = "chinchilla"


@dataclass(frozen=True)
class Plan:
    """What is trained.

    Attributes:
        sizes, tokens: all combinations: the table of the laws; the largest size is held out.
        shapes: of nearly the same parameters, each with every seed, on `shape_tokens`.
        tested: sentences of each domain, scored in both directions.
    """

    sizes: tuple[str, ...]
    tokens: tuple[int, ...]
    shapes: tuple[str, ...]
    shape_tokens: int
    seeds: int
    tested: int = 300
    bytes: int = 4_000_000
    recipe: Mapping[str, Any] = field(default_factory=lambda: {"held_out_tokens": 8_192})
    vocabulary: int = 512
    workers: int = 2
    draws: int = 1000


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(
        ("16x1", "16x2", "32x1"), (2048, 4096, 8192), ("16x4", "32x1"), 4096, 2, 20, 60_000,
        {"context": 128, "batch": 4, "warmup": 2, "held_out_tokens": 1024}, 300, 1, 50,
    ),
    "laptop": Plan(
        ("16x2", "32x2", "64x2", "64x4", "96x4", "128x4"), (100_000, 200_000, 400_000, 800_000), ("128x1", "64x4", "32x16"), 200_000, 2
    ),
    "full": Plan(
        ("32x2", "64x2", "64x4", "96x4", "128x5", "192x6", "256x8"), (250_000, 500_000, 1_000_000, 2_000_000, 4_000_000),
        ("192x2", "96x8", "64x17"), 1_000_000, 4, 2000, 20_000_000,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Law:
    """The law of one direction in the domain that most of the text is from.

    Attributes:
        scatter: of the fitted runs around it, as a share of loss.
        largest: error of the held-out largest model's foretold loss; elsewhere: of the same models' losses in the other domain.
    """

    direction: str
    exponents: tuple[Measurement, ...]
    scatter: float
    largest: Measurement
    elsewhere: Measurement
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Shapes:
    """Depth against width at one size: the largest difference in loss as a share of it, and the ratio of speeds."""

    loss: Measurement
    speed: Measurement


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Train the ladder on a toy language both ways, fit its law by direction, leave size and domain, and compare shapes."""
    started = time.monotonic()
    plan = PLANS[scale]
    text = parallel(plan.bytes, plan.tested)
    ladder = train_ladder(f"{ID}-{scale}", ladder_of(plan, text), progress, plan.workers)
    scored = {name: score(ladder, name, text, progress) for name in ("sizes", "shapes")}
    progress(f"fitting {LAW} by direction to {len(scored['sizes'])} runs, {plan.draws} refits each")
    laws = [law_of(direction, scored["sizes"], plan.draws) for direction in DIRECTIONS]
    shapes = shapes_of(scored["shapes"])
    found, why = judge(len(plan.sizes), laws, shapes)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=found,
        measurements=(*(m for law in laws for m in (*law.exponents, law.largest, law.elsewhere)), shapes.loss, shapes.speed),
        sentence=why,
        spent=ladder.spent(time.monotonic() - started),
        run_on=ladder.run_on()
        | {
            "text": f"{plan.bytes:,} bytes of a toy language in two directions, generated (laws/ladder/parallel.py), not natural ones",
            "domains": "three quarters `common`; `rare` has its word frequencies reversed",
            "loss": f"nats a token of the translation, {plan.tested} unseen sentences of each domain",
            "warnings": {law.direction: law.warnings for law in laws},
        },
    )  # fmt: skip


def ladder_of(plan: Plan, text: Parallel) -> dict[str, Any]:
    """A ladder on the text."""
    common = {"kind": "decoder", "vocabularies": [plan.vocabulary]}
    shapes = {"sizes": list(plan.shapes), "tokens": [plan.shape_tokens], "seeds": list(range(1, plan.seeds + 1))}
    return {
        "text": {"files": [str(kept_text("parallel", text.text))]},
        "recipe": plan.recipe,
        "grid": {
            "sizes": common | {"sizes": list(plan.sizes), "tokens": list(plan.tokens)},
            "shapes": common | shapes,
        },
    }


@dataclass(frozen=True)
class Run:
    """A row of the ladder with the loss of each (direction, domain), nats a token of the translation."""

    row: Row
    loss: Mapping[tuple[str, str], float]

    @property
    def size(self) -> str:
        return f"{self.row['width']}x{self.row['depth']}"


def score(ladder: Ladder, grid: str, text: Parallel, progress: Progress) -> list[Run]:
    """Every model of a grid on the test sentences."""
    from gulliver.laws.ladder.likelihood import Likelihood

    out = []
    for row in ladder.rows[grid]:
        likelihood = Likelihood(Path(ladder.model(grid, row)))
        loss: dict[tuple[str, str], float] = {}
        for direction in DIRECTIONS:
            for domain in DOMAINS:
                nats, tokens = likelihood(tasks(text.test[domain], direction))
                loss[direction, domain] = float(-nats.sum() / tokens.sum())
        out.append(Run(row, loss))
        progress(f"scored {out[-1].size}, {row['tokens']:,} tokens: " + ", ".join(f"{v:.3f}" for v in loss.values()))
    return out


def law_of(direction: str, runs: Sequence[Run], draws: int) -> Law:
    """The law of all but the largest size in the domain `common`, and how it foretells the largest, and the other domain."""
    size = np.array([float(run.row["parameters"]) for run in runs])
    seen, largest = size < size.max(), size == size.max()
    common = _table(runs, direction, "common")
    rest = common.keep(seen)
    fitted = fit(rest, LAW, bootstrap=draws, resample="block:model")
    scatter = scatter_of(fitted, rest)
    exponents = exponents_of(direction, fitted, rest, ("alpha", "beta"), scatter)
    return Law(
        direction,
        exponents,
        scatter,
        _error(f"{direction}: error of the largest model's foretold loss", fitted, common.keep(largest)),
        _error(
            f"{direction}: error of the same law in the domain of rare words", fitted, _table(runs, direction, "rare").keep(seen)
        ),
        fitted.warnings,
    )  # fmt: skip


def _table(runs: Sequence[Run], direction: str, domain: str) -> Table:
    columns = {name: np.array([float(run.row[name]) for run in runs]) for name in ("parameters", "tokens")}
    loss = np.array([run.loss[direction, domain] for run in runs])
    return Table({**columns, "loss": loss}, {"model": tuple(run.size for run in runs)}, "scored translations")


def _error(name: str, fitted: Fitted, rows: Table) -> Measurement:
    """The mean error as a share of the loss; the interval is the law's, of whole models drawn anew."""
    told = zip(fitted.predict(rows.columns), rows.columns["loss"], strict=True)
    inside = sum(i.holds(loss) for i, loss in told)
    return foretold(name, fitted, rows, 10.0, f"{inside} of {rows.rows} losses within their predicted interval")


def shapes_of(runs: Sequence[Run]) -> Shapes:
    """The two shapes furthest apart in loss, and the speeds of the fastest and the slowest, by their seeds."""
    losses: dict[str, list[float]] = {}
    speeds: dict[str, list[float]] = {}
    for run in runs:
        losses.setdefault(run.size, []).append(float(np.mean([run.loss[d, "common"] for d in DIRECTIONS])))
        speeds.setdefault(run.size, []).append(float(run.row["tokens"] / run.row["seconds"]))
    found = apart(losses)
    mean = float(np.mean(list(losses.values())))
    by = sorted(speeds, key=lambda size: float(np.mean(speeds[size])))
    slow, fast = speeds[by[0]], speeds[by[-1]]
    told = ", ".join(
        f"{size} {np.mean(losses[size]):.4f} nats {np.mean(speeds[size]):,.0f} tokens/s" for size in losses
    )
    return Shapes(
        Measurement(
            "largest difference between shapes, share of loss", found.difference / mean, found.low / mean, found.high / mean, len(runs), told
        ),
        Measurement(
            f"training speed of {by[-1]} over {by[0]}", float(np.mean(fast) / np.mean(slow)), min(fast) / max(slow), max(fast) / min(slow),
            len(runs), "least and most over seeds; other work on the machine moves it",
        ),
    )  # fmt: skip


def judge(sizes: int, laws: Sequence[Law], shapes: Shapes) -> tuple[Verdict, str]:
    """From the laws by direction and the shapes.

    *holds*: at least `FEWEST` sizes; in each direction runs scatter by no more than `SCATTER` around the law, and its errors for the largest model
    and in the other domain are beyond `NEAR`; shapes tie in loss (within `TIE`) and differ in speed (by `FASTER`).
    *does not hold here*: enough sizes, and some part is clearly otherwise. Otherwise *cannot tell*.
    """
    parts = {
        f"the law fits both directions to within {SCATTER:.0%} of loss": every([law.scatter <= SCATTER for law in laws]),
        f"it misses the largest model by more than {NEAR:.0%}": every([_misses(law.largest) for law in laws]),
        f"it misses the other domain by more than {NEAR:.0%}": every([_misses(law.elsewhere) for law in laws]),
        f"depth and width tie in loss within {TIE:.0%}": within(shapes.loss, -np.inf, TIE),
        f"but not in speed, by {FASTER:g} times": within(shapes.speed, FASTER, np.inf),
    }  # fmt: skip
    return verdict(parts, f"{sizes} sizes show no law" if sizes < FEWEST else "")


def _misses(error: Measurement) -> Part:
    hit = within(error, -NEAR, NEAR)
    return None if hit is None else not hit


PARTLY = "A toy language of one grammar in two directions, with word frequencies for domains; no natural languages."
PAPER = Paper(
    id=ID,
    claim="A loss law for translation fits what was seen and misleads beyond; depth and width tie in loss, not in speed.",
    published=(
        Figure("largest model trained", 7.0, "billion parameters", "Caillaut et al. 2024, abstract"),
        Figure("smallest model trained", 70.0, "million parameters", "Caillaut et al. 2024, abstract"),
    ),
    experiment=experiment,
)
