"""Searching finds what it should, and what was indexed once is not indexed again."""

from pathlib import Path

import numpy as np
import pytest

from gulliver.retrieval import Making, RetrievalError, index, open_index
from gulliver.retrieval.fusion import fuse
from gulliver.retrieval.lexical import Lexical, words
from tests.retrieval.texts import Letters

SHORT = Making(size=12, overlap=0)


@pytest.mark.parametrize("by", ["bm25", "dense", "hybrid"])
def test_the_passage_with_the_answer_comes_first(source: Path, letters: Letters, by: str) -> None:
    found = open_index(source, SHORT).search("The brig Halcyon that sank, and her master", 2, by)
    assert found[0][0].document == "deep/ships.txt"
    assert found[0][1] >= found[1][1]


def test_words_that_stand_nowhere_find_nothing_by_bm25(source: Path) -> None:
    assert open_index(source, SHORT).search("zzz qqq", 3, "bm25") == []


def test_bm25_agrees_with_its_formula() -> None:
    """Lucene's: idf = ln(1 + (N - n + 0.5) / (n + 0.5)), times tf / (tf + k1 (1 - b + b length / mean))."""
    texts = ["a b b c", "a d", "e f g"]
    lengths = [len(text.split()) for text in texts]
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    score = idf * 2 / (2 + 1.5 * (1 - 0.75 + 0.75 * lengths[0] / np.mean(lengths)))
    assert Lexical.build(texts).scores("b") == pytest.approx([score, 0.0, 0.0], abs=1e-5)


def test_words_are_the_same_whatever_the_keyboard() -> None:
    assert words("كتاب علي") == words("کتاب علی")
    assert words("می‌روم") == ["می", "روم"]
    assert words("Café") == words("Café")


def test_fusion_adds_reciprocal_ranks() -> None:
    joined = dict(fuse([[1, 2], [2, 3]]))
    assert joined == pytest.approx({1: 1 / 61, 2: 1 / 62 + 1 / 61, 3: 1 / 62})
    assert next(iter(joined)) == 2


def test_an_index_is_read_again_and_not_made_again(
    source: Path, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_index(source, SHORT)
    told = first.search("whale oil", 3)
    read = letters.read
    monkeypatch.setattr(index, "_OPEN", {})
    monkeypatch.setattr(Lexical, "build", lambda texts: pytest.fail("indexed again"))
    second = open_index(source, SHORT)
    assert second is not first
    assert second.search("whale oil", 3) == told
    assert letters.read == read + 1  # the query alone


def test_a_changed_file_is_seen_and_a_copy_elsewhere_is_the_same_index(source: Path, letters: Letters) -> None:
    first = open_index(source, SHORT)
    assert open_index(source, SHORT) is first
    (source / "new.txt").write_text("The cooper Anselm Pike made casks.", encoding="utf-8")
    second = open_index(source, SHORT)
    assert second.place != first.place
    assert second.search("cooper casks", 1, "bm25")[0][0].document == "new.txt"
    (source / "new.txt").unlink()
    assert open_index(source, SHORT).place == first.place


def test_an_interrupted_embedding_goes_on_where_it_was(
    source: Path, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BLOCK", 2)
    made = open_index(source, Making(size=6, overlap=0))
    whole = letters.embed

    def stops(texts: list[str]) -> object:
        if letters.read >= 4:
            raise KeyboardInterrupt
        return whole(texts)

    monkeypatch.setattr(letters, "embed", stops)
    with pytest.raises(KeyboardInterrupt):
        _ = made.vectors
    monkeypatch.setattr(letters, "embed", whole)
    assert len(made.vectors) == len(made.passages)
    assert letters.read == len(made.passages)
    assert np.allclose(made.vectors, whole([passage.shown for passage in made.passages]))


def test_summaries_keep_a_search_within_the_right_document(source: Path, letters: Letters) -> None:
    made = open_index(source, Making(size=6, overlap=0))
    found = made.search("whale oil lighthouse", 1, "bm25", via="summaries")
    assert [passage.document for passage, _ in found] == ["lamps.txt"]
    assert {p.document for p, _ in made.search("Orran", 2, "bm25", via="summaries")} <= {"lamps.txt", "deep/ships.txt"}


def test_a_search_by_no_known_way_is_refused(source: Path) -> None:
    with pytest.raises(RetrievalError, match="bm25, dense, hybrid"):
        open_index(source, SHORT).search("x", 1, "sparse")


def test_an_encoder_can_be_learned_from_the_passages_alone(source: Path) -> None:
    made = open_index(source, Making(12, 0, encoder="corpus"))
    assert made.search("oven beech fires", 1, "dense")[0][0].document == "bread.md"
    assert np.allclose(np.linalg.norm(made.vectors, axis=1), 1.0, atol=1e-5)
