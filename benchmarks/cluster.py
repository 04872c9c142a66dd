"""Many machines: `python -m benchmarks.cluster [--items N] [--latency SECONDS] [--in-flight N] [--repeats N]`.

One study of an endpoint that answers each question after the same time and holds nothing up (`benchmarks/fixed_latency.py`, a
process of its own), asked through Ray on this machine: by one worker, by two, and by two of which one is killed
(SIGKILL) when a third of the answers are in. A worker has 8 requests in flight. Each run has a store of its own and starts its
workers within the time measured; the cluster is up before.

`ours` is the time of two workers, `theirs` that of one, the goal is 0.6; runs alternate and the median counts. `more` holds what
the kill did: questions without a kept answer (lost); questions that came to the server again although their answer was in
the store when the worker was killed (repeated); and those that came again because the dead worker had them under way (at most
its 8), of which the server may have answered some: such an answer died with the worker, before it was passed on.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sql

from benchmarks.fixed_latency import Counts, counts_of, running
from gulliver.inference.tables import answers, open_database
from gulliver.models.cluster import On
from gulliver.models.cluster.connect import connected
from gulliver.studies import find
from gulliver.studies.result import StudyResult

GOAL = 0.6
WORKER = "ray::Worker"


@dataclass(frozen=True)
class Run:
    """One study: how long it took, its result, what the server got in it, the questions that are answered in its store, and
    those that were when a worker was killed (None: none was)."""

    seconds: float
    result: StudyResult
    counts: Counts
    kept: frozenset[str]
    before: frozenset[str] | None = None

    @property
    def repeated(self) -> int:
        """How many questions came again though their answer was kept."""
        return sum(self.counts.came[question] > 1 for question in self.before or ())

    @property
    def again(self) -> int:
        """How many questions came in more than once."""
        return sum(times - 1 for times in self.counts.came.values())

    @property
    def in_vain(self) -> int:
        """How many answers the server gave more than once."""
        return sum(times - 1 for times in self.counts.answered.values())


def study_of(address: str, folder: Path, items: int) -> dict[str, object]:
    """So many sums, all put to the endpoint, without a race, so that every run asks the same."""
    file = folder / "sums.jsonl"
    rows = [{"question": f"What is {k} + {k % 7}?", "answer": k + k % 7} for k in range(items)]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    task = {"file": str(file), "template": "{{ question }}", "target": "answer", "judge": "number"}
    options = {"target": 0.9, "race": False, "floors": False, "recipes": [f"openai:sums@{address} | direct"]}
    return {"study": options, "task": task}


def questions_in(store: Path) -> frozenset[str]:
    """The questions that a store has an answer to."""
    engine = open_database(store)
    with engine.connect() as connection:
        requests = connection.execute(sql.select(answers.c.request)).scalars().all()
    engine.dispose()
    return frozenset(json.loads(json.loads(request)["prompt"])[-1]["content"] for request in requests)


def workers(above: psutil.Process) -> list[psutil.Process]:
    """The processes of workers below that one."""
    found = []
    for process in above.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if " ".join(process.cmdline()).startswith(WORKER):
                found.append(process)
    return found


@contextlib.contextmanager
def killing(
    address: str, after: int, latency: float, store: Path, above: psutil.Process
) -> Iterator[list[frozenset[str]]]:
    """Kill one worker at any moment of a request, once the server has answered so many; the list then holds the questions
    whose answers were in the store.

    Args:
        above: the process that started the cluster.
    """
    seen: list[frozenset[str]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if counts_of(address).answered.total() >= after and (living := workers(above)):
                time.sleep(random.uniform(0.0, latency))
                kept = questions_in(store)
                os.kill(living[0].pid, signal.SIGKILL)
                seen.append(kept)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def run(count: int, items: int, latency: float, in_flight: int, kill: bool = False) -> Run:
    """One study by so many workers, with a server and a store of its own."""
    with running(latency) as address, tempfile.TemporaryDirectory() as name:
        study = study_of(address, Path(name), items)
        store = Path(name) / "store.sqlite"
        killer = killing(address, items // 3, latency, store, psutil.Process())
        with killer if kill else contextlib.nullcontext([]) as before:
            began = time.perf_counter()
            done = find(study, store=store, on=On("ray", count, in_flight))
            seconds = time.perf_counter() - began
        counts = counts_of(address)
        return Run(seconds, done.result, counts, questions_in(store), before[0] if before else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=480)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    shape = (given.items, given.latency, given.in_flight)
    times: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as home, connected("ray", 3):
        os.environ["GULLIVER_HOME"] = home
        for _ in range(given.repeats):
            for count in times:
                made = run(count, *shape)
                times[count].append(made.seconds)
                print(f"{count} worker{'s' if count > 1 else ''}: {made.seconds:.1f} s, {made.counts.answered.total()} answers, at most {made.counts.most} at once", flush=True)  # fmt: skip
        cut = run(2, *shape, kill=True)
    lost = given.items - len(cut.kept)
    print(f"2 workers, one killed after {len(cut.before or ())} answers: {cut.seconds:.1f} s; {lost} lost, {cut.repeated} repeated, {cut.again} under way sent again, {cut.in_vain} of them answered before; {'; '.join(cut.result.warnings) or 'nobody noticed'}", flush=True)  # fmt: skip
    one, two = (statistics.median(times[count]) for count in (1, 2))
    ideal = given.items * given.latency / given.in_flight
    more = [
        {"name": "one worker over its ideal", "ours": round(one, 2), "theirs": round(ideal, 2), "ratio": round(one / ideal, 3), "goal": None},
        {"name": "one of two killed over one", "ours": round(cut.seconds, 2), "theirs": round(one, 2), "ratio": round(cut.seconds / one, 3), "goal": None},
        {"name": "workers that died", "ours": int(cut.before is not None), "theirs": 1, "ratio": float(cut.before is not None), "goal": 1},
        {"name": "answers lost", "ours": lost, "theirs": given.items, "ratio": lost / given.items, "goal": 0},
        {"name": "answers repeated", "ours": cut.repeated, "theirs": given.items, "ratio": cut.repeated / given.items, "goal": 0},
        {"name": "under way in the dead worker, sent again", "ours": cut.again, "theirs": given.in_flight, "ratio": cut.again / given.in_flight, "goal": 1},
    ]  # fmt: skip
    print(json.dumps({"name": "cluster", "ours": round(two, 2), "theirs": round(one, 2), "ratio": round(two / one, 3), "goal": GOAL, "more": more}))  # fmt: skip


if __name__ == "__main__":
    main()
