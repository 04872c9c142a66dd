"""What is exported: every kind of request in its columns, texts only where they are kept, and whole files only."""

import asyncio
from pathlib import Path

import polars as pl
import pytest

from gulliver.errors import GulliverError
from gulliver.inference import Store, exporting, holdings
from gulliver.inference.exporting import ANSWERS, JUDGEMENTS, TEXTS, export
from gulliver.inference.holdings import database
from gulliver.inference.keys import request_key
from gulliver.models.base import Embed, Generate, Reply, Request, Sampling, Score
from tests.inference.fakes import MODEL

ASKED: list[tuple[Request, Reply]] = [
    (
        Generate("q \ud83d", Sampling(9, 0.5, 0.9, 3, ("\n",))),
        Reply("a", "length", 5, 9, 2, -4.5, seconds=0.5, joules=2.0),
    ),
    (Score("p", " c"), Reply(prompt_tokens=5, completion_tokens=1, logprob=-0.5)),
    (Embed("t"), Reply(vector=(0.25, 1.0))),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def fill() -> None:
        async with Store(tmp_path / "s.sqlite") as store:
            for request, reply in ASKED:
                await store.put(request_key(MODEL, request, 0, 0), MODEL, request, reply)
            await store.put_judged("k", MODEL, {"outcome": "wrong", "uses": [["a", []], ["b", []]]})

    asyncio.run(fill())
    return tmp_path / "s.sqlite"


def test_each_kind_of_request_is_a_row_with_its_own_columns(path: Path) -> None:
    with database(path) as engine:
        assert export(engine, path.with_name("x.parquet")) == 3
    rows = {row["kind"]: row for row in pl.read_parquet(path.with_name("x.parquet")).to_dicts()}
    drawn, scored, embedded = rows["generate"], rows["score"], rows["embed"]
    assert list(drawn) == list(ANSWERS)
    assert (drawn["prompt"], drawn["stop"], drawn["top_k"], drawn["joules"]) == ("q ?", ["\n"], 3, 2.0)
    assert (scored["continuation"], scored["logprob"], scored["max_tokens"], scored["stop"]) == (" c", -0.5, None, None)
    assert (embedded["prompt"], embedded["vector"]) == ("t", [0.25, 1.0])
    assert {row["key"] for row in rows.values()} == {request_key(MODEL, request, 0, 0) for request, _ in ASKED}


def test_without_texts_nothing_that_was_asked_or_written_is_in_the_file(path: Path) -> None:
    with database(path) as engine:
        export(engine, path.with_name("x.parquet"), texts=False)
    found = pl.read_parquet(path.with_name("x.parquet"))
    assert set(found.columns) == set(ANSWERS) - set(TEXTS)
    assert found["completion_tokens"].sum() == 10


def test_judgements_are_exported_with_their_outcomes(path: Path) -> None:
    with database(path) as engine:
        assert export(engine, path.with_name("x.parquet"), judged=True) == 1
    found = pl.read_parquet(path.with_name("x.parquet"))
    assert found.columns == list(JUDGEMENTS)
    assert found.row(0)[:4] == ("k", "d" * 64, "wrong", 2)


def test_many_small_reads_make_the_same_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    with database(path) as engine:
        export(engine, path.with_name("one.parquet"))
        monkeypatch.setattr(holdings, "CHUNK", 2)
        export(engine, path.with_name("two.parquet"), tell=lambda _, done, whole: seen.append((done, whole)))
    assert pl.read_parquet(path.with_name("one.parquet")).equals(pl.read_parquet(path.with_name("two.parquet")))
    assert seen == [(2, 3), (3, 3)]


def test_an_empty_store_is_an_empty_table(tmp_path: Path) -> None:
    with database(tmp_path / "s.sqlite") as engine:
        assert export(engine, tmp_path / "x.parquet") == 0
    assert pl.read_parquet(tmp_path / "x.parquet").shape == (0, len(ANSWERS))


def test_a_place_that_cannot_be_written_is_a_sentence_and_a_failure_leaves_no_part(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database(path) as engine:
        with pytest.raises(GulliverError, match="cannot be written"):
            export(engine, path / "x.parquet")
        monkeypatch.setattr(exporting, "_answer", lambda _: {}["gone"])
        with pytest.raises(KeyError, match="gone"):
            export(engine, path.with_name("y.parquet"))
    assert not [p for p in path.parent.iterdir() if "parquet" in p.name]
