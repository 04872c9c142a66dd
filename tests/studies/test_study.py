"""Whole studies on scripted models: the answer, its parts, resuming, limits, targets by reference."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import GulliverError, StudyError
from gulliver.studies import find, measure
from gulliver.studies.events import Progress
from gulliver.studies.runs import find_run
from gulliver.tasks import load_task

POOR = "scripted:poor?accuracy=0.2&parameters=1e6"
FAIR = "scripted:fair?accuracy=0.75&parameters=1e7"
GOOD = "scripted:good?accuracy=0.95&parameters=1e8"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    rows = [{"question": f"What is {a} + {a * 7 % 50}?", "answer": a + a * 7 % 50} for a in range(3, 203)]
    path = tmp_path / "sums.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def study(sums: Path, **options: Any) -> dict[str, Any]:
    task = {"file": str(sums), "template": "{{ question }}", "target": "answer", "judge": "number"}
    return {"study": {"target": 0.6, "models": [GOOD, FAIR, POOR], **options}, "task": task}


def test_the_cheapest_that_is_good_enough_is_found_and_dearer_ones_are_not_asked(sums: Path) -> None:
    result = find(study(sums)).result
    assert result.answer.kind == "meets"
    assert result.answer.recipe == f"{FAIR} | direct"
    assert result.answer.rejected == (f"{POOR} | direct",)
    by_name = {r.recipe: r for r in result.recipes}
    assert by_name[f"{GOOD} | direct"].verdict == "not run"
    assert by_name[f"{POOR} | direct"].items < 200
    fair = by_name[f"{FAIR} | direct"]
    assert fair.low <= 0.75 <= fair.high
    assert fair.items == len(fair.records) == fair.right + sum(r.outcome == "wrong" for r in fair.records)


def test_none_is_said_when_all_are_rejected(sums: Path) -> None:
    result = find(study(sums, target=0.99, models=[POOR, FAIR])).result
    assert (result.answer.kind, result.answer.recipe) == ("none", None)
    assert len(result.answer.rejected) == 2


def test_a_limit_leaves_it_unsettled_and_says_so(sums: Path) -> None:
    data = study(sums, models=[FAIR], target=0.76)
    data["limits"] = {"flops": 1e9}
    result = find(data).result
    assert result.answer.kind == "not settled"
    assert any("limit" in warning for warning in result.warnings)


def test_without_a_race_everything_is_measured_on_everything(sums: Path) -> None:
    result = find(study(sums, race=False)).result
    assert [r.items for r in result.recipes] == [200, 200, 200]
    assert all(r.low == r.high == r.quality for r in result.recipes)
    assert {r.on_frontier for r in result.recipes} == {1.0}
    assert result.answer.recipe == f"{FAIR} | direct"
    (prediction,) = result.prediction
    assert prediction.why


def test_a_target_can_be_another_recipes_quality(sums: Path) -> None:
    near = find(study(sums, target=f"within 0.3 of {GOOD}")).result
    assert near.answer.recipe == f"{FAIR} | direct"
    far = find(study(sums, target=f"within 0.05 of {GOOD}")).result
    assert far.answer.recipe == f"{GOOD} | direct"
    assert f"{FAIR} | direct" in far.answer.rejected


def test_a_second_run_answers_from_the_store(sums: Path) -> None:
    first = find(study(sums)).result
    second = find(study(sums)).result
    assert first.spent.asked > 0
    assert (second.spent.asked, second.spent.replayed) == (0, first.spent.asked)
    assert second.answer == first.answer
    assert [r.flops_computed for r in second.recipes] == [r.flops_computed for r in first.recipes]


def test_outcomes_are_told_apart(sums: Path) -> None:
    odd = "scripted:odd?accuracy=0.9&unreadable=0.2&failures=0.1&parameters=1e6"
    (recipe,) = find(study(sums, models=[odd], race=False)).result.recipes
    assert recipe.unreadable > 10
    assert recipe.failed > 5
    assert recipe.items == 200


def test_progress_is_told_from_loading_to_verdict(sums: Path) -> None:
    seen: list[Progress] = []
    find(study(sums), watch=seen.append)
    stages = [(p.recipe, p.stage) for p in seen]
    assert (f"{POOR} | direct", "loading") in stages
    assert [p.verdict for p in seen if p.stage == "decided"] == ["rejected", "meets"]


def test_the_json_has_what_is_promised(sums: Path) -> None:
    data = find(study(sums)).result.to_json()
    json.dumps(data, allow_nan=False)
    assert {"answer", "recipes", "frontier", "prediction", "spent", "run"} <= set(data)
    assert {"kind", "recipe", "confidence", "rejected", "undecided"} <= set(data["answer"])
    promised = {
        "recipe", "quality", "low", "high", "items", "unreadable", "truncated", "unsupported",
        "flops_naive", "flops_computed", "seconds", "peak_memory", "verdict",
    }  # fmt: skip
    assert all(promised <= set(recipe) for recipe in data["recipes"])


def test_a_run_is_read_back_as_it_was(sums: Path) -> None:
    result = find(study(sums)).result
    assert find_run() == result
    assert find_run(result.run.id) == result
    with pytest.raises(StudyError, match="no run"):
        find_run("nothing-here")


def test_tables_come_out_as_polars(sums: Path) -> None:
    done = find(study(sums))
    assert done.to_polars().height == 3
    items = done.to_polars(items=True)
    assert set(items["outcome"].unique()) == {"right", "wrong"}
    assert done.answer in done._repr_html_() or "scripted" in done._repr_html_()


def test_options_can_be_given_without_a_file(sums: Path) -> None:
    task = {"file": str(sums), "template": "{{ question }}", "target": "answer", "judge": "number"}
    assert find(task=task, target=0.6, models=[FAIR]).recipe == f"{FAIR} | direct"


def test_it_runs_where_an_event_loop_runs_already(sums: Path) -> None:
    import asyncio

    async def notebook() -> str | None:
        return find(study(sums, models=[FAIR])).recipe

    assert asyncio.run(notebook()) == f"{FAIR} | direct"


def test_measure_gives_every_item_in_order(sums: Path) -> None:
    task = load_task({"file": str(sums), "template": "{{ question }}", "target": "answer", "judge": "number"})
    records = measure([f"{GOOD} | cot"], task, items=50)[f"{GOOD} | cot"]
    assert [r.item for r in records] == [item.id for item in list(task.test)[:50]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": ["no-such-model"]}, "no-such-model"),
        ({"strategies": ["chain"]}, "no strategy"),
        ({"strategies": ["few_shot"]}, "exemplars"),
        ({"strategies": ["majority(n=8"]}, "not closed"),
        ({"cheap": "money"}, "price"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_spent(sums: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(GulliverError, match=said):
        find(study(sums, **options))


def test_money_is_what_cheap_means_when_asked(sums: Path) -> None:
    data = study(sums, cheap="money", models=[GOOD, FAIR], race=False)
    data["prices"] = {GOOD: [0.01, 0.02], FAIR: [1.0, 2.0]}
    result = find(data).result
    assert result.recipes[0].recipe == f"{GOOD} | direct"
    assert result.recipes[0].money == pytest.approx(result.recipes[1].money / 100)  # type: ignore[operator]


SCRIPT = """
import json, sys
from gulliver.studies import find
result = find(json.loads(sys.argv[1])).result
print(json.dumps({"answer": result.to_json()["answer"], "asked": result.spent.asked, "replayed": result.spent.replayed}))
"""


def stored(path: Path) -> int:
    """Answers committed so far."""
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=30)) as database:
        try:
            return int(database.execute("select count(*) from answers").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # the table is being made


def test_ten_kills_lose_nothing_and_change_nothing(sums: Path, tmp_path: Path) -> None:
    slow = "scripted:slow?accuracy=0.7&parameters=1e6&latency=0.05&process=true"
    data = json.dumps(study(sums, models=[slow], strategies=["cot | majority(n=3)"], target=0.5, race=False))
    expected_home = {**os.environ, "GULLIVER_HOME": str(tmp_path / "whole")}
    whole = json.loads(
        subprocess.run(
            [sys.executable, "-c", SCRIPT, data], env=expected_home, capture_output=True, check=True, text=True
        ).stdout
    )
    rng = random.Random(7)
    store = tmp_path / "home" / "store.sqlite"
    for _ in range(10):
        before = stored(store)
        run = subprocess.Popen([sys.executable, "-c", SCRIPT, data], stdout=subprocess.DEVNULL)
        enough, deadline = before + rng.randint(1, 60), time.monotonic() + 60
        while stored(store) < enough and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert stored(store) >= before
    last = json.loads(
        subprocess.run([sys.executable, "-c", SCRIPT, data], capture_output=True, check=True, text=True).stdout
    )
    assert last["answer"] == whole["answer"]
    assert stored(store) == whole["asked"]
    assert last["asked"] + last["replayed"] == whole["asked"]
    assert last["replayed"] > 0
