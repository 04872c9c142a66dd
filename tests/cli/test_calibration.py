"""`gulliver calibration` and `gulliver cascade`: from what was answered, without asking again."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.models.engines import scripted
from gulliver.studies import find

SMALL, LARGE = "scripted:small?accuracy=0.6", "scripted:large?accuracy=0.97"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"q": f"What is {n} + {3 * n}?", "a": 4 * n} for n in range(600)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "sums.toml").write_text(
        f"""
[study]
target = 0.5
items = 80
race = false
floors = false
recipes = ["{SMALL} | cot | majority(n=8)", "{LARGE} | p_true(samples=2)"]

[task]
file = "sums.jsonl"
template = "{{{{ q }}}}"
target = "a"
judge = "number"
"""
    )
    return tmp_path / "sums.toml"


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_figures_of_a_run_come_from_its_store(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find(study)
    monkeypatch.setattr(scripted.ScriptedClient, "ask", lambda *_: pytest.fail("a model was asked"))
    data = json.loads(said("calibration", "latest", "--json"))
    assert [row["items"] for row in data["recipes"]] == [80, 80]
    votes: dict[str, Any] = next(row for row in data["recipes"] if "majority" in row["recipe"])
    assert votes["lacking"] == 0
    assert sum(b["items"] for b in votes["bins"]) == 80
    assert 0 <= votes["ece"]["low"] <= votes["ece"]["value"] <= votes["ece"]["high"] <= 1
    picture = study.parent / "c.html"
    text = said("calibration", "latest", "majority", "-o", str(picture))
    assert f"calibration error {votes['ece']['value']:.3f}" in text
    assert "<svg" in picture.read_text()


def test_a_recipe_that_was_not_asked_is_a_sentence(study: Path) -> None:
    find(study)
    with pytest.raises(GulliverError, match="no recipe"):
        CliRunner().invoke(app, ["calibration", "latest", "beam"], catch_exceptions=False)


def test_a_cascade_gets_the_threshold_that_holds_the_quality(study: Path) -> None:
    text = f"{SMALL} | cot | cascade(to='{LARGE}', n=8, threshold=1)"
    data = json.loads(said("cascade", text, "--task", str(study), "--quality", "0.85", "--json"))
    assert data["calibrated"]["low"] >= 0.85
    assert 0 < data["calibrated"]["own"] <= 1
    assert data["small"] < data["large"]
    assert f"threshold={data['calibrated']['threshold']}" in data["recipe"]
    told = said("cascade", data["recipe"], "--task", str(study), "--quality", "0.85")
    assert told.startswith(data["recipe"])


@pytest.mark.parametrize(
    ("recipe", "quality", "why"),
    [
        (f"{SMALL} | cot", "0.8", "is no cascade"),
        (f"{SMALL} | cot | cascade(to='{LARGE}', n=8)", "0.99", "no threshold can be shown"),
    ],
)
def test_what_cannot_be_set_says_why(study: Path, recipe: str, quality: str, why: str) -> None:
    with pytest.raises(GulliverError, match=why):
        CliRunner().invoke(app, ["cascade", recipe, "--task", str(study), "--quality", quality], catch_exceptions=False)
