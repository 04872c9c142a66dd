"""Same loss, same score (Du et al. 2024, arXiv:2403.15796), on Pythia's checkpoints with LAMBADA's loss for the pretraining loss."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gulliver.laws import Table, fit
from gulliver.laws.base import Array
from gulliver.laws.emergence import EMERGED, Emergence, detect
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.emergent_abilities_2022 import CHANCE
from gulliver.papers.published import packaged
from gulliver.papers.running import run_on

ID = "emergence-loss-2024"
ERROR = 0.05
MARGIN = 0.02
"""A score that moves by less than this for a tenfold size at the same loss is the same score."""
FEWEST = 3
"""Fewer tasks than this do not show that a score follows from the loss."""
BEND = (1.0, 2.0, 3.0, 4.5, 6.0)
"""Losses (nats) at which the curve of score against loss may bend."""
PLANS: dict[Scale, tuple[tuple[str, ...], int]] = {
    "smoke": (("sciq",), 200),
    "laptop": (tuple(task for task in CHANCE if task != "lambada"), 2000),
    "full": (tuple(task for task in CHANCE if task != "lambada"), 20000),
}
"""Tasks, and refits by models drawn anew. LAMBADA's own score is left out: its loss is the same test's."""


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Does size still matter when the loss is known, and at which loss does a score leave chance?"""
    started = time.monotonic()
    tasks, draws = PLANS[scale]
    rows = checkpoints(packaged("pythia_evals.csv"))
    loss = np.log(rows.columns["lambada_perplexity"])
    size = np.log10(rows.columns["parameters"])
    models = np.unique(np.array(rows.labels["model"]), return_inverse=True)[1]
    level = 1.0 - ERROR / len(tasks)
    effects, thresholds, seen, shares = [], [], [], []
    for task in tasks:
        score = rows.columns[task]
        effects.append(size_effect(task, loss, size, score, models, level, draws))
        # A scale whose logarithm is the negative loss, so that the detector's break is a loss.
        found = detect(np.exp(-loss), score, CHANCE[task], level=level)
        seen.append(found)
        thresholds += threshold(task, loss, score, found)
        shares.append(explained(task, loss, size, score))
        progress(f"{task}: {found.verdict}")
    verdict, why = judge(effects, seen)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(*effects, *thresholds, *shares),
        sentence=why,
        spent=Spent(seconds=time.monotonic() - started),
        run_on=run_on(())
        | {
            "table": f"published zero-shot scores of {models.max() + 1} Pythia models, {rows.rows} checkpoints",
            "loss": "LAMBADA's log perplexity (nats a last word), not the loss of pretraining",
            "level": level,
        },
    )


def checkpoints(table: Table) -> Table:
    """Pythia's from step 512 on; before that all models are at chance and the loss is that of a random start."""
    step = table.columns["step"]
    return table.keep((step >= 512) & np.array([f == "pythia" for f in table.labels["family"]]))


def size_effect(
    task: str, loss: Array, size: Array, score: Array, models: NDArray[Any], level: float, draws: int, seed: int = 0
) -> Measurement:
    """What a tenfold size adds to the score at the same loss: a bent line in loss and a straight one in size.

    The interval is of models drawn anew, all checkpoints of one together.
    """
    design = np.column_stack(
        [np.ones_like(loss), loss, *(np.maximum(loss - at, 0.0) for at in BEND), size - size.mean()]
    )

    def slope(rows: NDArray[Any]) -> float:
        return float(np.linalg.lstsq(design[rows], score[rows], rcond=None)[0][-1])

    members = [np.flatnonzero(models == m) for m in range(int(models.max()) + 1)]
    rng = np.random.default_rng([seed, 11])
    drawn = [
        slope(np.concatenate([members[m] for m in rng.integers(0, len(members), len(members))])) for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Measurement(
        f"{task}: a tenfold size at the same loss", slope(np.arange(len(loss))), float(low), float(high), len(loss)
    )


def explained(task: str, loss: Array, size: Array, score: Array) -> Measurement:
    """The share of the score's variance that the loss alone explains; size alone is in the note."""

    def share(columns: Sequence[Array]) -> float:
        design = np.column_stack([np.ones_like(loss), *columns])
        rest = score - design @ np.linalg.lstsq(design, score, rcond=None)[0]
        return float(1.0 - rest.var() / score.var())

    by_loss = share([loss, *(np.maximum(loss - at, 0.0) for at in BEND)])
    note = f"by size alone {share([size]):.3f}; no interval"
    return Measurement(f"{task}: share of variance explained by loss", by_loss, by_loss, by_loss, len(loss), note)


def threshold(task: str, loss: Array, score: Array, found: Emergence) -> list[Measurement]:
    """The loss at which the score leaves chance, where it emerged, and that of the law `threshold` for comparison."""
    if found.verdict != EMERGED or found.breakpoint is None or found.low is None or found.high is None:
        return []
    fitted = fit({"scale": np.exp(-loss), "score": score}, "threshold", bootstrap=0).constants["threshold"].value
    return [
        Measurement(
            f"{task}: loss at which it leaves chance", -float(np.log(found.breakpoint)), -float(np.log(found.high)),
            -float(np.log(found.low)), len(loss), f"law threshold: {-float(np.log(fitted)):.2f}; rows of one model are not independent",
        )
    ]  # fmt: skip


def judge(effects: Sequence[Measurement], seen: Sequence[Emergence]) -> tuple[Verdict, str]:
    """From what size adds at the same loss, and from the detector on every task.

    *holds*: at the same loss the score is the same (its whole interval within `MARGIN`) on every one of at least
    `FEWEST` tasks, and some score leaves chance at a threshold of the loss. *does not hold here*: on some task size moves the score by more than
    `MARGIN` at the same loss. Otherwise *cannot tell*.
    """
    same = [m for m in effects if m.low > -MARGIN and m.high < MARGIN]
    other = [m for m in effects if m.low > MARGIN or m.high < -MARGIN]
    emerged = [s for s in seen if s.verdict == EMERGED]
    said = (
        f"at the same loss a tenfold size moves the score by less than {MARGIN:g} on {len(same)} and by more on {len(other)} of "
        f"{len(effects)} tasks; {len(emerged)} leave chance at a threshold of the loss (LAMBADA's, for want of the pretraining loss)"
    )
    if other:
        return "does not hold here", f"Does not hold here: {said}."
    if len(same) == len(effects) >= FEWEST and emerged:
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = "The loss is LAMBADA's log perplexity: the table has no pretraining loss."
PAPER = Paper(
    id=ID,
    claim="Models of one pretraining loss have one score, whatever their size and data; abilities appear below a loss.",
    published=(
        Figure(
            "pretraining loss below which MMLU leaves chance, about", 2.2, "nats a token", "arXiv:2403.15796, section 3"
        ),
    ),
    experiment=experiment,
)
