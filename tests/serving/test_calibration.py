"""A threshold that holds a quality with the confidence it says, from items that chose nothing."""

import asyncio
import json
import random
from pathlib import Path

import pytest

import gulliver
from gulliver.errors import StudyError
from gulliver.models import load_model
from gulliver.serving.calibration import calibrate
from gulliver.serving.choose import choose, made
from gulliver.studies.thresholds import Seen, lower_bound, threshold_for

STUDY = """
[study]
name = "sums"
target = 0.3
models = ["scripted:small?accuracy=0.6"]
strategies = ["cot | sample | majority(n=8)"]
floors = false

[task]
file = "sums.jsonl"
template = "What is {{ a }} + {{ b }}?"
target = "sum"
judge = "number"
"""


def items(count: int, chance: random.Random) -> list[Seen]:
    """The recipe is right as often as it is sure, the fallback 95 times in 100."""
    made = []
    for _ in range(count):
        sure = chance.random()
        made.append(Seen(sure, chance.random() < sure, chance.random() < 0.95))
    return made


def true_quality(threshold: float) -> float:
    return (1 - threshold**2) / 2 + threshold * 0.95


def test_the_bound_is_clopper_and_pearsons() -> None:
    assert lower_bound(95, 100, 0.95) == pytest.approx(0.8978, abs=1e-4)
    assert lower_bound(30, 30, 0.95) == pytest.approx(0.05 ** (1 / 30))
    assert lower_bound(0, 30, 0.95) == 0.0


def test_the_quality_is_held_in_at_least_as_many_calibrations_as_stated() -> None:
    missed = tried = 0
    for seed in range(400):
        chosen = threshold_for(items(300, random.Random(seed)), 0.85)
        if chosen is not None:
            tried += 1
            missed += true_quality(chosen.threshold) < 0.85
    assert tried > 300
    # At most 5 % are wrong; four standard errors above that would be chance once in 30,000.
    assert missed / 400 <= 0.05 + 4 * (0.05 * 0.95 / 400) ** 0.5


def test_more_items_let_the_small_one_answer_more() -> None:
    few = threshold_for(items(200, random.Random(1)), 0.85)
    many = threshold_for(items(20_000, random.Random(1)), 0.85)
    assert few is not None
    assert many is not None
    assert many.threshold < few.threshold
    assert true_quality(many.threshold) == pytest.approx(0.85, abs=0.03)


def test_what_cannot_be_shown_is_not_claimed() -> None:
    assert threshold_for(items(300, random.Random(2)), 0.97) is None


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"a": n, "b": 3 * n + 1, "sum": 4 * n + 1} for n in range(600)]
    (tmp_path / "sums.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "sums.toml").write_text(STUDY)
    return tmp_path / "sums.toml"


def test_a_study_calibrates_its_fallback_on_its_dev_items(study: Path) -> None:
    gulliver.find(study)
    found = choose(str(study), load_model)
    larger = choose("scripted:large?accuracy=1 | cot", load_model)
    small, large = asyncio.run(made(found)), asyncio.run(made(larger))
    assert found.task is not None
    chosen = asyncio.run(calibrate(found, small, large, 0.9))
    assert chosen.items == len(found.task.dev) == 60
    assert 0 < chosen.threshold <= 1
    assert chosen.low >= 0.9
    assert 0 < chosen.own <= 1
    with pytest.raises(StudyError, match="no threshold can be shown"):
        asyncio.run(calibrate(found, small, large, 0.99))  # 60 items, all right, show 0.951 at most


def test_without_a_study_there_is_nothing_to_calibrate_on() -> None:
    found = choose("scripted:m | cot | majority(n=4)", load_model)
    served = asyncio.run(made(found))
    with pytest.raises(StudyError, match="no study"):
        asyncio.run(calibrate(found, served, served, 0.9))
