"""Whether a study survives kill -9: `python -m benchmarks.kills [--model NAME] [--steps N] [--items N]`.

One study on a real model: prompted, tuned with LoRA, and the tuned model in 8 and in 4 bits. It runs once undisturbed, and
once more in another home, killed ten times with SIGKILL: while a model is asked, in the tuning before and after its
checkpoints, after the tuning and before it is counted as made, between transforms, and while the products are asked. Each
time the same command is given again. At the end the tuned and quantised weights must be the same bytes, every recipe must
have the same answers, and no answer that was in the store before a kill may be missing after it. The engine runs in its
exact mode, where a reply does not depend on which others are under way; in its fast mode, near ties fall either way.

`ours` counts the kills after which all that was so far finished was still there, `theirs` those there were.
"""

import argparse
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gulliver.home import home

KILLS = 10
CHECKPOINT = 25
"""Steps between two checkpoints of a tuning in a study."""
STUDY = """[study]
task = "intents(train=128, dev=16)"
target = 0.8
items = {items}
race = false
recipes = ["{model} | direct", "{tuned} | direct", "{tuned} | int8 | direct", "{tuned} | int4 | direct"]
"""


@dataclass(frozen=True)
class Seen:
    """What lies in a home: answers in the store, models that are made or begun, and the checkpoint's time."""

    answers: int
    made: int
    begun: int
    tuned: bool
    checkpoint: float


def seen(place: Path) -> Seen:
    transformed = place / "transformed"
    folders = [f for f in transformed.iterdir() if f.is_dir()] if transformed.exists() else []
    checkpoints = [f / "checkpoint.pt" for f in folders]
    return Seen(
        answers=sum(count for (count,) in asked(place, "select count(*) from answers")),
        made=sum((f / "made.json").exists() for f in folders),
        begun=len(folders),
        tuned=any((f / "tuning.json").exists() for f in folders),
        checkpoint=max((f.stat().st_mtime for f in checkpoints if f.exists()), default=0.0),
    )


def answers(place: Path) -> dict[str, str]:
    """Key and reply of every answer in the store."""
    return dict(asked(place, "select key, json_extract(reply, '$.text') from answers"))


def asked(place: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a home's store; none while there is no store."""
    try:
        with closing(sqlite3.connect(f"file:{place / 'store.sqlite'}?mode=ro", uri=True)) as store:
            return list(store.execute(query))
    except sqlite3.Error:
        return []


def moments(items: int) -> list[tuple[str, Callable[[Seen, Seen], bool], float]]:
    """When to kill: a name, a test of what is seen now against what was seen after the kill before, seconds to wait then."""
    return [
        ("asking the model", lambda now, _: now.answers >= items // 3, 0.0),
        ("tuning, before a checkpoint", lambda now, _: now.begun >= 1, 20.0),
        ("tuning, after a checkpoint", lambda now, _: now.checkpoint > 0.0, 3.0),
        ("tuning, after the next", lambda now, then: now.checkpoint > then.checkpoint, 0.0),
        ("tuned, not yet counted as made", lambda now, _: now.tuned, 0.0),
        ("asking the tuned model", lambda now, _: now.answers >= items + items // 4, 0.0),
        ("making 8 bits", lambda now, _: now.made >= 1 and now.begun >= 2, 0.3),
        ("between 8 bits and the answers", lambda now, _: now.made >= 2, 0.0),
        ("making 4 bits", lambda now, _: now.made >= 2 and now.begun >= 3, 0.3),
        ("asking in 4 bits", lambda now, _: now.answers >= 3 * items + items // 4, 0.0),
    ]


def start(study: Path, place: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            Path(sys.executable).with_name("gulliver"),
            "find",
            str(study),
            "--json",
            "--report",
            str(place / "report.html"),
        ],
        stdout=(place / "out.json").open("wb"),
        stderr=(place / "err.txt").open("ab"),
        env={**os.environ, "GULLIVER_HOME": str(place)},
    )


def finish(study: Path, place: Path) -> dict[str, Any]:
    process = start(study, place)
    if process.wait():
        raise SystemExit(f"the study ended with {process.returncode}: {(place / 'err.txt').read_text()[-800:]}")
    return dict(json.loads((place / "out.json").read_text()))


def kill_at(study: Path, place: Path, moment: tuple[str, Callable[[Seen, Seen], bool], float], then: Seen) -> bool:
    """Run until the moment, then SIGKILL; False where the study ended before."""
    name, reached, wait = moment
    process = start(study, place)
    while not reached(seen(place), then):
        if process.poll() is not None:
            print(f"  {name}: the study ended first (exit code {process.returncode})", flush=True)
            return False
        time.sleep(0.02)
    time.sleep(wait)
    if process.poll() is not None:
        print(f"  {name}: the study ended first", flush=True)
        return False
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1.0)  # for the processes that end with it
    return True


def prepared(folder: Path, name: str) -> Path:
    """A home of its own that shares models and data with the user's."""
    place = folder / name
    place.mkdir()
    for shared in ("models", "packages", "downloads", "tables"):
        (home() / shared).mkdir(parents=True, exist_ok=True)
        (place / shared).symlink_to(home() / shared)
    return place


def weights(place: Path) -> dict[str, str]:
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((place / "transformed").glob("*/model.gguf"))
    }


def outcomes(result: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return [(r["recipe"], r["items"], r["right"], r["unreadable"]) for r in result["recipes"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m?exact=true")
    parser.add_argument("--steps", type=int, default=3 * CHECKPOINT + 5)
    parser.add_argument("--items", type=int, default=24)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gulliver-kills-") as made:
        folder = Path(made)
        study = folder / "study.toml"
        tuned = f"{wanted.model} | lora(rank=8, steps={wanted.steps}, batch=2, rate=1e-3, max_length=160)"
        study.write_text(STUDY.format(items=wanted.items, model=wanted.model, tuned=tuned))
        whole, cut = prepared(folder, "whole"), prepared(folder, "cut")
        began = time.monotonic()
        expected = finish(study, whole)
        print(f"undisturbed: {time.monotonic() - began:.0f} s; {expected['answer']['sentence']}", flush=True)
        began = time.monotonic()
        survived = kills = 0
        for moment in moments(wanted.items):
            before, then = answers(cut), seen(cut)
            if not kill_at(study, cut, moment, then):
                continue
            kills += 1
            after, now = answers(cut), seen(cut)
            kept = before.items() <= after.items() and now.made >= then.made and now.checkpoint >= then.checkpoint
            kept = kept or (now.tuned and before.items() <= after.items())  # a finished tuning drops its checkpoint
            survived += kept
            print(f"  killed: {moment[0]}; {len(after)} answers, {now.made} models made", flush=True)
        found = finish(study, cut)
        print(f"killed {kills} times: {time.monotonic() - began:.0f} s; {found['answer']['sentence']}", flush=True)
        same = outcomes(found) == outcomes(expected) and found["answer"] == expected["answer"]
        bytes_ = weights(cut) == weights(whole)
        replies = answers(cut) == answers(whole)
        print(f"same table: {same}; same weights, byte for byte: {bytes_}; same replies in the store: {replies}")
        resumed = [json.loads(f.read_text())["cost"]["resumed"] for f in cut.glob("transformed/*/tuning.json")]
        print(f"the tuning went on from a checkpoint {max(resumed, default=0)} times")
        more = [("same table", same), ("same weights", bytes_), ("same replies", replies)]
        line = {"name": "kills", "ours": survived, "theirs": kills, "ratio": survived / max(1, kills), "goal": 1.0}
        extra = [{"name": n, "ours": int(ok), "theirs": 1, "ratio": float(ok), "goal": 1.0} for n, ok in more]
        print(json.dumps({**line, "more": extra}))


if __name__ == "__main__":
    main()
