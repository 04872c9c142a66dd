"""`gulliver frontier` and `gulliver verifier` on scripted models."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.judges import Number

SMALL, LARGE = "scripted:a?accuracy=0.6&parameters=1e6", "scripted:b?accuracy=0.5&parameters=1e9"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    made = [make_item(f"s{a}", f"What is {a} + {a % 13}?", str(a + a % 13), Number()) for a in range(30)]
    monkeypatch.setattr("gulliver.tasks.load_task", lambda name, **_: Task(name, made))
    return tmp_path


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_the_question_is_answered_and_every_point_is_there(home: Path) -> None:
    command = [
        "frontier",
        "sums",
        "-m",
        SMALL,
        "-m",
        LARGE,
        "-n",
        "5",
        "-n",
        "2",
        "--items",
        "20",
        "--search",
        "rebase(n=2)",
    ]
    data = json.loads(said(*command, "--json"))
    assert set(data) == {"task", "items", "points", "best", "beaten", "added"}
    rules = {point["rule"] for point in data["points"] if point["model"] == SMALL}
    assert rules == {
        "greedy", "sample", "pass", "majority", "weighted_majority by logprob", "best_of by logprob",
        "weighted_majority by tool", "best_of by tool", "t1 by calculator", "rebase(n=2)",
    }  # fmt: skip
    assert all(p["low"] <= p["error"] <= p["high"] for p in data["points"])
    assert data["beaten"]["flops"]["single"] == f"{LARGE}, greedy"
    assert len(data["best"]["flops"]) == 8
    assert {row["use"] for row in data["added"]} == {
        f"{model}, {rule} of {k}"
        for model, k in ((SMALL, 5), (LARGE, 2))
        for rule in (
            "weighted_majority by logprob",
            "best_of by logprob",
            "weighted_majority by tool",
            "best_of by tool",
            "t1 by calculator",
        )
    } | {f"{SMALL}, rebase(n=2)"}
    assert all(row["plain_flops"] <= row["flops"] * 1.001 for row in data["added"])
    text = said(*command)
    assert "than the plain vote of the same model" in text
    assert data["beaten"]["flops"]["sentence"] in text
    assert "Best at each budget (FLOPs" in text


def test_pictures_hold_every_model_and_rule(home: Path) -> None:
    command = ["frontier", "sums", "-m", SMALL, "-m", LARGE, "-n", "4", "--items", "10"]
    said(*command, "-o", str(home / "f.html"))
    said(*command, "-o", str(home / "f.svg"))
    for name in ("f.svg", "f-seconds.svg"):
        svg = ElementTree.fromstring((home / name).read_text())
        words = {e.text for e in svg.iter() if e.tag.endswith("text")}
        assert {SMALL, LARGE, "majority", "pass"} <= words
    page = (home / "f.html").read_text()
    assert page.count("<svg") == 2
    assert "All values" in page
    assert "Against the plain vote" in page


def test_numbers_of_draws_must_fit_the_models() -> None:
    with pytest.raises(GulliverError, match="one, or one for each"):
        said("frontier", "sums", "-m", SMALL, "-n", "2", "-n", "3")


def test_a_verifier_is_not_trained_on_test_items() -> None:
    with pytest.raises(GulliverError, match="no train or dev items"):
        said("verifier", "sums", "-m", SMALL)
