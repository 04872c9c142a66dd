"""Simple language must gain accuracy on the same items, beat chance at every size, and keep the law."""

import json
from pathlib import Path

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.fits import PowerLaw
from gulliver.papers.reduced_scale_emergence_2024 import Answers, gain_of, judge, reach


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


def _size(parameters: int, simple: int, whole: int, n: int = 400) -> Answers:
    right = {name: tuple(k < count for k in range(n)) for name, count in (("simple", simple), ("whole", whole))}
    return Answers(f"{parameters}x1", parameters, right)


GOOD = [_size(n, 160, 130) for n in (1, 2, 3, 4)]
AT_CHANCE = [*GOOD[:3], _size(4, 100, 90)]
BELOW = [*GOOD[:3], _size(4, 60, 90)]
LAW, LOOSE, OPEN = (
    PowerLaw("simple", (_m(0.1, 0.2), _m(0.1, 0.2)), 0.01, ()),
    PowerLaw("simple", (_m(0.1, 0.2), _m(0.1, 0.2)), 0.05, ()),
    PowerLaw("simple", (_m(0.1, 0.2), _m(0.0, 0.2)), 0.01, ()),
)


@pytest.mark.parametrize(
    ("asked", "gain", "law", "verdict"),
    [
        (GOOD, _m(0.02, 0.05), LAW, "holds"),
        (GOOD, _m(-0.01, 0.05), LAW, "cannot tell"),
        (GOOD, _m(-0.05, -0.01), LAW, "does not hold here"),
        (GOOD, _m(0.02, 0.05), LOOSE, "does not hold here"),
        (GOOD, _m(0.02, 0.05), OPEN, "cannot tell"),
        (AT_CHANCE, _m(0.02, 0.05), LAW, "cannot tell"),
        (BELOW, _m(0.02, 0.05), LAW, "does not hold here"),
        (GOOD[:3], _m(0.02, 0.05), LAW, "cannot tell"),
    ],
)
def test_the_verdict_needs_every_part(asked: list[Answers], gain: Measurement, law: PowerLaw, verdict: str) -> None:
    found, why = judge(asked, gain, [law, PowerLaw("whole", (), 0.5, ())])
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_the_gain_is_paired_over_items() -> None:
    found = gain_of(GOOD, 500)
    assert found.value == pytest.approx(30 / 400)
    assert 0.04 < found.low < found.value < found.high < 0.11


def test_the_smallest_model_that_keeps_up_is_named() -> None:
    assert "2x1 on simple text" in reach([_size(1, 100, 90), _size(2, 130, 90), _size(8, 160, 120)])
    assert "4.0 times" in reach([_size(1, 100, 90), _size(2, 130, 90), _size(8, 160, 120)])
    assert reach([_size(1, 100, 120)]).startswith("No model")


def test_smoke_trains_both_texts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("reduced-scale-emergence-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    names = [m["name"] for m in data["measurements"]]
    assert sum("accuracy" in name for name in names) == 1 + 2 * 2
    assert data["spent"]["flops"] > 0
    assert "toy language" in data["run_on"]["text"]
