"""Five parts must hold: the laws, the largest model foretold, shape, the best size, and where it stops."""

import json
from pathlib import Path

import numpy as np
import pytest

from gulliver.laws import Table, fit
from gulliver.laws.registry import find_form
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.fits import PowerLaw
from gulliver.papers.kaplan_2020 import JUDGED, best_sizes, judge, largest_foretold, laws_of


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 20)


YES = {
    "laws": [PowerLaw("L(N)", (_m(0.05, 0.1),), 0.01), PowerLaw("L(C)", (_m(0.05, 0.1),), 0.015)],
    "foretold": _m(-0.01, 0.02),
    "shapes": _m(0.1, 0.6),
    "best": [_m(0.55, 0.8), _m(0.51, 0.7)],
    "early": _m(0.03, 0.1),
}
SCATTERED, FLAT = PowerLaw("L(C)", (_m(0.05, 0.1),), 0.05), PowerLaw("L(D)", (_m(-0.01, 0.1),), 0.01)


@pytest.mark.parametrize(
    ("sizes", "other", "verdict"),
    [
        (7, {}, "holds"),
        (4, {}, "cannot tell"),
        (4, {"shapes": _m(1.5, 2.0)}, "cannot tell"),
        (7, {"laws": [*YES["laws"], SCATTERED]}, "does not hold here"),  # type: ignore[misc]
        (7, {"laws": [*YES["laws"], FLAT]}, "cannot tell"),  # type: ignore[misc]
        (7, {"foretold": _m(-0.01, 0.05)}, "cannot tell"),
        (7, {"foretold": _m(0.04, 0.05)}, "does not hold here"),
        (7, {"shapes": _m(0.5, 1.5)}, "cannot tell"),
        (7, {"shapes": _m(1.1, 1.5)}, "does not hold here"),
        (7, {"best": [_m(0.55, 0.8), _m(0.3, 0.45)]}, "cannot tell"),
        (7, {"best": [_m(0.2, 0.4), _m(0.3, 0.45)]}, "does not hold here"),
        (7, {"early": _m(0.001, 0.01)}, "does not hold here"),
    ],
)
def test_the_verdict_follows_from_all_five_parts(sizes: int, other: dict[str, object], verdict: str) -> None:
    found, why = judge(sizes, **{**YES, **other})  # type: ignore[arg-type]
    assert found == verdict
    assert why.lower().startswith(verdict)


def _published() -> Table:
    """Runs by the publication's own law, with half a per cent of noise: eight sizes, five token counts."""
    sizes, tokens = (
        g.ravel() for g in np.meshgrid(np.geomspace(1e5, 1e8, 8), np.geomspace(1e7, 1e10, 5), indexing="ij")
    )
    columns = {"parameters": sizes, "tokens": tokens}
    loss = find_form("kaplan_nd").predict(np.array([[8.8e13, 5.4e13, 0.076, 0.095]]), columns)[0]
    noise = np.random.default_rng(0).normal(0.0, 0.005, len(loss))
    columns |= {"loss": loss * np.exp(noise), "flops": 6 * sizes * tokens, "all_parameters": sizes * 1.1}
    return Table(columns, {"model": tuple(f"{size:.0f}" for size in sizes)})


def test_runs_by_the_published_law_give_its_exponents_again() -> None:
    runs = _published()
    joint = fit(runs, "kaplan_nd", bootstrap=200, resample="block:model")
    laws = {law.name: law for law in laws_of(runs, joint, 200)}
    assert all(laws[name].holds for name in JUDGED)
    by_size, by_text = laws["L(N, D)"].exponents
    assert by_size.low < 0.076 < by_size.high
    assert by_text.low < 0.095 < by_text.high
    assert laws["L(C)"].exponents[0].value == pytest.approx(0.042, abs=0.008)
    assert abs(largest_foretold(runs, 100).value) < 0.01
    best = best_sizes(runs, joint, 100)
    assert best[0].value == pytest.approx(0.095 / (0.076 + 0.095), abs=0.05)
    assert best[0].low > 0.5


def test_smoke_trains_a_ladder_and_says_that_few_sizes_show_no_law(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("kaplan-2020")
    told: list[str] = []
    finding = paper.experiment("smoke", told.append)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    assert "3 sizes" in data["sentence"]
    assert sum(sentence.startswith("trained") for sentence in told) == 9 + 4 + 2
    assert data["spent"]["flops"] > 1e9
    assert "generated" in data["run_on"]["text"]
    again = paper.experiment("smoke", told.append)
    assert again.measurements == finding.measurements
