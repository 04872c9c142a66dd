"""One small study on a real model, end to end: floors, answers, report, replay."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.models


def find(study: Path, store: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from gulliver.cli import main; main()", "find", str(study), "--store", str(store)]
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False, timeout=280)


def test_tickets_on_the_smallest_rung_answers_and_replays(tmp_path: Path) -> None:
    text = (EXAMPLES / "tickets.toml").read_text()
    text = text.replace('"tickets.jsonl"', f'"{EXAMPLES / "tickets.jsonl"}"')
    text = text.replace("tickets_judge.py", str(EXAMPLES / "tickets_judge.py"))
    text = text.replace(', "qwen2.5-coder-0.5b"', "").replace("max_tokens = 16", "max_tokens = 6")
    text = text.replace("[study]", "[study]\nrace = false\nitems = 12", 1)
    study = tmp_path / "small.toml"
    study.write_text(text)
    page = tmp_path / "page.html"
    first = find(study, tmp_path / "store.sqlite", "--json", "--report", str(page))
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    by_name = {recipe["recipe"]: recipe for recipe in result["recipes"]}
    model = by_name["smollm2-135m | direct"]
    assert model["items"] == 12
    assert model["flops_computed"] > 1e9
    assert model["peak_memory"] > 1e8
    assert {"majority class", "tf-idf + logistic regression"} <= set(by_name)
    assert result["spent"]["asked"] == 12
    assert "<html" in page.read_text()
    second = json.loads(find(study, tmp_path / "store.sqlite", "--json").stdout)
    assert (second["spent"]["asked"], second["spent"]["replayed"]) == (0, 12)
    assert second["answer"] == result["answer"]
