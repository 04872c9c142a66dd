"""`gulliver find` and `gulliver view` as a person starts them: processes of their own, in a home of the test's."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gulliver.studies import find as run

GULLIVER = (sys.executable, "-c", "from gulliver.cli import main; main()")


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "GULLIVER_HOME": str(home), "OMP_NUM_THREADS": "1"}


def write_study(
    folder: Path, name: str, models: list[str], strategies: list[str], items: int = 120, **more: object
) -> Path:
    """A study of sums, for scripted models."""
    rows = [{"question": f"What is {a} + {a * 7 % 50}?", "answer": a + a * 7 % 50} for a in range(3, 3 + items)]
    (folder / "sums.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    options = {"target": 0.6, "models": models, "strategies": strategies, **more}
    lines = [f"{key} = {json.dumps(value)}" for key, value in options.items()]
    task = 'file = "sums.jsonl"\ntemplate = "{{ question }}"\ntarget = "answer"\njudge = "number"'
    path = folder / f"{name}.toml"
    path.write_text("\n".join(["[study]", *lines, "", "[task]", task, ""]))
    return path


def find(home: Path, study: Path) -> None:
    """Run a study to its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GULLIVER_HOME", str(home))
        run(study)


@contextlib.contextmanager
def finding(home: Path, study: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A study under way."""
    process = subprocess.Popen([*GULLIVER, "find", str(study)], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@contextlib.contextmanager
def viewing(home: Path, *arguments: str) -> Iterator[dict[str, object]]:
    """The server; gives what `--json` printed."""
    log = home / "view.log"
    with log.open("w") as errors:
        process = subprocess.Popen([*GULLIVER, "view", "--json", *arguments], env=environment(home), stdout=subprocess.PIPE, stderr=errors, text=True)  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, log.read_text()
        yield json.loads(line)
        assert log.read_text() == ""
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
