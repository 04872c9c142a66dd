"""The map is learned from passages alone, lowers its own loss, and ranks held-out pairs better."""

import numpy as np
import numpy.typing as npt

from gulliver.retrieval.adapter import TEMPERATURE, _gradient, cloze_pairs, contrastive_map, turned

Array = npt.NDArray[np.float32]


def _pairs(n: int, seed: int) -> tuple[Array, Array]:
    """A shared meaning in 8 dimensions, and loud noise in 24 that the two do not share."""
    rng = np.random.default_rng(seed)
    meaning = rng.normal(size=(n, 8))
    both = [np.hstack([meaning + 0.3 * rng.normal(size=(n, 8)), 0.8 * rng.normal(size=(n, 24))]) for _ in range(2)]
    first, second = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in both)
    return first.astype(np.float32), second.astype(np.float32)


def _first(questions: Array, passages: Array) -> float:
    return float(np.mean((questions @ passages.T).argmax(1) == np.arange(len(questions))))


def test_the_gradient_is_that_of_the_loss() -> None:
    q, p = (x.astype(np.float64) for x in _pairs(6, 3))
    rng = np.random.default_rng(0)
    w = np.eye(32) + 0.1 * rng.normal(size=(32, 32))

    def loss(w: npt.NDArray[np.float64]) -> float:
        qu, pu = (x @ w / np.linalg.norm(x @ w, axis=1, keepdims=True) for x in (q, p))
        s = qu @ pu.T / TEMPERATURE
        return float(np.mean(np.logaddexp.reduce(s, 1) + np.logaddexp.reduce(s, 0) - 2 * np.diag(s)) / 2)

    way = rng.normal(size=w.shape)
    numeric = (loss(w + 1e-5 * way) - loss(w - 1e-5 * way)) / 2e-5
    assert np.isclose(numeric, (_gradient(w, q, p) * way).sum(), rtol=1e-4)


def test_held_out_pairs_are_ranked_better() -> None:
    adapter = contrastive_map(*_pairs(400, 1))
    questions, passages = _pairs(100, 2)
    before, after = _first(questions, passages), _first(turned(questions, adapter), turned(passages, adapter))
    assert after > before + 0.2


def test_turned_vectors_have_length_one_and_none_stays_none() -> None:
    questions, _ = _pairs(5, 4)
    assert turned(questions, None) is questions
    assert np.allclose(np.linalg.norm(turned(questions, np.diag(np.arange(1.0, 33.0))), axis=1), 1.0)


def test_a_pair_is_a_sentence_and_its_passage_without_it() -> None:
    (sentence, rest), *more = cloze_pairs(["One. Two. Three.", "alone"])
    assert not more
    assert sentence not in rest
    assert sorted([sentence, *rest.split("\n")]) == ["One.", "Three.", "Two."]
