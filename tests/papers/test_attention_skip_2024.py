"""The verdict on skipped attention follows from speed and quality together."""

import json

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.attention_skip_2024 import judge
from gulliver.papers.base import report
from gulliver.papers.speed import Rates


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


FAST, SLOW, UNSURE = _m(1.1, 1.3), _m(0.8, 0.9), _m(0.9, 1.2)
AS_GOOD, WORSE, OPEN = _m(-0.03, 0.02), _m(-0.3, -0.1), _m(-0.2, 0.1)


@pytest.mark.parametrize(
    ("faster", "lost", "verdict"),
    [
        ([FAST], [[AS_GOOD]], "holds"),
        ([FAST, FAST], [[AS_GOOD, AS_GOOD], [WORSE, AS_GOOD]], "holds"),
        ([FAST], [[AS_GOOD, WORSE]], "does not hold here"),
        ([SLOW], [[AS_GOOD]], "does not hold here"),
        ([FAST], [[OPEN]], "cannot tell"),
        ([UNSURE], [[AS_GOOD]], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_intervals(
    faster: list[Measurement], lost: list[list[Measurement]], verdict: str
) -> None:
    found, why = judge(faster, lost)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_a_speed_ratio_is_a_median_with_its_order_statistics() -> None:
    rates = Rates(((10.0, 10.0, 20.0), (12.0, 11.0, 20.0)))
    found = rates.ratio("b over a", 1, 0)
    assert (found.value, found.low, found.high) == (1.1, 1.0, 1.2)


@pytest.mark.models
def test_the_smoke_experiment_runs_on_a_real_model() -> None:
    paper = load_paper("attention-skip-2024")
    finding = paper.experiment("smoke", lambda _: None)
    assert finding.verdict in ("holds", "does not hold here", "cannot tell")
    assert json.loads(json.dumps(report(paper, finding)))["measurements"][0]["value"] > 0
