from pathlib import Path

import pytest

from gulliver.retrieval import RetrievalError, ranker
from gulliver.retrieval.ranker import load_ranker, train_ranker
from gulliver.retrieval.support import content, overlap, support
from tests.retrieval.texts import Letters


def test_support_counts_what_the_passage_says_beyond_the_question() -> None:
    passage = "The keeper of Orran is Magda Voss, who climbs 212 steps."
    assert support("Magda Voss climbs 212 steps.", passage, "Who is the keeper?") == 1.0
    assert support("Tobias Kern climbs 300 steps.", passage) == pytest.approx(2 / 5)
    assert support("It is so.", passage) == 0.0
    assert content("Is the keeper there, the keeper of 7?", "there") == ["keeper", "7"]


@pytest.mark.parametrize(
    ("answer", "target", "value"),
    [("the red fox", "red fox", 0.8), ("a a", "a", 2 / 3), ("x", "y", 0.0), ("", "y", 0.0)],
)
def test_overlap_is_the_f1_of_words(answer: str, target: str, value: float) -> None:
    assert overlap(answer, target) == pytest.approx(value)


def test_a_ranker_learns_what_helps_and_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "find_encoder", lambda name: Letters())
    places = ["Orran", "Veldt", "Kassel", "Mirna", "Tolga", "Brisk", "Nevin", "Dorma"]
    good = [
        (f"How many steps has the tower of {p}?", f"The tower of {p} has {i + 40} steps.") for i, p in enumerate(places)
    ]
    bad = [(question, "Nothing is known; bread rests overnight.") for question, _ in good]
    made = train_ranker([*good, *bad], [True] * len(good) + [False] * len(bad))
    made.save(tmp_path / "ranker.json")
    asked = "How many steps has the tower of Quill?"
    first, second = load_ranker(str(tmp_path / "ranker.json")).scores(
        asked, ["The tower of Quill has 9 steps.", "Bread rests."]
    )
    assert first > 0.8 > 0.3 > second
    assert made.scores(asked, ["The tower of Quill has 9 steps."])[0] == pytest.approx(first)


def test_a_ranker_wants_both_kinds_and_a_file_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RetrievalError, match="some of both"):
        train_ranker([("q", "t")], [True])
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RetrievalError, match="no ranker"):
        load_ranker(str(tmp_path / "x.json"))
