"""Recipes side by side, as many machines allow; what comes out is what comes out one after the other."""

import json
from pathlib import Path
from typing import Any

import pytest

from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.studies.config import make_study
from gulliver.studies.events import Progress
from gulliver.studies.preparing import prepare
from gulliver.studies.result import StudyResult
from gulliver.studies.running import run_async
from gulliver.studies.study import Runner
from gulliver.studies.summary import summarise

MODELS = [f"scripted:m{n}?accuracy=0.{n}&parameters=1e{n}" for n in (5, 6, 7, 8, 9)]


def run(folder: Path, places: int | None, **options: Any) -> tuple[StudyResult, list[Progress]]:
    rows = [{"question": f"What is {a} + {a * 7 % 50}?", "answer": a + a * 7 % 50} for a in range(90)]
    (folder / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(folder / "sums.jsonl"), "template": "{{ question }}", "target": "answer", "judge": "number"}
    limits = options.pop("limits", {})
    study = {"target": 0.65, "models": MODELS, "floors": False, "race": False, **options}
    prepared = prepare(make_study({"study": study, "task": task, "limits": limits}), load_model)
    seen: list[Progress] = []

    async def work() -> StudyResult:
        async with Store("sqlite://") as store, Session(store) as session:
            runner = Runner(prepared, session, seen.append, places)
            await runner.run()
            return summarise(runner, session)

    return run_async(work()), seen


def before_the_first_verdict(seen: list[Progress]) -> set[str]:
    first = next(i for i, progress in enumerate(seen) if progress.stage == "decided")
    return {progress.recipe for progress in seen[:first] if progress.asked}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


def test_without_a_race_several_recipes_are_asked_at_once_and_the_result_is_the_same(tmp_path: Path) -> None:
    here, one_by_one = run(tmp_path, None)
    there, side_by_side = run(tmp_path, 64)
    assert len(before_the_first_verdict(one_by_one)) == 1
    assert len(before_the_first_verdict(side_by_side)) == 4
    assert there.answer == here.answer
    assert [(r.recipe, r.verdict, r.right, r.items) for r in there.recipes] == [
        (r.recipe, r.verdict, r.right, r.items) for r in here.recipes
    ]
    assert (there.spent.asked, there.spent.replayed) == (here.spent.asked, 0)


def test_a_race_asks_one_after_the_other_also_on_many_machines(tmp_path: Path) -> None:
    _, seen = run(tmp_path, 64, race=True)
    assert len(before_the_first_verdict(seen)) == 1


def test_behind_a_limit_what_was_asked_is_judged_all_the_same(tmp_path: Path) -> None:
    result, _ = run(tmp_path, 8, limits={"flops": 1e9})
    asked = [r for r in result.recipes if r.items]
    assert len(asked) == 4
    assert all(r.items < 90 and r.verdict != "not run" for r in asked)
    assert any("limit" in warning for warning in result.warnings)
