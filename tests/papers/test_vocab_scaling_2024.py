"""Three approaches must agree under every convention before a vocabulary is said to follow."""

import json
from pathlib import Path

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.vocab_scaling_2024 import Answer, judge
from tests.laws.published import ROOT, published


def _answer(approach: str, convention: str, exponent: tuple[float, float], vocabulary: tuple[float, float]) -> Answer:
    def m(limits: tuple[float, float]) -> Measurement:
        return Measurement("m", sum(limits) / 2, *limits, 100)

    return Answer(approach, convention, m(exponent), m(vocabulary))


YES = _answer("a", "x", (0.80, 0.86), (210e3, 240e3))
NO = _answer("a", "y", (0.80, 0.86), (20e3, 90e3))
STEEP = _answer("a", "y", (0.95, 0.99), (210e3, 240e3))
OPEN = _answer("b", "x", (0.4, 0.9), (10e3, 900e3))


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([YES], "holds"),
        ([YES, NO], "cannot tell"),
        ([YES, STEEP], "cannot tell"),
        ([YES, OPEN], "cannot tell"),
        ([NO], "does not hold here"),
        ([NO, STEEP], "does not hold here"),
        ([NO, OPEN], "does not hold here"),
    ],
)
def test_the_verdict_names_whether_the_convention_decides(answers: list[Answer], verdict: str) -> None:
    found, why = judge(answers)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_smoke_finds_a_known_exponent_in_simulated_runs_and_claims_nothing() -> None:
    paper = load_paper("vocab-scaling-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding)))
    assert data["verdict"] == "cannot tell"
    assert "simulated" in data["sentence"]
    measured = data["measurements"][0]
    assert measured["low"] < 0.8244 < measured["high"]


def test_on_the_published_runs_the_convention_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    published("vocabulary_runs.csv")
    monkeypatch.setenv("GULLIVER_SHARED", str(ROOT))
    monkeypatch.setattr("gulliver.papers.vocab_scaling_2024.BOOTSTRAP", {"laptop": 40})
    finding = load_paper("vocab-scaling-2024").experiment("laptop", lambda _: None)
    assert finding.verdict == "cannot tell"
    measured = {m.name: m.value for m in finding.measurements}
    assert measured["isoflops, interpolated runs too, squares: exponent from 7B to 70B"] == pytest.approx(
        0.834, abs=0.002
    )
    assert measured["parametric, tokens per character at V: vocabulary of 70B"] == pytest.approx(66_375, rel=0.01)
    assert measured["parametric, tokens per character at V/1000: vocabulary of 70B"] == pytest.approx(219_193, rel=0.01)
