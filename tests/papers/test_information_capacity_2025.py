"""A shared capacity is shown by three sizes that foretell one another, not by two."""

import json

import pytest

from gulliver.laws.capacity import Sibling
from gulliver.papers import load_paper
from gulliver.papers.base import report
from gulliver.papers.information_capacity_2025 import judge


def _pair(low: float, high: float, sizes: int, unchanged: float = 0.2) -> Sibling:
    return Sibling("a", "b", 1.0, 1.0, (low + high) / 2, low, high, unchanged, 0.0, sizes)


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([_pair(-0.01, 0.02, 3)] * 3, "holds"),
        ([_pair(-0.01, 0.02, 2)], "cannot tell"),
        ([_pair(-0.1, 0.1, 3)] * 3, "cannot tell"),
        ([_pair(0.06, 0.09, 2)], "does not hold here"),
        ([_pair(-0.01, 0.02, 3, unchanged=0.001)] * 3, "does not hold here"),
        ([], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_foretold_siblings(pairs: list[Sibling], verdict: str) -> None:
    found, why = judge(pairs)
    assert found == verdict
    assert why.lower().startswith(verdict)


@pytest.mark.models
def test_smoke_scores_a_real_model_and_cannot_tell_from_one() -> None:
    paper = load_paper("information-capacity-2025")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding)))
    assert data["verdict"] == "cannot tell"
    measured = data["measurements"][0]
    assert 0.2 < measured["low"] < measured["value"] < measured["high"] < 1.0
    assert data["spent"]["flops"] > 1e10
