"""One visual token: the verdict follows from the exponents' ratio and the planner, and the published points give both."""

import json

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.vlm_one_token_2024 import judge


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 28)


@pytest.mark.parametrize(
    ("ratio", "one", "verdict"),
    [
        (_m(4.0, 6.0), _m(1.0, 1.0), "holds"),
        (_m(1.0, 6.0), _m(1.0, 1.0), "cannot tell"),
        (_m(4.0, 6.0), _m(0.5, 0.5), "cannot tell"),
        (_m(0.5, 1.5), _m(1.0, 1.0), "does not hold here"),
        (_m(12.0, 20.0), _m(1.0, 1.0), "does not hold here"),
        (_m(4.0, 6.0), _m(0.0, 0.0), "does not hold here"),
    ],
)
def test_the_verdict_follows_from_ratio_and_plan(ratio: Measurement, one: Measurement, verdict: str) -> None:
    found, why = judge(ratio, one)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_the_published_points_make_parameters_matter_about_five_times_as_much() -> None:
    paper = load_paper("vlm-one-token-2024")
    finding = paper.experiment("smoke", lambda _: None)
    measured = {m.name: m for m in finding.measurements}
    assert measured["alpha over beta"].value == pytest.approx(4.70, abs=0.02)
    assert measured["best visual tokens with 0 text tokens"].value == 1.0
    assert measured["best visual tokens with 50 text tokens"].value == pytest.approx(13.5, abs=0.1)
    assert "7B x 36: 0.4859" in finding.measurements[-1].note
    assert json.loads(json.dumps(report(paper, finding)))["verdict"] == "holds"
