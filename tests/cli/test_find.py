"""`gulliver find`: one JSON object, exit codes that CI can rely on, a lock that holds the answer."""

import json
from pathlib import Path

import pytest

from tests.cli.test_app import gulliver

STUDY = """
[study]
target = {target}
models = ["scripted:m?accuracy=0.9&parameters=1e6"]
[task]
file = "sums.jsonl"
template = "{{{{ q }}}}"
target = "a"
judge = "number"
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"q": f"What is {a} + {a % 17}?", "a": a + a % 17} for a in range(60)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(target=0.6))
    return path


def test_json_is_the_only_thing_on_standard_output(study: Path) -> None:
    done = gulliver("find", str(study), "--json")
    assert json.loads(done.stdout)["answer"]["kind"] == "meets"
    assert done.returncode == 0


def test_a_report_is_written_where_asked_and_again_from_the_run(study: Path, tmp_path: Path) -> None:
    gulliver("find", str(study), "--report", str(tmp_path / "a.html"))
    gulliver("report", "latest", "--output", str(tmp_path / "b.html"))
    assert (tmp_path / "a.html").read_text() == (tmp_path / "b.html").read_text()


def test_require_fails_when_the_target_is_not_met(study: Path) -> None:
    assert gulliver("find", str(study), "--require").returncode == 0
    study.write_text(STUDY.format(target=0.99))
    done = gulliver("find", str(study), "--require")
    assert done.returncode == 1
    assert "not met" in done.stderr


def test_a_lock_holds_the_answer_until_it_is_accepted_anew(study: Path, tmp_path: Path) -> None:
    assert gulliver("find", str(study), "--lock").returncode == 0
    assert gulliver("find", str(study), "--require").returncode == 0
    rows = (tmp_path / "sums.jsonl").read_text().splitlines()
    (tmp_path / "sums.jsonl").write_text("\n".join(rows[:50]))
    changed = gulliver("find", str(study), "--require")
    assert changed.returncode == 1
    assert "task" in changed.stderr
    study.with_suffix(".lock").write_text("not json")
    assert gulliver("find", str(study), "--require").returncode == 2


def test_a_dry_run_forecasts_keeps_the_forecast_and_runs_no_study(study: Path, tmp_path: Path) -> None:
    done = gulliver("find", str(study), "--dry-run", "--pilot", "4", "--json")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    assert made["paid"]["asked"] == 4
    assert {"requests", "prompt_tokens", "completion_tokens", "flops", "elapsed"} <= set(made["spans"])
    assert sorted(path.name for path in (tmp_path / "home" / "runs").glob("*/*")) == ["forecast.json"]
    later = json.loads(gulliver("find", str(study), "--json").stdout)
    assert later["forecast"]["made"] == made["made"]
    assert later["spent"]["replayed"] == 4


def test_a_dry_run_in_words_names_the_pilot(study: Path) -> None:
    said = gulliver("find", str(study), "--dry-run").stdout
    assert "Likely answers" in said
    assert "first 8 items" in said
