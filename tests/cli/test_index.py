"""`gulliver index`: what is there, and what a query finds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import GulliverError
from tests.retrieval.conftest import source  # noqa: F401


def _run(*words: str) -> str:
    result = CliRunner().invoke(app, ["index", *words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_json_tells_what_was_indexed_and_found(source: Path) -> None:  # noqa: F811
    said = json.loads(
        _run(str(source), "--by", "bm25", "--size", "12", "--overlap", "0", "--query", "Halcyon", "--json")
    )
    assert (said["documents"], said["passages"]) == (3, 6)
    assert [row["document"] for row in said["found"]] == ["deep/ships.txt"]
    assert said["found"][0]["score"] > 0


def test_a_person_reads_the_passages(source: Path) -> None:  # noqa: F811
    said = _run(str(source), "--by", "hybrid", "--encoder", "corpus", "--query", "rye bread", "-k", "1")
    assert "3 documents" in said
    assert "Rye bread rests overnight." in said


def test_a_query_that_fits_nothing_says_so(source: Path) -> None:  # noqa: F811
    assert "Nothing fits" in _run(str(source), "--by", "bm25", "--query", "zzz")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "no file or folder"),
        ([".", "--by", "sparse"], "no way to search"),
        ([".", "--overlap", "200"], "must be below"),
    ],
)
def test_mistakes_are_said_in_a_sentence(words: list[str], told: str) -> None:
    with pytest.raises(GulliverError, match=told):
        _run(*words)
