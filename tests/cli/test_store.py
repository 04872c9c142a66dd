"""`gulliver store`: what is there, what would go, what goes, and never under another process."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sql
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from gulliver.studies import find

FAIR, POOR = "scripted:fair?accuracy=0.6&parameters=1e6", "scripted:poor?accuracy=0.1&parameters=1e5"
HOLD = """
import asyncio, sys
from pathlib import Path
from gulliver.inference import Store

async def main():
    async with Store(Path(sys.argv[1])):
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shared store after a study of two models on 30 items."""
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    rows = [{"q": f"What is {a} + {a % 17}?", "a": a + a % 17} for a in range(30)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(tmp_path / "sums.jsonl"), "template": "{{ q }}", "target": "a", "judge": "number"}
    find({"study": {"target": 0.5, "models": [FAIR, POOR], "race": False, "floors": False}, "task": task})
    return tmp_path / "home" / "store.sqlite"


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["store", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_stats_count_by_model_under_the_names_of_runs(store: Path) -> None:
    data = json.loads(said("stats", "--json"))
    assert (data["answers"], data["judgements"]) == (60, 0)
    assert {share["name"]: share["answers"] for share in data["shares"]} == {FAIR: 30, POOR: 30}
    assert data["bytes"] >= store.stat().st_size
    assert data["oldest"] <= data["newest"]
    assert "60 answers, from 20" in said("stats")


def test_pruning_says_what_would_go_and_deletes_only_when_told() -> None:
    assert "Would delete 30 answers" in said("prune", "--model", FAIR)
    assert json.loads(said("stats", "--json"))["answers"] == 60
    data = json.loads(said("prune", "--model", FAIR, "--yes", "--json"))
    assert (data["gone"], data["deleted"]) == (30, True)
    assert [share["name"] for share in json.loads(said("stats", "--json"))["shares"]] == [POOR]
    digest = json.loads(said("stats", "--json"))["shares"][0]["model"]
    assert "Deleted 30 answers" in said("prune", "--model", digest[:8], "--yes")


def test_pruning_by_age_leaves_what_is_younger_and_gives_room_back(store: Path) -> None:
    engine = sql.create_engine(f"sqlite:///{store}")
    with engine.begin() as connection:
        connection.execute(sql.text("update answers set created = created - 40 * 86400 where reply like '%1%'"))
        old = connection.execute(sql.text("select count(*) from answers where reply like '%1%'")).scalar()
        connection.execute(sql.text("update answers set request = request || :more"), {"more": " " * 5000})
    engine.dispose()
    assert old
    assert "Nothing" in said("prune", "--older-than", "8w")
    data = json.loads(said("prune", "--older-than", "30d", "--yes", "--json"))
    assert (data["answers"], data["gone"]) == (old, old)
    assert data["bytes"] < data["bytes_before"] - 4000 * old


def test_unused_is_what_no_finished_run_names(store: Path) -> None:
    assert "Nothing" in said("prune", "--unused")
    for folder in (store.parent / "runs").iterdir():
        (folder / "result.json").unlink()
    assert "Would delete 60 answers" in said("prune", "--unused")
    with pytest.raises(GulliverError, match="shared by others"):
        said("prune", "--unused", "--store", "postgresql://nowhere/none")


def test_nothing_is_pruned_while_another_process_has_the_store_open(store: Path) -> None:
    root = Path(__file__).parents[2]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(GulliverError, match="Another process is using the store"):
            said("prune", "--model", FAIR, "--yes")
        assert json.loads(said("stats", "--json"))["answers"] == 60
        assert "Would delete" in said("prune", "--model", FAIR)
    finally:
        other.communicate("\n", timeout=60)
    assert "Deleted 30" in said("prune", "--model", FAIR, "--yes")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["prune"], "Say what may go"),
        (["prune", "--older-than", "soon"], "is no age"),
        (["prune", "--model", "nobody"], "holds no answers of 'nobody'"),
        (["export", "x.csv"], "ending in .parquet"),
        (["stats", "--store", "not a url://"], "is no database URL"),
    ],
)
def test_mistakes_are_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(GulliverError, match=sentence):
        said(*arguments)


def test_export_writes_parquet_and_leaves_texts_out_where_none_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    assert "60 rows" in said("export", str(path))
    assert "What is 3 + 3?" in " ".join(pl.read_parquet(path)["prompt"])
    assert json.loads(said("export", str(path), "--model", FAIR, "--json")) == {"output": str(path), "rows": 30, "texts": True}  # fmt: skip
    monkeypatch.setenv("GULLIVER_KEEP_TEXT", "0")
    assert "without texts" in said("export", str(path))
    assert "prompt" not in pl.read_parquet(path).columns
    assert b"What is" not in path.read_bytes()
