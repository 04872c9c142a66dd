"""`gulliver laws list` and `fit`, as a user meets them."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.laws import Fitted, LawError


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    x = np.geomspace(1e3, 1e9, 30)
    loss = (1.7 + 60 * x**-0.3) * np.exp(0.01 * np.random.default_rng(0).standard_normal(30))
    pl.DataFrame({"size": x, "final": loss}).write_csv(tmp_path / "runs.csv")
    return tmp_path / "runs.csv"


def test_every_law_is_listed_with_its_constants() -> None:
    rows = json.loads(CliRunner().invoke(app, ["laws", "list", "--json"]).stdout)
    assert {"chinchilla", "isoflop", "kaplan_nd", "loss_to_error", "overtraining"} <= {row["name"] for row in rows}
    assert list(next(r for r in rows if r["name"] == "chinchilla")["constants"]) == ["E", "A", "B", "alpha", "beta"]
    assert "chinchilla" in CliRunner().invoke(app, ["laws", "list"]).stdout


def test_a_fit_prints_json_and_writes_what_can_be_read(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "fit.json"
    words = [
        "laws",
        "fit",
        str(runs),
        "--law",
        "saturating",
        "--map",
        "x=size",
        "--map",
        "loss=final",
        "--bootstrap",
        "100",
    ]
    done = CliRunner().invoke(app, [*words, "--out", str(out), "--json"])
    record = json.loads(done.stdout)
    assert {"law", "constants", "objective", "rows", "warnings"} <= record.keys()
    assert set(record["constants"]["E"]) == {"value", "low", "high", "se"}
    assert record["rows"] == 30
    assert Fitted.read(out).constants["E"].value == record["constants"]["E"]["value"]


def test_a_fit_for_the_eye_has_values_and_intervals(runs: Path) -> None:
    words = [
        "laws",
        "fit",
        str(runs),
        "--law",
        "saturating",
        "--map",
        "x=size",
        "--map",
        "loss=final",
        "--bootstrap",
        "100",
    ]
    shown = CliRunner().invoke(app, [*words, "--hold-out", "x:5"]).stdout
    assert "95% interval" in shown
    assert "held out: 5 larger rows" in shown


@pytest.mark.parametrize("words", [["--map", "x"], ["--drop-highest", "loss"], ["--hold-out", "x:many"]])
def test_a_word_that_cannot_be_read_says_how_it_is_written(runs: Path, words: list[str]) -> None:
    done = CliRunner().invoke(app, ["laws", "fit", str(runs), *words])
    assert isinstance(done.exception, LawError)
    assert "is written" in str(done.exception)
