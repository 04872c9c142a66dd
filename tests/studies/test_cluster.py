"""Studies on a real Ray cluster: the same answer as here, workers that die, other ways in, and one store in PostgreSQL."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.cluster import killing, questions_in
from benchmarks.fixed_latency import counts_of, running

from gulliver.inference.store import Store
from gulliver.models.cluster import On
from gulliver.studies import find
from gulliver.studies.result import ItemRecord, StudyResult
from tests.cli.test_app import gulliver
from tests.inference import postgres
from tests.inference.store_contract import in_store
from tests.models.cluster.ray_cluster import Running, lacking, ray_cluster

pytestmark = [pytest.mark.skipif(bool(lacking()), reason=lacking() or "Ray is here"), pytest.mark.timeout(600)]
POOR = "scripted:poor?accuracy=0.2&parameters=1e6"
FAIR = "scripted:fair?accuracy=0.75&parameters=1e7&process=true"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        with ray_cluster() as running_one:
            yield running_one


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))


def study(folder: Path, items: int = 96, **options: Any) -> dict[str, Any]:
    rows = [{"question": f"What is {a} + {a * 7 % 50}?", "answer": a + a * 7 % 50} for a in range(items)]
    (folder / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = {"file": str(folder / "sums.jsonl"), "template": "{{ question }}", "target": "answer", "judge": "number"}
    return {"study": {"target": 0.6, "models": [POOR, FAIR], "floors": False, **options}, "task": task}


def records(result: StudyResult) -> dict[str, list[ItemRecord]]:
    """What came out for each item of each recipe, without the time it took."""
    return {r.recipe: [replace(record, seconds=0.0) for record in r.records] for r in result.recipes}


def test_a_study_says_on_a_cluster_what_it_says_here(cluster: Running, tmp_path: Path) -> None:
    data = study(tmp_path, race=False, strategies=["direct", "sample(temperature=1.0) | majority(n=3)"])
    there = find(data, store=tmp_path / "there.sqlite", on=On(cluster.address, 2, 4)).result
    local = find(data, store=tmp_path / "here.sqlite").result
    assert there.answer == local.answer
    assert records(there) == records(local)
    assert there.spent.asked == local.spent.asked
    assert there.warnings == ()


def test_a_worker_killed_on_the_way_loses_nothing_and_repeats_no_answer(cluster: Running, tmp_path: Path) -> None:
    items, in_flight, latency, store = 120, 4, 0.3, tmp_path / "store.sqlite"
    with running(latency) as address, killing(address, items // 3, latency, store, cluster.process) as before:
        data = study(tmp_path, items, models=[f"openai:sums@{address}"], race=False)
        result = find(data, store=store, on=On(cluster.address, 2, in_flight)).result
        counts = counts_of(address)
    (recipe,) = result.recipes
    assert (recipe.items, recipe.right) == (items, items)
    assert len(questions_in(store)) == len(counts.came) == items
    assert 0 < len(before[0]) < items
    assert all(counts.came[question] == 1 for question in before[0])
    assert sum(times - 1 for times in counts.came.values()) <= in_flight  # what the dead worker had under way
    assert any(warning.startswith("1 worker on the Ray cluster") for warning in result.warnings)


SLOW = pytest.mark.skipif(
    "GULLIVER_SLOW" not in os.environ, reason="Ray gives its client's server 30 s to start; set GULLIVER_SLOW"
)


@pytest.mark.parametrize("way", ["address", pytest.param("client", marks=SLOW)])
def test_the_command_reaches_a_cluster(cluster: Running, tmp_path: Path, way: str) -> None:
    data = study(tmp_path, 24, models=[POOR])
    lines = ["[study]", "target = 0.6", "floors = false", f'models = ["{POOR}"]', "[task]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in data["task"].items()]
    (tmp_path / "study.toml").write_text("\n".join(lines))
    where = ["--on", getattr(cluster, way), "--workers", "1"]
    done = gulliver("find", str(tmp_path / "study.toml"), "--json", *where, timeout=500)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answer"]["kind"] == "none"


@pytest.mark.parametrize("wrong", [["--workers", "2"], ["--on", "ray", "--dry-run"]])
def test_the_command_says_what_does_not_go_together(tmp_path: Path, wrong: list[str]) -> None:
    refused = gulliver("find", str(tmp_path / "study.toml"), *wrong)
    assert (refused.returncode, "--on" in refused.stderr, refused.stderr.count("\n")) == (2, True, 1)


@pytest.mark.skipif(bool(postgres.lacking()), reason=postgres.lacking() or "a server can be started")
def test_answers_land_in_one_postgresql_and_a_second_study_asks_nothing(cluster: Running, tmp_path: Path) -> None:
    async def count(store: Store) -> int:
        return store.count()

    with postgres.server() as url:
        data = study(tmp_path, 48, race=False)
        first = find(data, store=f"{url}/postgres", on=On(cluster.address, 2, 8)).result
        assert in_store(f"{url}/postgres", count) == first.spent.asked == 96
        second = find(data, store=f"{url}/postgres", on=On(cluster.address, 1, 8)).result
    assert (second.spent.asked, second.spent.replayed) == (0, 96)
    assert records(second) == records(first)
