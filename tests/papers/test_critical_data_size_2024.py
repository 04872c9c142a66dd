"""A critical size: both regimes at every width, and an exponent whose interval has a sign."""

import json
from pathlib import Path

import pytest

from gulliver.laws.critical import Growth
from gulliver.papers import load_paper
from gulliver.papers.base import report
from gulliver.papers.critical_data_size_2024 import Width, growth_of, judge

BOTH = Width(64, 1000, 1.0, 0.0, 0.97, (300.0, 310.0), 2)
ONE_SEED = Width(64, 1000, 1.0, 0.0, 0.97, (300.0,), 2)
ALWAYS = Width(64, 1000, 1.0, 0.7, 0.99, (), 2)
NEVER = Width(64, 1000, 1.0, 0.0, 0.02, (), 2)
UNTRAINED = Width(64, 1000, 0.4, 0.0, 0.02, (), 2)
UP, DOWN, OPEN = Growth(0.1, 0.05, 0.15, 6), Growth(-0.1, -0.15, -0.05, 6), Growth(0.01, -0.05, 0.07, 6)


@pytest.mark.parametrize(
    ("widths", "grown", "verdict"),
    [
        ([BOTH] * 3, UP, "holds"),
        ([BOTH] * 3, DOWN, "does not hold here"),
        ([BOTH] * 3, OPEN, "cannot tell"),
        ([BOTH] * 2, None, "cannot tell"),
        ([BOTH, BOTH, BOTH, ONE_SEED], UP, "cannot tell"),
        ([BOTH, BOTH, BOTH, ALWAYS], UP, "does not hold here"),
        ([BOTH, BOTH, BOTH, NEVER], UP, "does not hold here"),
        ([BOTH, BOTH, BOTH, UNTRAINED], UP, "cannot tell"),
    ],
)
def test_the_verdict_needs_both_regimes_and_growth(widths: list[Width], grown: Growth | None, verdict: str) -> None:
    found, why = judge(widths, grown)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_growth_is_over_the_widths_that_show_both_regimes() -> None:
    sizes = [Width(w, w, 1.0, 0.0, 0.95, (3.0 * w, 3.1 * w), 2) for w in (10, 20, 40)]
    found = growth_of([*sizes, NEVER])
    assert found is not None
    assert found.places == 6
    assert found.low < 1.0 < found.high
    assert growth_of(sizes[:2]) is None


def test_smoke_trains_and_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("critical-data-size-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["spent"]["flops"] > 0
    assert any(m["name"].endswith("law critical_size") for m in data["measurements"])
    monkeypatch.setattr("gulliver.papers.critical_data_size_2024.train_runs", None)  # nothing is trained again
    again = paper.experiment("smoke", lambda _: None)
    assert again.measurements == finding.measurements
