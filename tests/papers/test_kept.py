"""Jobs are done once, in processes or here, and what one raises is raised."""

import os
from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import GulliverError
from gulliver.papers.kept import run_jobs


def square(job: int, folder: Path) -> dict[str, Any]:
    if job < 0:
        raise GulliverError("A negative job.")
    return {"value": job * job, "process": os.getpid(), "pair": (job, job)}


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))


def test_jobs_are_done_in_processes_and_read_the_next_time() -> None:
    told: list[str] = []
    first = run_jobs("test", {"b": 3, "a": 2}, square, told.append)
    assert [(key, found["value"], found["pair"]) for key, found in first.items()] == [
        ("b", 9, [3, 3]),
        ("a", 4, [2, 2]),
    ]
    assert os.getpid() not in {found["process"] for found in first.values()}
    assert len(told) == 2
    assert run_jobs("test", {"a": 2, "b": 3}, square, told.append) == first
    assert len(told) == 2


def test_a_changed_job_is_done_anew_and_a_failed_one_leaves_the_others() -> None:
    first = run_jobs("test", {"a": 2}, square, lambda _: None, workers=1)
    assert first["a"]["process"] == os.getpid()
    with pytest.raises(GulliverError, match="negative"):
        run_jobs("test", {"a": 3, "b": -1}, square, lambda _: None, workers=1)
    told: list[str] = []
    assert run_jobs("test", {"a": 3}, square, told.append, workers=1)["a"]["value"] == 9
    assert not told
