"""The vocabulary a model deserves, by the three approaches of Tao et al. 2024 on a table of runs, under each convention.

Where a choice that the publication's text leaves open, or that its code makes otherwise, changes the answer, both are
computed and named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.laws.base import Array, LawError
from gulliver.laws.fitted import Fitted
from gulliver.laws.fitting import fit
from gulliver.laws.forms.vocabulary import optimal_words, tokens_per_character, width_for
from gulliver.laws.solve import Problem, minimise
from gulliver.laws.table import Table

ROLES = ("parameters", "vocabulary", "width", "characters", "flops", "loss")
LEAST_FLOPS = 2.18e17
"""The publication fits its loss to runs of at least so many FLOPs."""
_SIZES = (33e6, 85e6, 151e6, 302e6, 631e6, 1.13e9, 2.87e9)


@dataclass(frozen=True)
class Optimum:
    """A vocabulary for a model size.

    Attributes:
        approach: `isoflops`, `derivative` or `parametric`; convention: which choice was made.
        parameters: non-vocabulary; flops: the budget at which that size is best (approach 1 under its convention).
        vocabulary: how many entries, at the publication's embedding width for that size.
        low, high: at the fit's level where draws were made (`parametric`), else None.
    """

    approach: str
    convention: str
    parameters: float
    flops: float
    vocabulary: float
    low: float | None = None
    high: float | None = None


def flop_identity(table: Table, unit: float = 1.0) -> float:
    """Largest relative error of flops = 6 (parameters + vocabulary x width) x characters x tokens per character.

    Args:
        unit: tokens per character are evaluated at vocabulary / unit.
    """
    c = table.columns
    tokens = c["characters"] * tokens_per_character(c["vocabulary"] / unit)
    return float(np.abs(6.0 * (c["parameters"] + c["vocabulary"] * c["width"]) * tokens / c["flops"] - 1.0).max())


def optima(
    table: Table, sizes: Sequence[float], *, bootstrap: int = 300, seed: int = 0
) -> tuple[list[Optimum], dict[str, Fitted]]:
    """Every approach under every convention at each size, and the two parametric fits by law.

    Args:
        table: with the columns `ROLES`; sizes: non-vocabulary parameters.

    Raises:
        LawError: a column is missing, or the table has too few runs.
    """
    for role in ROLES:
        if role not in table.columns:
            raise LawError(f"The vocabulary's optimum needs a column {role!r}; map one with --map {role}=COLUMN.")
    measured, more = _lowest(table), _lowest(_interpolated(table))
    lines = {
        "measured runs, Huber": _power_laws(measured),
        "interpolated runs too, Huber": _power_laws(more),
        "interpolated runs too, squares": _power_laws(more, squares=True),
    }
    large = table.keep(table.columns["flops"] >= LEAST_FLOPS)
    fits = {law: fit(large, law, bootstrap=bootstrap, seed=seed) for law in ("vocabulary", "vocabulary_thousands")}
    start, growth = _best_of_smallest(table), _derivative_exponent()
    out = []
    for size in sizes:
        width = width_for(size)
        flops = {name: np.exp(2.0 * (np.log(size) - law[0])) for name, law in lines.items()}
        for name, (_, scale, exponent) in lines.items():
            words = np.exp(scale + exponent * np.log(flops[name]))
            out.append(Optimum("isoflops", name, size, float(flops[name]), float(words / width)))
        used = float(flops["interpolated runs too, Huber"])
        words = start[1] * (size / start[0]) ** growth
        out.append(Optimum("derivative", "tokens per character at V", size, used, float(words / width)))
        for law, name in (
            ("vocabulary", "tokens per character at V"),
            ("vocabulary_thousands", "tokens per character at V/1000"),
        ):
            found = fits[law]
            at = found.interval(
                float(optimal_words(found.theta, np.array([size]), used)[0, 0]) / width,
                optimal_words(found.draws, np.array([size]), used)[:, 0] / width,
            )
            out.append(Optimum("parametric", name, size, used, at.value, at.low, at.high))
    return out, fits


def _lowest(table: Table) -> Table:
    """Runs, in order of FLOPs, each with a lower loss than every run of fewer FLOPs."""
    order = np.argsort(table.columns["flops"], kind="stable")
    loss = table.columns["loss"][order]
    before = np.concatenate([[np.inf], np.minimum.accumulate(loss)[:-1]])
    return table.keep(order[loss < before])


def _interpolated(table: Table) -> Table:
    """The table with runs between its own: cubic in parameters and characters at each vocabulary, quadratic in vocabulary.

    50 runs a vocabulary go from the fewest to the most of both together; 20 vocabularies a size stand at its last run.
    """
    from scipy.interpolate import griddata, interp1d

    c = table.columns
    added: list[tuple[float, float, float, float]] = []
    along = np.geomspace(c["parameters"].min(), c["parameters"].max(), 50)
    text = np.geomspace(c["characters"].min(), c["characters"].max(), 50)
    for entry in np.unique(c["vocabulary"]):
        here = c["vocabulary"] == entry
        if here.sum() < 4 or len(np.unique(c["parameters"][here])) < 2:
            continue
        points = np.stack([c["parameters"][here], c["characters"][here]], axis=1)
        loss = griddata(points, c["loss"][here], np.stack([along, text], axis=1), method="cubic")
        added += [(n, entry, h, v) for n, h, v in zip(along, text, loss, strict=True)]
    entries = np.geomspace(c["vocabulary"].min(), c["vocabulary"].max(), 20)
    for size in np.unique(c["parameters"]):
        last = [
            int(rows[np.argmax(c["flops"][rows])])
            for entry in np.unique(c["vocabulary"])
            if len(rows := np.flatnonzero((c["parameters"] == size) & (c["vocabulary"] == entry)))
        ]
        if len(last) < 3:
            continue
        tokens = c["characters"][last] * tokens_per_character(c["vocabulary"][last])
        loss = interp1d(c["vocabulary"][last], c["loss"][last], kind="quadratic", fill_value="extrapolate")(entries)
        most = float(np.median(tokens))
        added += [(size, v, most / float(tokens_per_character(v)), x) for v, x in zip(entries, loss, strict=True)]
    size, entry, text, loss = np.array([row for row in added if np.isfinite(row[3])]).T
    wide = np.array([width_for(n) for n in size])
    flops = 6.0 * (size + entry * wide) * text * tokens_per_character(entry)
    more: Mapping[str, Array] = {
        "parameters": size, "vocabulary": entry, "width": wide, "characters": text, "flops": flops, "loss": loss,
    }  # fmt: skip
    return Table({role: np.concatenate([c[role], more[role]]) for role in ROLES}, {}, table.source)


def _power_laws(best: Table, squares: bool = False) -> tuple[float, float, float]:
    """log parameters = k + log(flops) / 2, and log vocabulary parameters = scale + exponent log(flops).

    By Huber's loss of 1e-3, as the publication says, or by least squares, which its constants (-2.4847, -1.5890, 0.4164)
    are nearer to: its code keeps the attempt with the least squared error.
    """
    c = best.columns
    if best.rows < 4:
        raise LawError(f"Only {best.rows} runs have a lower loss than all with fewer FLOPs; at least four are needed.")
    flops, size, words = np.log(c["flops"]), np.log(c["parameters"]), np.log(c["vocabulary"] * c["width"])
    if squares:
        exponent, scale = np.polyfit(flops, words, 1)
        return float((size - 0.5 * flops).mean()), float(scale), float(exponent)
    scale, exponent = _huber_line(flops, words, None)
    return _huber_line(flops, size, 0.5)[0], scale, exponent


def _huber_line(x: Array, y: Array, slope: float | None) -> tuple[float, float]:
    from gulliver.laws.forms.power import Power
    from gulliver.laws.objectives import Objective

    middle = float(x.mean())
    held = frozenset() if slope is None else frozenset({"b"})
    problem = Problem(Power(), Objective(), {"x": np.exp(x - middle)}, np.exp(y), None, held)
    first = float(np.polyfit(x, y, 1)[0]) if slope is None else slope
    start = np.array([[np.exp(np.median(y - first * (x - middle))), -first]])
    a, b = minimise(problem, start, np.ones((1, len(x))), tolerance=1e-13, steps=600).theta[0]
    return float(np.log(a) + b * middle), float(-b)


def _derivative_exponent() -> float:
    """How the vocabulary's parameters grow with the rest's, where the FLOPs of the same text are least (least absolute error)."""
    entries = np.geomspace(300.0, 199_999.0, 200_001)
    words = []
    for size in _SIZES:
        cost = (size + width_for(size) * entries) * tokens_per_character(entries)
        words.append(entries[int(np.argmin(cost))] * width_for(size))
    far, grown = np.log(np.array(_SIZES[1:]) / _SIZES[0]), np.log(np.array(words[1:]) / words[0])
    order = np.argsort(grown / far)
    middle = int(np.searchsorted(np.cumsum(far[order]), 0.5 * far.sum()))
    return float((grown / far)[order][middle])


def _best_of_smallest(table: Table, flops: float = 2.7e17) -> tuple[float, float]:
    """The smallest size, and its vocabulary parameters with the least loss at `flops` (or at its own most, if fewer)."""
    c = table.columns
    smallest = c["parameters"] == c["parameters"].min()
    at = min(flops, float(c["flops"][smallest].max()))
    best, words = np.inf, np.nan
    for entry in np.unique(c["vocabulary"][smallest]):
        rows = np.flatnonzero(smallest & (c["vocabulary"] == entry))
        rows = rows[np.argsort(c["flops"][rows])]
        if not c["flops"][rows[0]] <= at <= c["flops"][rows[-1]] * 1.2:
            continue
        loss = float(np.interp(np.log(at), np.log(c["flops"][rows]), c["loss"][rows]))
        if loss < best:
            best, words = loss, float(entry * c["width"][rows[0]])
    return float(c["parameters"].min()), words
