"""Larger models deserve larger vocabularies (Tao et al. 2024, arXiv:2407.13623): three approaches on the published runs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws import Fitted, Table, fit, read_table
from gulliver.laws.forms.vocabulary import Vocabulary, optimal_words, tokens_per_character, width_for
from gulliver.laws.vocabulary_optimum import Optimum, flop_identity, optima
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.published import VOCABULARY_RUNS, published
from gulliver.papers.running import run_on

ID = "vocab-scaling-2024"
SIZES = (7e9, 70e9)
LEAST = 216_000.0
EXPONENT, NEAR = 0.83, 0.05
"""An exponent within `NEAR` of the published one is that one."""
ROUNDING = 0.95
"""A vocabulary this share of the published one, or more, is at least as large."""
BOOTSTRAP: dict[Scale, int] = {"smoke": 100, "laptop": 300, "full": 2000}
COLUMNS = {
    "parameters": "Non_vocab_parameters", "vocabulary": "vocab_size", "width": "embed_dim",
    "characters": "num_characters", "flops": "FLOPs", "loss": "Lossu",
}  # fmt: skip
TRUTH = np.array([[5.5, 150.0, 280.0, 250.0, 0.3, 0.57]])
"""Constants of the runs simulated at scale `smoke`: E, A1, A2, B, alpha, alpha2."""


@dataclass(frozen=True)
class Answer:
    """One approach under one convention: the exponent of vocabulary parameters in the others, and the vocabulary of 70B."""

    approach: str
    convention: str
    exponent: Measurement
    vocabulary: Measurement

    @property
    def agrees(self) -> bool:
        """Whether its values are the publication's exponent and a vocabulary as large as the publication's."""
        return abs(self.exponent.value - EXPONENT) <= NEAR and self.vocabulary.value >= ROUNDING * LEAST

    @property
    def denies(self) -> bool:
        """Whether an interval lies outside; a value without interval denies when it does not agree."""
        outside = self.exponent.low > EXPONENT + NEAR or self.exponent.high < EXPONENT - NEAR
        return outside or self.vocabulary.high < ROUNDING * LEAST


def experiment(scale: Scale, progress: Progress) -> Finding:
    """The three approaches under each convention on the published runs; at `smoke`, the third on simulated ones."""
    started = time.monotonic()
    if scale == "smoke":
        return on_simulated(scale, started)
    runs = read_table(published(VOCABULARY_RUNS), COLUMNS)
    progress(f"{runs.rows} published runs, {BOOTSTRAP[scale]} refits of each parametric fit")
    made, fits = optima(runs, SIZES, bootstrap=BOOTSTRAP[scale])
    answers = answers_of(made, fits, runs.rows)
    verdict, why = judge(answers)
    identity = {"V": flop_identity(runs), "V/1000": flop_identity(runs, 1000.0)}
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=tuple(m for a in answers for m in (a.exponent, a.vocabulary)),
        sentence=why,
        spent=Spent(seconds=time.monotonic() - started),
        run_on=run_on(()) | {"table": VOCABULARY_RUNS.url, "largest error of FLOPs = 6 (N + V d) D": identity},
    )


def answers_of(made: Sequence[Optimum], fits: Mapping[str, Fitted], rows: int) -> list[Answer]:
    """Each approach under each convention, from its optimum at both `SIZES`."""
    by: dict[tuple[str, str], dict[float, Optimum]] = {}
    for o in made:
        by.setdefault((o.approach, o.convention), {})[o.parameters] = o
    out = []
    for (approach, convention), at in by.items():
        small, large = (at[size] for size in SIZES)
        far = np.log(SIZES[1] / SIZES[0])
        words = [o.vocabulary * width_for(o.parameters) for o in (small, large)]
        exponent = float(np.log(words[1] / words[0]) / far)
        low = high = exponent
        note = "no interval"
        if approach == "parametric":
            found = fits["vocabulary_thousands" if convention.endswith("1000") else "vocabulary"]
            drawn = [optimal_words(found.draws, np.array([o.parameters]), o.flops)[:, 0] for o in (small, large)]
            i = found.interval(exponent, np.log(drawn[1] / drawn[0]) / far)
            low, high = (exponent if i.low is None else i.low), (exponent if i.high is None else i.high)
            note = "refitted to runs drawn anew"
        name = f"{approach}, {convention}"
        least, most = (large.vocabulary if v is None else v for v in (large.low, large.high))
        out.append(
            Answer(
                approach,
                convention,
                Measurement(f"{name}: exponent from 7B to 70B", exponent, low, high, rows, note),
                Measurement(f"{name}: vocabulary of 70B", large.vocabulary, least, most, rows, note),
            )
        )
    return out


def judge(answers: Sequence[Answer]) -> tuple[Verdict, str]:
    """From whether each approach gives the exponent (within `NEAR`) and at least 216K for 70B, under each convention.

    *holds*: each does under each convention. *does not hold here*: some approach is against it under every convention.
    Otherwise *cannot tell*: the answer hangs on the convention, or the intervals are too wide.
    """
    by: dict[str, list[Answer]] = {}
    for a in answers:
        by.setdefault(a.approach, []).append(a)
    said = "; ".join(
        f"{approach} agrees under {sum(a.agrees for a in group)} and is against under {sum(a.denies for a in group)} of {len(group)} "
        f"convention{'s' if len(group) > 1 else ''}"
        for approach, group in by.items()
    )
    sizes = [a.vocabulary.value for a in answers]
    said += f"; 70B gets {min(sizes):,.0f} to {max(sizes):,.0f} entries, more than Llama 2's 32,000 in {sum(s > 32_000 for s in sizes)} of {len(sizes)}"
    if all(a.agrees for a in answers):
        return "holds", f"Holds: {said}."
    if any(all(a.denies for a in group) for group in by.values()):
        return "does not hold here", f"Does not hold here: {said}."
    return "cannot tell", f"Cannot tell: {said}."


def simulated(seed: int = 0) -> Table:
    """Runs from the law with the constants `TRUTH` and noise of 0.01: six sizes, eight vocabularies, five lengths."""
    sizes = np.array([33e6, 85e6, 151e6, 302e6, 1.13e9, 2.87e9])
    grid = np.array(
        [(n, v, h) for n in sizes for v in np.geomspace(4096, 96256, 8) for h in np.geomspace(20, 400, 5) * n]
    )
    columns = {
        "parameters": grid[:, 0],
        "vocabulary": grid[:, 1],
        "width": np.array([width_for(n) for n in grid[:, 0]]),
        "characters": grid[:, 2],
    }
    noise = np.random.default_rng(seed).normal(0.0, 0.01, len(grid))
    loss = Vocabulary().predict(TRUTH, columns)[0] + noise
    tokens = columns["characters"] * tokens_per_character(columns["vocabulary"])
    flops = 6.0 * (columns["parameters"] + columns["vocabulary"] * columns["width"]) * tokens
    return Table({**columns, "flops": flops, "loss": loss}, {}, "simulated runs")


def on_simulated(scale: Scale, started: float) -> Finding:
    """The parametric fit on simulated runs finds their exponent again, or does not; of the claim it says nothing."""
    runs = simulated()
    found = fit(runs, "vocabulary", bootstrap=BOOTSTRAP[scale])

    def exponent(
        theta: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
    ) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
        words = [optimal_words(theta, np.array([n]), 20.0 * 6.0 * n**2)[:, 0] for n in SIZES]
        return np.asarray(np.log(words[1] / words[0]) / np.log(SIZES[1] / SIZES[0]))

    truth = float(exponent(TRUTH)[0])
    i = found.interval(float(exponent(found.theta)[0]), exponent(found.draws))
    measured = Measurement(
        "simulated: exponent from 7B to 70B", i.value, -np.inf if i.low is None else i.low, np.inf if i.high is None else i.high,
        runs.rows, f"truth {truth:.4f}",
    )  # fmt: skip
    again = "" if measured.low <= truth <= measured.high else " not"
    return Finding(
        paper=ID,
        scale=scale,
        verdict="cannot tell",
        measurements=(measured,),
        sentence=f"Cannot tell: the runs are simulated; the fit did{again} find their exponent {truth:.3f} again.",
        spent=Spent(seconds=time.monotonic() - started),
        run_on=run_on(()) | {"table": "simulated from the law with known constants"},
    )


PAPER = Paper(
    id=ID,
    claim="Optimal vocabulary parameters grow as the others to the power 0.83; Llama 2 70B wants at least 216K entries, not 32K.",
    published=(
        Figure(
            "exponent of optimal vocabulary parameters in non-vocabulary parameters",
            EXPONENT,
            "exponent",
            "arXiv:2407.13623, section 3",
        ),
        Figure("best vocabulary of Llama 2 70B, at least", LEAST, "entries", "arXiv:2407.13623, abstract"),
        Figure("vocabulary of Llama 2 70B", 32_000.0, "entries", "arXiv:2407.13623, abstract"),
    ),
    experiment=experiment,
)
