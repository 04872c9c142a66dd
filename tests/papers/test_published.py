"""Published tables are found in a folder, kept once fetched, and refused when they are others."""

import hashlib
from pathlib import Path

import pytest

from gulliver.errors import GulliverError, ModelError
from gulliver.papers.published import PublishedTable, packaged, published

BYTES = b"a,b\n1,2\n"
TABLE = PublishedTable("runs.csv", "https://example.invalid/runs.csv", hashlib.sha256(BYTES).hexdigest())


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GULLIVER_SHARED", raising=False)


@pytest.mark.parametrize("inside", ["", "data"])
def test_a_table_is_read_from_the_shared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    place = tmp_path / "shared" / inside
    place.mkdir(parents=True)
    (place / "runs.csv").write_bytes(BYTES)
    monkeypatch.setenv("GULLIVER_SHARED", str(tmp_path / "shared"))
    assert published(TABLE) == place / "runs.csv"


def test_a_table_of_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs.csv").write_bytes(b"a,b\n3,4\n")
    monkeypatch.setenv("GULLIVER_SHARED", str(tmp_path))
    with pytest.raises(GulliverError, match="is not the published table"):
        published(TABLE)


def test_a_table_is_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetch(url: str, target: Path) -> None:
        asked.append(url)
        target.write_bytes(BYTES)

    monkeypatch.setattr("gulliver.models.sources.fetch_url", fetch)
    assert published(TABLE).read_bytes() == published(TABLE).read_bytes() == BYTES
    assert asked == [TABLE.url]


def test_without_network_one_sentence_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, target: Path) -> None:
        raise ModelError("no network")

    monkeypatch.setattr("gulliver.models.sources.fetch_url", fetch)
    with pytest.raises(GulliverError, match=r"runs\.csv is not here .* set GULLIVER_SHARED"):
        published(TABLE)


def test_packaged_tables_hold_what_their_note_says() -> None:
    points = packaged("visual_tokens.csv")
    assert points.rows == 28
    assert points.columns["score"].max() == 0.5354
    scores = packaged("pythia_evals.csv")
    assert scores.rows == 16 * 27 + 13
    assert set(scores.labels["family"]) == {"pythia", "opt", "bloom"}
