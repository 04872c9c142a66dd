"""`gulliver runs`, `show`, `compare`: finished runs, read back and set side by side."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.studies import find

GOOD, FAIR = "scripted:good?accuracy=0.9&parameters=1e7", "scripted:fair?accuracy=0.6&parameters=1e6"


@pytest.fixture(autouse=True)
def two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Ids by name of two runs over one task, one of each model."""
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"q": f"What is {a} + {a % 17}?", "a": a + a % 17} for a in range(60)]
    path = tmp_path / "sums.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(path), "template": "{{ q }}", "target": "a", "judge": "number"}
    return {
        name: find(
            {"study": {"name": name, "target": 0.5, "models": models, "race": False}, "task": task}
        ).result.run.id
        for name, models in (("fair", [FAIR]), ("both", [FAIR, GOOD]))
    }


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_runs_lists_the_newest_last(two_runs: dict[str, str]) -> None:
    rows = json.loads(said("runs", "--json"))
    assert [row["run"] for row in rows] == [two_runs["fair"], two_runs["both"]]
    assert [(row["answer"], row["items"], row["asked"]) for row in rows] == [("meets", 60, 60), ("meets", 120, 60)]
    assert two_runs["both"] in said("runs")


def test_a_run_that_cannot_be_read_does_not_hide_the_others(two_runs: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home" / "runs" / two_runs["fair"] / "result.json").write_text("{")
    rows = {row["run"]: row for row in json.loads(said("runs", "--json"))}
    assert "cannot be read" in rows[two_runs["fair"]]["error"]
    assert rows[two_runs["both"]]["error"] == ""


def test_show_gives_the_answer_and_the_table(two_runs: dict[str, str]) -> None:
    assert "cheapest" in said("show", two_runs["both"])
    data = json.loads(said("show", "--json"))
    assert data["run"]["id"] == two_runs["both"]
    assert "items" not in data


def test_items_are_shown_by_recipe_and_outcome() -> None:
    data = json.loads(said("show", "latest", "--recipe", "fair", "--outcome", "wrong", "--limit", "3", "--json"))
    assert len(data["items"]) == 3 < data["items_in_all"]
    assert {(row["recipe"], row["outcome"]) for row in data["items"]} == {(f"{FAIR} | direct", "wrong")}
    text = said("show", "latest", "--recipe", "fair", "--outcome", "wrong", "--limit", "1")
    assert "What is" in text
    assert data["items"][0]["text"] in text


def test_one_item_is_shown_under_every_recipe() -> None:
    data = json.loads(said("show", "latest", "--item", "sums-7", "--json"))
    assert [row["recipe"] for row in data["items"]] == [f"{FAIR} | direct", f"{GOOD} | direct"]
    assert {row["item"] for row in data["items"]} == {"sums-7"}


def test_two_recipes_of_one_run_are_compared() -> None:
    data = json.loads(said("compare", "latest", "good", "fair", "--json"))
    assert data["items"] == 60
    assert data["difference"] > 0
    assert data["first_only"] + data["second_only"] == len(data["flips"])
    assert data["flops"]["value"] == pytest.approx(10.0)
    text = said("compare", "latest", "2", "1", "--limit", "1")
    assert "A is better" in text
    assert f"{len(data['flips']) - 1} more items differ" in text


def test_a_recipe_of_another_run_is_named_with_its_run(two_runs: dict[str, str]) -> None:
    data = json.loads(said("compare", "latest", "fair", f"{two_runs['fair']}/fair", "--json"))
    assert data["difference"] == 0
    assert data["second"].startswith(two_runs["fair"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "bath"], "near it are both-"),
        (["show", "latest", "--outcome", "wrogn"], "no outcome"),
        (["show", "latest", "--item", "sums-99"], "near it are"),
        (["compare", "latest", "goood", "1"], "no recipe"),
        (["compare", "latest", "scripted", "1"], "could be"),
    ],
)
def test_a_bad_name_is_answered_with_what_is_near(arguments: list[str], message: str) -> None:
    with pytest.raises(GulliverError, match=message):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
