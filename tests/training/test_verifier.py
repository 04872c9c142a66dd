"""A verifier learns what tells right drafts from wrong ones, and says how well it does on questions it has not seen."""

import math
import random
from pathlib import Path

import numpy as np
import pytest

from gulliver.errors import ModelError, TrainingError
from gulliver.models.base import Embed, Score
from gulliver.models.engines.waiting import Batches
from gulliver.models.verifier import PLAIN, features, read_head
from gulliver.training.verifier import Labelled, auc, fit_verifier, within


class Words:
    """An encoder of a test: vectors that say nothing."""

    dimensions = 4
    parameters = embedding_parameters = 0

    def embed(self, texts: list[str]) -> np.ndarray:
        rows = [random.Random(text).random() for text in texts]
        return np.array([[math.cos(9 * i * row) / 2 for i in range(4)] for row in rows], dtype=np.float32)

    def tokens(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def examples(questions: int = 12) -> list[Labelled]:
    """A right draft and a wrong one of each question, told apart by their sums alone."""
    made = []
    for a in range(questions):
        made.append(Labelled(f"What is {a} + 4?", f"{a} + 4 = {a + 4}. Answer: {a + 4}", True, str(a)))
        made.append(Labelled(f"What is {a} + 4?", f"{a} + 4 = {a + 5}. Answer: {a + 5}", False, str(a)))
    return made


def test_it_ranks_drafts_of_unseen_questions() -> None:
    fitted = fit_verifier(examples(), encoder=Words)  # type: ignore[arg-type]
    assert (fitted.drafts, fitted.groups, fitted.right) == (24, 12, 12)
    assert fitted.auc > 0.95
    assert fitted.within == 1.0


def test_labels_that_mean_nothing_are_not_learned() -> None:
    source = random.Random(1)
    shuffled = [Labelled(e.question, "x " * source.randint(5, 9), source.random() < 0.5, e.group) for e in examples(60)]
    fitted = fit_verifier(shuffled, encoder=Words)  # type: ignore[arg-type]
    assert 0.3 < fitted.auc < 0.7


def test_too_little_to_learn_from_is_a_sentence() -> None:
    with pytest.raises(TrainingError, match="neither too weak nor too strong"):
        fit_verifier([Labelled("q", "s", True, str(i)) for i in range(20)], encoder=Words)  # type: ignore[arg-type]


def test_a_head_is_kept_and_read_again(tmp_path: Path) -> None:
    head = fit_verifier(examples(), encoder=Words).head  # type: ignore[arg-type]
    head.save(tmp_path / "v.json")
    assert read_head(tmp_path / "v.json") == head
    (tmp_path / "v.json").write_text("{}")
    with pytest.raises(ModelError, match="is no verifier"):
        read_head(tmp_path / "v.json")


def test_features_hold_vectors_and_what_a_calculator_says() -> None:
    rows = features(["q", "q"], ["1 + 1 = 2. Answer: 2", "1 + 1 = 3"], Words())  # type: ignore[arg-type]
    assert rows.shape == (2, 2 * 4 + PLAIN)
    assert rows[:, -PLAIN:-3].tolist() == [[1, 0], [0, 1]]


def test_ranks_are_counted_over_pairs() -> None:
    right = np.array([True, False, True, False])
    assert auc(np.array([3.0, 1.0, 2.0, 2.0]), right) == pytest.approx(0.875)
    assert auc(np.array([1.0, 2.0]), np.array([True, True])) == 0.5
    assert within(np.array([3.0, 1.0, 0.0, 2.0]), right, np.array([0, 0, 1, 1])) == 0.5
    assert within(np.array([3.0, 1.0]), np.array([True, True]), np.array([0, 1])) is None


def test_an_engine_that_judges_takes_batches_and_refuses_to_write() -> None:
    engine = Batches(lambda pairs: ([2.0 if b == "good" else -40.0 for _, b in pairs], [3] * len(pairs)))
    for key, text in enumerate(["good", "bad"] * 20):
        engine.submit(key, Score("q", text))
    engine.submit(99, Embed("x"))
    replies = dict(engine.step())
    assert len(replies) == 17
    assert replies[0].logprob == pytest.approx(-math.log1p(math.exp(-2.0)))
    assert replies[1].logprob == -40.0
    assert replies[99].finish == "failed"
    engine.cancel(39)
    while engine.busy():
        replies |= dict(engine.step())
    assert set(replies) == {*range(39), 99}
