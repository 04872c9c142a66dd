"""`gulliver curves`: every number of draws and every way of choosing, from a finished run and without a model."""

import json
import math
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.models.engines import scripted
from gulliver.studies import find

MODEL = "scripted:fair?accuracy=0.4&parameters=1e6&unreadable=0.1"


def study(home: Path, strategy: str, items: int = 20, **more: Any) -> str:
    rows = [{"q": f"What is {a} + {a % 17}?", "a": a + a % 17} for a in range(items)]
    (home / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(home / "sums.jsonl"), "template": "{{ q }}", "target": "a", "judge": "number"}
    options = {"target": 0.5, "models": [MODEL], "strategies": [strategy], "race": False, "floors": False, **more}
    return find({"study": options, "task": task}).result.run.id


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    return tmp_path


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["curves", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_no_model_is_asked_and_the_last_point_is_what_the_study_measured(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(home, "cot | majority(n=9)")
    monkeypatch.setattr(scripted.ScriptedClient, "ask", lambda *_: pytest.fail("a model was asked"))
    data = json.loads(said("latest", "majority", "--json"))
    assert (data["items"], data["draws"], data["lacking"]) == (20, 9, 0)
    curves = {curve["name"]: curve for curve in data["curves"]}
    assert list(curves) == ["pass", "majority", "weighted", "best_of"]
    assert all(curve["k"] == list(range(1, 10)) for curve in curves.values())
    assert len({round(curve["value"][0], 12) for curve in curves.values()}) == 1
    text = said("latest", "1")
    assert "20 items, 9 draws each" in text
    assert f"{curves['majority']['value'][-1]:.3f}" in text


def test_the_curve_of_a_strategy_is_what_that_strategy_gets(home: Path) -> None:
    study(home, "cot | majority(n=9)")
    curves = {c["name"]: c["value"] for c in json.loads(said("latest", "1", "--json"))["curves"]}
    for strategy, name in (("best_of", "best_of"), ("weighted_majority", "weighted"), ("majority", "majority")):
        run = study(home, f"cot | {strategy}(n=9)", name=strategy)
        done = json.loads(CliRunner().invoke(app, ["show", run, "--json"]).stdout)
        # All nine draws are one subset; only ties, which the curve shares among orders, may lie between.
        assert done["recipes"][0]["quality"] == pytest.approx(curves[name][-1], abs=0.15)
        assert done["spent"]["asked"] == 0


def test_fewer_draws_are_the_first_ones_and_more_than_there_are_is_a_sentence(home: Path) -> None:
    study(home, "cot | majority(n=9)")
    assert json.loads(said("latest", "1", "-n", "4", "--json"))["draws"] == 4
    with pytest.raises(GulliverError, match="does not hold 12 draws"):
        said("latest", "1", "-n", "12")


def test_pictures_are_whole_and_hold_every_curve(home: Path) -> None:
    study(home, "cot | majority(n=9)")
    assert "Written to" in said("latest", "1", "-o", str(home / "c.svg"))
    said("latest", "1", "-o", str(home / "c.html"))
    svg = ElementTree.fromstring((home / "c.svg").read_text())
    names = [e.text.split()[0] for e in svg.iter() if e.tag.endswith("text") and e.text and e.get("style")]
    assert set(names) == {"pass", "majority", "weighted", "best_of"}
    places = [float(str(e.get("y"))) for e in svg.iter() if e.tag.endswith("text") and e.get("style")]
    assert all(math.fabs(a - b) >= 15.9 for i, a in enumerate(places) for b in places[:i])
    assert (home / "c.html").read_text().count("<tr>") == 10
    with pytest.raises(GulliverError, match="svg"):
        said("latest", "1", "-o", str(home / "c.png"))


def test_recipes_without_independent_draws_are_refused(home: Path) -> None:
    study(home, "direct")
    with pytest.raises(GulliverError, match="no independent draws"):
        said("latest", "1")


def test_draws_that_stop_where_a_vote_is_sure_are_no_fair_pool(home: Path) -> None:
    study(home, "cot | self_consistency(n=12)")
    with pytest.raises(GulliverError, match="the hard ones"):
        said("latest", "1")
    run = study(home, "cot | majority(n=12)", name="whole")
    assert json.loads(said(run, "1", "--json"))["lacking"] == 0


def test_an_item_whose_draws_are_not_all_there_is_left_out_and_said(home: Path) -> None:
    study(home, "cot | majority(n=5)")
    with sqlite3.connect(home / "home" / "store.sqlite") as store:
        store.execute(
            "delete from answers where rowid in (select rowid from answers where request like '%3 + 3?%' limit 1)"
        )
    store.close()
    data = json.loads(said("latest", "1", "--json"))
    assert (data["items"], data["lacking"]) == (19, 1)
    assert "are in the store: 1;" in said("latest", "1")


def test_a_run_without_texts_or_with_a_changed_task_is_a_sentence(home: Path) -> None:
    study(home, "cot | majority(n=3)", keep_text=False)
    with pytest.raises(GulliverError, match="kept no texts"):
        said("latest", "1")
    study(home, "cot | majority(n=3)", name="other")
    (home / "sums.jsonl").write_text('{"q": "What is 1 + 1?", "a": 2}\n')
    with pytest.raises(GulliverError, match="has changed"):
        said("latest", "1")
