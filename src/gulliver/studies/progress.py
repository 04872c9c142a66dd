"""What a running study tells other processes: a small file in `GULLIVER_HOME/live`, written anew as it goes on."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from gulliver.home import folder, home
from gulliver.studies.events import Progress, Watch
from gulliver.studies.preparing import Prepared
from gulliver.studies.summary import run_id

APART = 0.25
"""Seconds between two writings, decisions apart."""
KEPT = 200
"""Points of an interval's history; every second one goes when there are more."""
FORGOTTEN = 86_400
"""Seconds after which a study that was stopped is no longer told of."""


class Recorder:
    """Takes in `Progress` events and keeps the file: each recipe's latest, and how its interval moved."""

    def __init__(self, path: Path, about: dict[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._about, self._clock = path, about, clock
        self._recipes: dict[str, dict[str, Any]] = {}
        self._now: dict[str, Any] | None = None
        self._written = -APART
        self._write()

    def update(self, progress: Progress) -> None:
        """Take in one event."""
        told = asdict(progress)
        history = self._recipes.get(progress.recipe, {}).get("history", [])
        if progress.asked and (not history or history[-1][0] != progress.asked):
            history = [*history, [progress.asked, progress.low, progress.high]]
            history = history[::-2][::-1] if len(history) > KEPT else history
        self._recipes[progress.recipe] = {**told, "history": history}
        self._now = told
        if progress.stage == "decided" or self._clock() - self._written >= APART:
            self._write()

    def _write(self) -> None:
        self._written = self._clock()
        data = {**self._about, "now": self._now, "recipes": list(self._recipes.values())}
        part = self._path.with_suffix(f".{os.getpid()}.part")
        # A full disk must not end a study for the sake of who watches it.
        with contextlib.suppress(OSError):
            part.write_text(json.dumps(data), encoding="utf-8")
            part.replace(self._path)


@contextmanager
def told_to_others(prepared: Prepared, watch: Watch | None = None) -> Iterator[Watch]:
    """A watch that also keeps the file while a study runs; the file goes when the study ends by itself.

    A study that is stopped or killed leaves it, so that who watches learns of it.
    """
    key = run_id(prepared)
    about = {
        "key": key, "study": prepared.config.name, "task": prepared.task.name, "target": prepared.config.target_text,
        "started": datetime.now(UTC).isoformat(timespec="seconds"), "pid": os.getpid(), "born": _born(os.getpid()),
    }  # fmt: skip
    path = folder("live") / f"{key}.json"
    recorder = Recorder(path, about)

    def both(progress: Progress) -> None:
        recorder.update(progress)
        if watch is not None:
            watch(progress)

    yield both
    path.unlink(missing_ok=True)


def running_studies() -> list[dict[str, Any]]:
    """What is kept of studies under way, the latest started first; `state` is running, or stopped for less than a day."""
    found = []
    for path in (home() / "live").glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            data = json.loads(path.read_text(encoding="utf-8"))
            alive = data["born"] is not None and _born(data["pid"]) == data["born"]
            if alive or time.time() - path.stat().st_mtime < FORGOTTEN:
                found.append({**data, "state": "running" if alive else "stopped"})
    return sorted(found, key=lambda one: str(one["started"]), reverse=True)


def _born(pid: int) -> float | None:
    """When a process was started, as its number may be given again to another one; None when it runs no more."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None
