"""The law must fit, and miss what is larger or elsewhere; shapes must tie in loss and not in speed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.mt_decoder_scaling_2024 import Law, Run, Shapes, judge, law_of, shapes_of


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


MISS, HIT, OPEN = _m(0.1, 0.2), _m(-0.02, 0.02), _m(0.0, 0.2)
LAW = Law("into", (), 0.02, MISS, MISS, ())
SHAPES = Shapes(_m(0.0, 0.03), _m(1.5, 2.0))


@pytest.mark.parametrize(
    ("sizes", "law", "shapes", "verdict"),
    [
        (6, LAW, SHAPES, "holds"),
        (4, LAW, SHAPES, "cannot tell"),
        (6, replace(LAW, largest=HIT), SHAPES, "does not hold here"),
        (6, replace(LAW, elsewhere=HIT), SHAPES, "does not hold here"),
        (6, replace(LAW, largest=OPEN), SHAPES, "cannot tell"),
        (6, replace(LAW, scatter=0.2), SHAPES, "does not hold here"),
        (6, LAW, replace(SHAPES, loss=_m(0.06, 0.2)), "does not hold here"),
        (6, LAW, replace(SHAPES, loss=_m(0.0, 0.2)), "cannot tell"),
        (6, LAW, replace(SHAPES, speed=_m(0.9, 1.1)), "does not hold here"),
    ],
)
def test_the_verdict_needs_every_part(sizes: int, law: Law, shapes: Shapes, verdict: str) -> None:
    found, why = judge(sizes, [LAW, law], shapes)
    assert found == verdict
    assert why.lower().startswith(verdict)


def _runs(kink: float) -> list[Run]:
    """A law without noise, the largest of six sizes off by `kink`, the rare words' loss twice as high."""
    out = []
    for at, n in enumerate(1e4 * 2.0 ** np.arange(6)):
        for d in (1e5, 2e5, 4e5, 8e5):
            loss = (0.5 + 50 / n**0.4 + 200 / d**0.45) * (1 + kink * (at == 5))
            row = {"parameters": n, "tokens": d, "width": 16 * (at + 1), "depth": 2}
            out.append(
                Run(
                    row,
                    {(w, where): loss * by for w in ("into", "out of") for where, by in (("common", 1), ("rare", 2))},
                )
            )
    return out


@pytest.mark.parametrize("kink", [0.0, 0.3])
def test_a_planted_miss_is_found_and_none_where_there_is_none(kink: float) -> None:
    found = law_of("into", _runs(kink), 100)
    assert found.scatter < 1e-3
    assert found.largest.value == pytest.approx(1 / (1 + kink) - 1, abs=0.005)
    assert found.elsewhere.value == pytest.approx(-0.5, abs=0.005)
    assert (found.largest.n, found.elsewhere.n) == (4, 20)


def test_shapes_are_compared_by_their_seeds() -> None:
    def run(width: int, loss: float, seconds: float) -> Run:
        row = {"width": width, "depth": 1, "tokens": 100, "seconds": seconds}
        return Run(row, {("into", "common"): loss, ("out of", "common"): loss})

    found = shapes_of([run(32, 1.0, 4.0), run(32, 1.02, 5.0), run(64, 1.1, 1.0), run(64, 1.12, 2.0)])
    assert found.loss.value == pytest.approx(0.1 / 1.06)
    assert found.speed.value == pytest.approx(75 / 22.5)
    assert (found.speed.low, found.speed.high) == (2.0, 5.0)
    assert found.speed.name == "training speed of 64x1 over 32x1"


def test_smoke_trains_both_directions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("mt-decoder-scaling-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    assert {m["name"].split(":")[0] for m in data["measurements"]} > {"into", "out of"}
    assert data["spent"]["flops"] > 0
