"""A small model that says how likely a text helps to answer a question: logistic regression on an encoder's vectors."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gulliver.models.files import writing
from gulliver.retrieval.documents import RetrievalError
from gulliver.retrieval.encoders import find_encoder
from gulliver.retrieval.support import content

Array = npt.NDArray[np.float64]
STRENGTH = 0.3
"""Inverse of the penalty on weights: labels are few."""


@dataclass(frozen=True)
class Ranker:
    """`weights` of the features, after `means` and `scales` are taken out; `encoder` as for an index."""

    encoder: str
    weights: tuple[float, ...]
    bias: float
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """For each text the probability, in (0, 1), that it helps."""
        rows = features([(question, text) for text in texts], self.encoder)
        scaled = (rows - np.array(self.means)) / np.array(self.scales)
        return [
            1.0 / (1.0 + math.exp(-float(x))) for x in np.clip(scaled @ np.array(self.weights) + self.bias, -30, 30)
        ]

    def save(self, path: Path) -> None:
        """Write it where `load_ranker` reads it."""
        with writing(path) as aside:
            aside.write_text(json.dumps(asdict(self)), encoding="utf-8")


def train_ranker(pairs: Sequence[tuple[str, str]], helped: Sequence[bool], encoder: str = "minilm-22m") -> Ranker:
    """Learn from (question, text) pairs and whether the text helped.

    Raises:
        RetrievalError: all texts helped, or none did.
    """
    from sklearn.linear_model import LogisticRegression

    if len(set(helped)) < 2:
        raise RetrievalError("A ranker learns from texts that helped and texts that did not; give it some of both.")
    rows = features(pairs, encoder)
    means, scales = rows.mean(0), np.maximum(rows.std(0), 1e-6)
    fitted = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000).fit(
        (rows - means) / scales, list(helped)
    )
    floats = [tuple(float(x) for x in values) for values in (fitted.coef_[0], means, scales)]
    return Ranker(encoder, floats[0], float(fitted.intercept_[0]), floats[1], floats[2])


@lru_cache(maxsize=8)
def load_ranker(path: str) -> Ranker:
    """
    Raises:
        RetrievalError: the file is no ranker.
    """
    try:
        data = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        lists = {key: tuple(float(x) for x in data[key]) for key in ("weights", "means", "scales")}
        return Ranker(str(data["encoder"]), bias=float(data["bias"]), **lists)
    except (OSError, ValueError, KeyError, TypeError):
        raise RetrievalError(
            f"{path} is no ranker that train_ranker saved; leave ranker out to let the model judge."
        ) from None


def features(pairs: Sequence[tuple[str, str]], encoder: str) -> Array:
    """Cosine, share of the question's content words, log of the length and of the numbers in the text; shape (n, 4)."""
    embed = find_encoder(encoder).embed
    questions, texts = embed([q for q, _ in pairs]), embed([t for _, t in pairs])
    rows = []
    for (question, text), q, t in zip(pairs, questions, texts, strict=True):
        asked, said = content(question), set(content(text))
        share = sum(word in said for word in asked) / max(1, len(asked))
        numbers = sum(word.isdigit() for word in said)
        rows.append([float(q @ t), share, math.log1p(len(text.split())), math.log1p(numbers)])
    return np.array(rows)
