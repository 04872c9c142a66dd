"""Without texts: nothing that was asked or written is on disk, and a rerun still asks nothing twice."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gulliver.reports import write_report
from gulliver.studies import find
from gulliver.studies.result import StudyResult
from gulliver.studies.unkept import forget_material

MODEL = "scripted:quiet?accuracy=0.8&parameters=1e6&process=true"
NUMBERS = [912_345_678 + 1_003 * i for i in range(40)]  # long enough not to stand in a hash by chance
SECRETS = ("heron", "Which sum", "plus", "Answer:", "step by step")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("GULLIVER_HOME", str(home))
    monkeypatch.delenv("GULLIVER_KEEP_TEXT", raising=False)
    return home


def study(tmp_path: Path, **options: Any) -> dict[str, Any]:
    rows = [{"q": f"Which sum has the heron: {a} + {a + 77}?", "a": 2 * a + 77} for a in NUMBERS]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(path), "template": "{{ q }}", "target": "a", "judge": "number"}
    return {
        "study": {"target": 0.5, "models": [MODEL], "strategies": ["direct", "cot | majority(n=3)"], **options},
        "task": task,
    }


def everything_under(home: Path) -> Iterator[bytes]:
    for path in home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def texts_found(home: Path) -> set[str]:
    sums = [str(2 * a + 77) for a in NUMBERS]
    return {text for data in everything_under(home) for text in (*SECRETS, *sums) if text.encode() in data}


def run(data: dict[str, Any]) -> StudyResult:
    result = find(data).result
    write_report(result, Path(result.run.folder) / "report.html")
    return result


def test_texts_are_on_disk_unless_told_otherwise(tmp_path: Path, own_home: Path) -> None:
    run(study(tmp_path, race=False))
    assert {"heron", "plus", "Answer:"} <= texts_found(own_home)


@pytest.mark.parametrize("by_environment", [False, True])
def test_no_text_reaches_any_file(
    tmp_path: Path, own_home: Path, by_environment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_environment:
        monkeypatch.setenv("GULLIVER_KEEP_TEXT", "0")
        result = run(study(tmp_path, race=False))
    else:
        result = run(study(tmp_path, race=False, keep_text=False))
    assert texts_found(own_home) == set()
    assert (own_home / "store.sqlite").stat().st_size > 0
    assert [r.items for r in result.recipes] == [40, 40]
    assert result.spent.asked == 160


def test_a_rerun_replays_outcomes_and_costs_without_asking(tmp_path: Path) -> None:
    first = find(study(tmp_path, race=False, keep_text=False)).result
    second = find(study(tmp_path, race=False, keep_text=False)).result
    assert (second.spent.asked, second.spent.replayed) == (0, first.spent.asked)
    assert [replace(r, peak_memory=0) for r in second.recipes] == [replace(r, peak_memory=0) for r in first.recipes]
    assert second.answer == first.answer


def test_the_answer_is_the_same_as_with_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = find(study(tmp_path, keep_text=False)).result
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "another"))
    kept = find(study(tmp_path)).result
    assert quiet.answer == kept.answer
    assert [(r.items, r.right, r.flops_computed) for r in quiet.recipes] == [
        (r.items, r.right, r.flops_computed) for r in kept.recipes
    ]


def test_recipes_of_one_run_still_share_their_draws(tmp_path: Path) -> None:
    three, five = "cot | majority(n=3)", "cot | majority(n=5)"
    result = find(study(tmp_path, race=False, keep_text=False, strategies=[three, five])).result
    assert result.spent.asked == 40 * 5


def test_failed_items_are_tried_again(tmp_path: Path) -> None:
    data = study(tmp_path, race=False, keep_text=False, strategies=["direct"])
    data["study"]["models"] = ["scripted:bad?accuracy=0.8&parameters=1e6&failures=0.3"]
    first = find(data).result
    second = find(data).result
    assert second.spent.asked == first.recipes[0].failed > 0


def test_what_making_a_model_left_of_its_texts_is_removed_and_nothing_older(own_home: Path) -> None:
    made, readings = own_home / "transformed" / "k", own_home / "readings"
    for path in (made / "reference.npz", made / "made.json", readings / "old.npz", readings / "new.npz"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    os.utime(readings / "old.npz", (1.0, 1.0))
    forget_material([made], since=time.time())
    assert sorted(path.name for path in own_home.rglob("*") if path.is_file()) == ["made.json", "old.npz"]
