"""The verdict on low ranks follows from quality, share of weights and speed."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.lora_2021 import judge, overlaps
from gulliver.studies.making import Making
from gulliver.training.base import TrainingCost


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


EQUAL, BELOW, OPEN = _m(-0.02, 0.03), _m(-0.3, -0.1), _m(-0.1, 0.1)
TINY, LARGE = _m(0.01, 0.01), _m(0.5, 0.5)
AS_FAST, SLOWER = _m(0.98, 1.02), _m(0.7, 0.8)
HELPS, HELPS_NOT = _m(0.3, 0.5), _m(-0.1, 0.1)


@pytest.mark.parametrize(
    ("gaps", "shares", "speed", "gain", "verdict"),
    [
        ([EQUAL], [TINY], AS_FAST, HELPS, "holds"),
        ([BELOW, EQUAL], [TINY, TINY], AS_FAST, HELPS, "holds"),
        ([EQUAL], [LARGE], AS_FAST, HELPS, "cannot tell"),
        ([EQUAL], [TINY], SLOWER, HELPS, "does not hold here"),
        ([BELOW], [TINY], AS_FAST, HELPS, "does not hold here"),
        ([OPEN], [TINY], AS_FAST, HELPS, "cannot tell"),
        ([EQUAL], [TINY], AS_FAST, HELPS_NOT, "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_intervals(
    gaps: list[Measurement], shares: list[Measurement], speed: Measurement, gain: Measurement, verdict: str
) -> None:
    found, why = judge(gaps, shares, speed, gain)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_a_contained_subspace_overlaps_wholly_and_a_random_one_by_chance(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    large = rng.normal(size=(8, 400)).astype(np.float32)
    makings = {}
    for name, matrix in {"in": large[:2], "out": rng.normal(size=(2, 400)).astype(np.float32), "large": large}.items():
        (tmp_path / name / "adapter").mkdir(parents=True)
        save_file({"x.lora_A.weight": matrix}, tmp_path / name / "adapter" / "adapter_model.safetensors")
        makings[name] = Making(None, TrainingCost(), 0.0, 0.0, "", False, (tmp_path / name,))  # type: ignore[arg-type]
    assert overlaps(makings["in"], makings["large"]).value == pytest.approx(1.0, abs=1e-4)
    assert overlaps(makings["out"], makings["large"]).value < 0.1


@pytest.mark.models
@pytest.mark.timeout(1200)  # two trainings, and a busy machine
def test_the_smoke_experiment_tunes_a_real_model() -> None:
    paper = load_paper("lora-2021")
    finding = paper.experiment("smoke", lambda _: None)
    assert finding.verdict in ("holds", "does not hold here", "cannot tell")
    assert json.loads(json.dumps(report(paper, finding)))["measurements"][1]["value"] < 0.05
