"""A running study tells other processes where it stands, and leaves nothing behind when it ends by itself."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.models import load_model
from gulliver.studies.config import make_study
from gulliver.studies.events import Progress
from gulliver.studies.preparing import prepare
from gulliver.studies.progress import KEPT, Recorder, running_studies, told_to_others

ASKING = Progress("m | cot", 2, 12, 40, 100, 14, 0.2, 0.5, 0.3, "", "asking", 12.0, 3e12, 7)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


def read(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_what_is_asked_now_and_each_interval_so_far_are_told(tmp_path: Path) -> None:
    now = 0.0
    path = tmp_path / "x.json"
    recorder = Recorder(path, {"key": "x"}, lambda: now)
    for asked, low in ((8, 0.1), (16, 0.2), (16, 0.2)):
        now += 1.0
        recorder.update(replace(ASKING, asked=asked, low=low))
    told = read(path)
    assert told["now"]["asked"] == 16  # type: ignore[index]
    assert told["recipes"][0]["history"] == [[8, 0.1, 0.5], [16, 0.2, 0.5]]  # type: ignore[index]


def test_it_is_not_written_at_every_event_but_at_every_decision(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    recorder = Recorder(path, {}, lambda: 5.0)
    recorder.update(ASKING)
    assert read(path)["now"] is None
    recorder.update(replace(ASKING, stage="decided", verdict="rejected"))
    assert read(path)["now"]["verdict"] == "rejected"  # type: ignore[index]


def test_a_long_history_is_thinned_and_keeps_its_last_point(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    recorder = Recorder(path, {}, lambda: 0.0)
    for asked in range(1, 3 * KEPT):
        recorder.update(replace(ASKING, asked=asked))
    recorder.update(replace(ASKING, asked=3 * KEPT, stage="decided"))
    history = read(path)["recipes"][0]["history"]  # type: ignore[index]
    assert len(history) <= KEPT
    assert history[-1][0] == 3 * KEPT


def test_a_study_is_running_until_it_ends_and_stopped_when_its_process_is_gone(tmp_path: Path) -> None:
    rows = [{"question": f"What is {a} + 1?", "answer": a + 1} for a in range(20)]
    (tmp_path / "sums.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    task = {"file": str(tmp_path / "sums.jsonl"), "template": "{{ question }}", "target": "answer", "judge": "number"}
    prepared = prepare(make_study({"study": {"target": 0.5, "models": ["scripted:m"]}, "task": task}), load_model)
    decided = replace(ASKING, stage="decided", verdict="meets")
    seen: list[Progress] = []
    with told_to_others(prepared, seen.append) as watch:
        watch(decided)
        (one,) = running_studies()
        assert (one["state"], one["pid"], one["now"]["recipe"]) == ("running", os.getpid(), "m | cot")
    assert seen == [decided]
    assert running_studies() == []
    with pytest.raises(KeyboardInterrupt), told_to_others(prepared):
        raise KeyboardInterrupt
    (path,) = (tmp_path / "home" / "live").glob("*.json")
    path.write_text(json.dumps({**read(path), "born": 1.0}))
    assert [one["state"] for one in running_studies()] == ["stopped"]


def test_a_disk_that_cannot_be_written_does_not_end_a_study(tmp_path: Path) -> None:
    Recorder(tmp_path / "missing" / "x.json", {}).update(ASKING)
