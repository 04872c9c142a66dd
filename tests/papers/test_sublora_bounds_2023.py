"""Bounds must be below guessing, and better for each larger size whatever the seed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gulliver.laws.bounds import bound
from gulliver.papers import load_paper
from gulliver.papers.base import report
from gulliver.papers.sublora_bounds_2023 import Size, Trained, judge

BOUND = bound(np.full((10, 4), -2.0), 512, 100, 10_000)


def _size(width: int, *by_seed: float) -> Size:
    model = Trained((width, 2), width, 100, 0, replace(BOUND, value=min(by_seed)), 5.0)
    return Size((width, 2), model, by_seed)


@pytest.mark.parametrize(
    ("sizes", "verdict"),
    [
        ([_size(32, 8.8, 8.7), _size(64, 8.5, 8.6), _size(128, 8.3, 8.4)], "holds"),
        ([_size(32, 8.8, 8.7), _size(64, 8.5, 8.75), _size(128, 8.3, 8.4)], "cannot tell"),
        ([_size(32, 9.1, 9.2), _size(64, 8.5, 8.6), _size(128, 8.3, 8.4)], "cannot tell"),
        ([_size(32, 8.8), _size(64, 8.5), _size(128, 8.3)], "cannot tell"),
        ([_size(32, 9.3, 9.4), _size(64, 9.1, 9.2)], "cannot tell"),
        ([_size(32, 8.3, 8.4), _size(64, 8.2, 8.3), _size(128, 8.5, 8.6)], "does not hold here"),
        ([_size(32, 9.5, 9.6), _size(64, 9.3, 9.4), _size(128, 9.1, 9.2)], "does not hold here"),
    ],
)
def test_the_verdict_follows_from_the_bounds(sizes: list[Size], verdict: str) -> None:
    found, why = judge(sizes)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_smoke_bounds_are_above_the_held_out_loss_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    paper = load_paper("sublora-bounds-2023")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding), allow_nan=False))
    assert data["verdict"] == "cannot tell"
    bounds, held = data["measurements"][::2], data["measurements"][1::2]
    assert [m["name"].split(",")[0] for m in bounds] == ["16x1", "32x1"]
    assert all(limit["value"] > loss["value"] > 0 for limit, loss in zip(bounds, held, strict=True))
    assert data["spent"]["flops"] > 0
    monkeypatch.setattr("gulliver.papers.sublora_bounds_2023.work", None)  # nothing is trained again
    assert paper.experiment("smoke", lambda _: None).measurements == finding.measurements
