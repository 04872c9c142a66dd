"""Diffusion must end below the decoder's best on the least text, and cross in the claimed order."""

import json
from pathlib import Path

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.dlm_super_learners_2025 import Setting, judge

BELOW, ABOVE, TOUCHES = (-0.2, -0.1), (0.1, 0.2), (-0.1, 0.1)
FALLS, FLAT = (0.05, 0.1), (-0.02, 0.02)


def _s(
    parameters: int,
    unique: int,
    crossed: int | None,
    gap: tuple[float, float] = BELOW,
    falling: tuple[float, float] = FALLS,
    epochs: float = 100,
    begun: bool = True,
) -> Setting:
    def m(limits: tuple[float, float]) -> Measurement:
        return Measurement("m", sum(limits) / 2, *limits, 1)

    return Setting(parameters, unique, 0, epochs, crossed, begun, m(gap), m(falling))


YES = [_s(1, 10, 400), _s(2, 10, 200), _s(1, 40, None, ABOVE), _s(2, 40, 400, TOUCHES)]


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        (YES, "holds"),
        ([_s(1, 10, 400, TOUCHES), *YES[1:]], "cannot tell"),
        ([_s(1, 10, 400, ABOVE), *YES[1:]], "cannot tell"),
        ([_s(1, 10, 400, ABOVE, FLAT), *YES[1:]], "does not hold here"),
        ([_s(1, 10, None, ABOVE, FLAT, begun=False), *YES[1:]], "cannot tell"),
        ([_s(1, 10, 100), *YES[1:]], "does not hold here"),
        ([*YES[:2], _s(1, 40, 100, ABOVE), YES[3]], "does not hold here"),
        ([_s(1, 10, 400), _s(2, 10, 400), _s(1, 40, 400), _s(2, 40, 400)], "cannot tell"),
        ([_s(1, 10, None), _s(2, 10, None), _s(1, 40, None), _s(2, 40, None)], "cannot tell"),
        (YES[:2], "cannot tell"),
        ([_s(s.parameters, s.unique, s.crossed, epochs=8) for s in YES], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_least_text_and_the_order_of_crossings(
    settings: list[Setting], verdict: str
) -> None:
    found, why = judge(settings)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_smoke_trains_both_kinds_and_says_that_few_epochs_tell_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("dlm-super-learners-2025")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    assert "4 epochs" in data["sentence"]
    assert len(data["measurements"]) == 2 * 4
    assert "upper bound" in data["run_on"]["loss"]
    assert len(data["run_on"]["crossovers"]) == 4
