"""Same loss, same score: size must add nothing once the loss is known."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from gulliver.laws.emergence import EMERGED, THROUGHOUT
from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.emergence_loss_2024 import judge, size_effect


@dataclass
class _Seen:
    verdict: str


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


SAME, MORE, OPEN = _m(-0.01, 0.01), _m(0.03, 0.05), _m(-0.05, 0.05)


@pytest.mark.parametrize(
    ("effects", "seen", "verdict"),
    [
        ([SAME, SAME, SAME], [EMERGED, THROUGHOUT, THROUGHOUT], "holds"),
        ([SAME, SAME, SAME], [THROUGHOUT] * 3, "cannot tell"),
        ([SAME, SAME], [EMERGED] * 2, "cannot tell"),
        ([SAME, SAME, OPEN], [EMERGED] * 3, "cannot tell"),
        ([SAME, SAME, MORE], [EMERGED] * 3, "does not hold here"),
    ],
)
def test_the_verdict_follows_from_size_at_the_same_loss(
    effects: list[Measurement], seen: list[str], verdict: str
) -> None:
    found, why = judge(effects, [_Seen(v) for v in seen])  # type: ignore[misc]
    assert found == verdict
    assert why.lower().startswith(verdict)


@pytest.mark.parametrize("truth", [0.0, 0.04])
def test_a_planted_effect_of_size_is_found_and_none_where_there_is_none(truth: float) -> None:
    rng = np.random.default_rng(0)
    models = np.repeat(np.arange(12), 15)
    size = np.linspace(8.0, 10.0, 12)[models]
    loss = np.tile(np.linspace(6.0, 2.0, 15), 12) - 0.5 * (size - 9.0) + rng.normal(0.0, 0.05, 180)
    score = 0.9 - 0.1 * loss + truth * (size - 9.0) + rng.normal(0.0, 0.01, 180)
    found = size_effect("task", loss, size, score, models, 0.95, 300)
    assert found.low < truth < found.high
    assert found.high - found.low < 0.02


def test_published_checkpoints_at_smoke() -> None:
    paper = load_paper("emergence-loss-2024")
    finding = paper.experiment("smoke", lambda _: None)
    data = json.loads(json.dumps(report(paper, finding)))
    assert data["verdict"] == "cannot tell"
    effect = data["measurements"][0]
    assert effect["n"] == 16 * 17
    assert -0.02 < effect["low"] < effect["high"] < 0.02
    assert "not the loss of pretraining" in data["run_on"]["loss"]
