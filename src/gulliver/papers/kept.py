"""Trainings of an experiment that are no ladder: each is one job, done in a process of its own and kept under `GULLIVER_HOME`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

from gulliver.home import folder
from gulliver.laws.ladder.processes import processes
from gulliver.models.files import only_one, writing
from gulliver.papers.base import Progress, Spent

Result = dict[str, Any]
"""What a job found, plain data."""
Work = Callable[[Any, Path], Result]
"""A module's function that does a job, in a folder where it may keep checkpoints; it must give the same for the same job."""


def run_jobs(name: str, jobs: Mapping[str, Any], work: Work, progress: Progress, workers: int = 2) -> dict[str, Result]:
    """The result of each job, done now or read from before, by the job's name.

    A job is kept in `GULLIVER_HOME/ladders/NAME/JOB-DIGEST.json`, the digest of what it is, so a changed job is done anew.

    Args:
        jobs: by name, in the order they are started in: the longest first; anything with a telling `repr`, picklable.
        workers: processes at once, one thread each; with 1 they are done here, one after another.

    Raises:
        GulliverError: whatever `work` raises.
    """
    place = folder("ladders") / name
    done: dict[str, Result] = {}
    with only_one(place / "jobs"):
        places = {key: place / f"{key}-{_digest(job)}.json" for key, job in jobs.items()}
        done = {key: _read(path) for key, path in places.items() if path.is_file()}
        missing = [key for key in jobs if key not in done]

        def keep(key: str, found: Result) -> None:
            with writing(places[key]) as aside:
                aside.write_text(json.dumps(found), encoding="utf-8")
            # As it will be read: lists for tuples.
            done[key] = _read(places[key])
            progress(f"{key}: done, {len(done)} of {len(jobs)}")

        if workers <= 1 or len(missing) < 2:
            for key in missing:
                keep(key, work(jobs[key], places[key].with_suffix("")))
        else:
            with processes(workers, threads=1) as pool:
                running = {pool.submit(work, jobs[key], places[key].with_suffix("")): key for key in missing}
                for future in as_completed(running):
                    keep(running[future], future.result())
    return {key: done[key] for key in jobs}


def spent_on(done: Mapping[str, Result], seconds: float) -> Spent:
    """What jobs took that say their `flops` and `seconds`, whenever they were done; `seconds` is how long this run took."""
    return Spent(
        0, sum(found["flops"] for found in done.values()), sum(found["seconds"] for found in done.values()), seconds
    )


def _digest(job: Any) -> str:
    return hashlib.sha256(repr(job).encode()).hexdigest()[:10]


def _read(path: Path) -> Result:
    found: Result = json.loads(path.read_text(encoding="utf-8"))
    return found
