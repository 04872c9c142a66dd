"""Fitting an encoder to a domain: a linear map learned from the passages alone."""

import random
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from gulliver.models.files import Progress
from gulliver.retrieval.chunking import sentences

Array = npt.NDArray[np.float32]
STEPS, BATCH, RATE, TEMPERATURE, KEEP = 300, 64, 5e-3, 0.05, 1e-3
LEAST = 8
"""With fewer passages that can be split, the encoder stays as it is."""


def turned(vectors: Array, adapter: Array | None) -> Array:
    """Unit vectors after the map; shape (n, dimensions) as before."""
    if adapter is None:
        return vectors
    made = vectors @ adapter
    return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12), np.float32)


def train_adapter(texts: Sequence[str], embed: Callable[[str, Sequence[str]], Array], progress: Progress) -> Array:
    """A square map under which a sentence is nearer to the passage it was taken out of than to others (the inverse cloze
    task, Lee et al. 2019, arXiv:1906.00300). No question of the task is seen.

    Args:
        embed: vectors of texts, under a name they are kept by.
    """
    pairs = cloze_pairs(texts)
    if len(pairs) < LEAST:
        return np.eye(embed("probe", texts[:1]).shape[1], dtype=np.float32)
    questions = embed("sentences", [sentence for sentence, _ in pairs])
    passages = embed("rests", [rest for _, rest in pairs])
    progress("fitting the encoder", 0, STEPS)
    made = contrastive_map(questions, passages)
    progress("fitting the encoder", STEPS, STEPS)
    return made


def cloze_pairs(texts: Sequence[str], seed: int = 0) -> list[tuple[str, str]]:
    """One sentence (or line) of each passage that has at least two, and the rest of it."""
    rng = random.Random(f"cloze {seed}")
    found = []
    for text in texts:
        pieces = sentences(text)
        if len(pieces) > 1:
            taken = rng.randrange(len(pieces))
            found.append((pieces[taken], "\n".join(pieces[:taken] + pieces[taken + 1 :])))
    return found


def contrastive_map(questions: Array, passages: Array, seed: int = 0) -> Array:
    """The map W, near the identity, that minimises the cross-entropy of each question's own passage among those of its
    batch, scores being cosines of turned vectors over a temperature. Adam, gradient by hand.

    Args:
        questions, passages: unit vectors in pairs, shape (n, d) each.
    """
    rng = np.random.default_rng(seed)
    dimensions = questions.shape[1]
    identity = np.eye(dimensions)
    w, first, second = identity.copy(), np.zeros_like(identity), np.zeros_like(identity)
    for step in range(1, STEPS + 1):
        chosen = rng.permutation(len(questions))[:BATCH]
        gradient = _gradient(w, questions[chosen].astype(np.float64), passages[chosen].astype(np.float64))
        gradient += KEEP * (w - identity)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        rate = RATE * (1.0 - step / (STEPS + 1))
        w -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return w.astype(np.float32)


def _gradient(
    w: npt.NDArray[np.float64], q: npt.NDArray[np.float64], p: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of the loss in both directions, with respect to W."""
    qw, pw = q @ w, p @ w
    q_length, p_length = (np.linalg.norm(x, axis=1, keepdims=True) for x in (qw, pw))
    qu, pu = qw / q_length, pw / p_length
    scores = qu @ pu.T / TEMPERATURE
    n = len(q)
    rows, columns = _softmax(scores, 1), _softmax(scores, 0)
    d_scores = (rows + columns - 2 * np.eye(n)) / (2 * n * TEMPERATURE)
    d_qu, d_pu = d_scores @ pu, d_scores.T @ qu
    d_qw = (d_qu - qu * (d_qu * qu).sum(1, keepdims=True)) / q_length
    d_pw = (d_pu - pu * (d_pu * pu).sum(1, keepdims=True)) / p_length
    gradient: npt.NDArray[np.float64] = q.T @ d_qw + p.T @ d_pw
    return gradient


def _softmax(x: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    made: npt.NDArray[np.float64] = e / e.sum(axis=axis, keepdims=True)
    return made
