"""Abilities that smaller models do not announce (Wei et al. 2022, arXiv:2206.07682), on published scores of three families."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws import Table
from gulliver.laws.base import Array
from gulliver.laws.emergence import EMERGED, NOT_YET, THROUGHOUT, detect
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.published import packaged
from gulliver.papers.running import run_on

ID = "emergent-abilities-2022"
ERROR = 0.05
"""Shared equally by all comparisons of a scale."""
MARGIN = 0.05
"""Scores foretold to less than this are foretold."""
CHANCE = {
    "lambada": 0.0, "arc_challenge": 0.25, "arc_easy": 0.25, "logiqa": 0.25, "sciq": 0.25, "piqa": 0.5, "winogrande": 0.5, "wsc": 0.5,
}  # fmt: skip
"""By options offered; LAMBADA is free text."""
PLANS: dict[Scale, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "smoke": (("pythia",), ("lambada", "logiqa")),
    "laptop": (("pythia", "opt"), tuple(CHANCE)),
}
"""Families and tasks. BLOOM's five models are too few for the detector."""


@dataclass(frozen=True)
class Ability:
    """One task in one family.

    Attributes:
        verdict: the detector's.
        surprise: mean score of the largest third less what a line through the smaller ones says, with its interval.
        explained: the same, where the line runs along the continuous metric (log of LAMBADA's perplexity) instead.
        moves: the continuous metric changes below the breakpoint; None without a breakpoint or with too few rows.
    """

    name: str
    verdict: str
    above: float
    surprise: Measurement
    explained: Measurement
    moves: bool | None


def experiment(scale: Scale, progress: Progress) -> Finding:
    """The detector on every task of every family, and the largest models against lines through the smaller ones."""
    started = time.monotonic()
    families, tasks = PLANS[scale]
    table = packaged("pythia_evals.csv")
    level = 1.0 - ERROR / (2 * len(families) * len(tasks))
    found = []
    for family in families:
        rows = last_checkpoints(table, family)
        for task in tasks:
            found.append(
                ability(
                    f"{task}, {family}",
                    rows.columns["parameters"],
                    rows.columns[task],
                    np.log(rows.columns["lambada_perplexity"]),
                    CHANCE[task],
                    level,
                )
            )
        progress(f"{family}: {rows.rows} rows, {len(tasks)} tasks")
    verdict, why = judge(found)
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=tuple(m for a in found for m in (a.surprise, a.explained)),
        sentence=why,
        spent=Spent(seconds=time.monotonic() - started),
        run_on=run_on(())
        | {
            "table": "published zero-shot scores of Pythia and OPT",
            "level": level,
            "detected": {a.name: a.verdict for a in found},
        },
    )


def last_checkpoints(table: Table, family: str) -> Table:
    """A family's models, each at its last checkpoint: earlier ones of a model are no further models."""
    rows = table.keep(np.array([f == family for f in table.labels["family"]]))
    step = rows.columns["step"]
    return rows.keep(np.isnan(step) | (step == np.max(step, initial=0.0, where=np.isfinite(step))))


def ability(name: str, x: Array, score: Array, metric: Array, chance: float, level: float) -> Ability:
    """What the detector and two extrapolations say of one task; `metric` is continuous, (R,)."""
    seen = detect(x, score, chance, control=metric, level=level)
    distinct = np.unique(x)
    split = distinct[-max(1, -(-len(distinct) // 3))]
    below, above = x < split, x >= split
    along = {
        "size": line(np.log10(x)[below], score[below], np.log10(x)[above], score[above], level),
        "the continuous metric": line(metric[below], score[below], metric[above], score[above], level),
    }
    surprise, explained = (
        Measurement(
            f"{name}: largest third less a line of the smaller along {what}", value, low, high, len(x), seen.verdict
        )
        for what, (value, low, high) in along.items()
    )
    moves = seen.control.moves if seen.control is not None and seen.verdict == EMERGED else None
    return Ability(name, seen.verdict, seen.above_chance, surprise, explained, moves)


def line(x: Array, y: Array, at: Array, seen: Array, level: float) -> tuple[float, float, float]:
    """Mean of `seen` less the mean that a straight line through (x, y) predicts at `at`, with Student's prediction interval."""
    from scipy.stats import t

    free = len(x) - 2
    centred = x - x.mean()
    power = float((centred**2).sum())
    slope = float(centred @ y / power)
    noise = float(((y - y.mean() - slope * centred) ** 2).sum() / free)
    far = float(at.mean() - x.mean())
    gap = float(seen.mean()) - (float(y.mean()) + slope * far)
    reach = float(t.ppf(0.5 + level / 2.0, free)) * (noise * (1.0 / len(at) + 1.0 / len(x) + far**2 / power)) ** 0.5
    return gap, gap - reach, gap + reach


def judge(found: Sequence[Ability]) -> tuple[Verdict, str]:
    """From every ability's detector verdict and its two extrapolations.

    *holds*: some ability emerged, its largest models are above the line of the smaller ones along size, and above that
    along the continuous metric too. *does not hold here*: some emerged, and of all these the largest models are foretold:
    less than `MARGIN` above the line along size, or above it and within that of the continuous metric. Otherwise *cannot
    tell*: abilities that rise at every size, or not at all, are not those that the claim is about.
    """
    kinds = {kind: [a for a in found if a.verdict == kind] for kind in (EMERGED, THROUGHOUT, NOT_YET)}
    emerged = kinds[EMERGED]
    risen = [*emerged, *kinds[THROUGHOUT]]
    above = [a for a in risen if a.surprise.low > 0.0]
    unforeseen = [a for a in emerged if a.surprise.low > 0.0 and a.explained.low > 0.0]
    foretold = [a for a in emerged if a.surprise.high < MARGIN or (a.surprise.low > 0.0 and a.explained.high < MARGIN)]
    said = (
        f"of {len(found)} tasks in families {len(emerged)} emerged, {len(kinds[THROUGHOUT])} rise at every size and "
        f"{len(kinds[NOT_YET])} have not emerged; in {len(above)} of the {len(risen)} that rise the largest models are above "
        f"what the smaller ones foretell; of those that emerged {len(foretold)} were foretold and {len(unforeseen)} were not"
    )
    if unforeseen:
        return "holds", f"Holds: {said}."
    if emerged and len(foretold) == len(emerged):
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


PARTLY = "Published zero-shot scores of models up to 12B (OPT: 66B); the publication's few-shot tasks and its larger models are not in the table."
PAPER = Paper(
    id=ID,
    claim="Some abilities cannot be extrapolated from smaller models.",
    published=(
        Figure(
            "training FLOPs at which GPT-3's three-digit addition emerges", 2.3e22, "FLOPs", "arXiv:2206.07682, table 1"
        ),
    ),
    experiment=experiment,
    scales=("smoke", "laptop"),
)
