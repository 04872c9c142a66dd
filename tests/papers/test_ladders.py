"""An experiment's ladder is trained once, gives only the rows asked for, and says how far it is."""

from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import MissingExtra
from gulliver.papers.ladders import train_ladder
from tests.laws.ladder.tiny import GRID

TINY: dict[str, Any] = {
    "text": {"generated": "translation", "bytes": 60_000},
    "recipe": {"context": 32, "batch": 8, "warmup": 2, "checkpoint_every": 4, "held_out_tokens": 1024},
    "grid": {"decoder": GRID},
}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    return tmp_path


def test_a_ladder_is_trained_once_and_gives_the_rows_asked_for(home: Path) -> None:
    told: list[str] = []
    first = train_ladder("tiny", TINY, told.append, workers=1)
    assert sum(sentence.startswith("trained decoder 16x2") for sentence in told) == 2
    assert first.config.out.parent == home / "ladders"
    assert first.spent(1.0).flops == sum(row["paid_flops"] for row in first.rows["decoder"]) > 0
    assert all((first.model("decoder", row) / "model.safetensors").is_file() for row in first.rows["decoder"])
    assert "generated" in first.run_on()["text"]
    table = first.table("decoder")
    assert table.labels["model"] == ("decoder 16x2 v300 u0 s0",) * 2

    # Two layers after 8,192 tokens know about as much as the frequencies; all 300 as likely would be 5.7.
    assert first.frequencies(300) == pytest.approx(first.rows["decoder"][1]["loss"], rel=0.05)

    told.clear()
    fewer = train_ladder("tiny", {**TINY, "grid": {"decoder": {**GRID, "tokens": [8192]}}}, told.append, workers=1)
    assert told == []
    assert fewer.rows["decoder"] == first.rows["decoder"][1:]

    other = train_ladder("tiny", {**TINY, "recipe": {**TINY["recipe"], "rate": 3e-3}}, told.append, workers=1)
    assert other.config.out != first.config.out
    assert other.rows["decoder"] != first.rows["decoder"]


def test_a_stopped_ladder_keeps_its_rows(home: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(sentence: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train_ladder("tiny", TINY, stop, workers=1)
    told: list[str] = []
    train_ladder("tiny", TINY, told.append, workers=1)
    assert len(told) == 1


def test_without_torch_one_sentence_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gulliver.papers.ladders.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"gulliver\[torch\]"):
        train_ladder("tiny", TINY, lambda _: None)
