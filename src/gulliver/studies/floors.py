"""Floors for classification: what is reached without a language model, so that nobody runs one for nothing."""

import random
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.errors import ModelError
from gulliver.models.encoder import Encoder, load_encoder
from gulliver.tasks.base import Item, Task

FOLDS = 5
MOST = 4000
"""Labelled items a floor is fitted to at most; more would take longer than they help a linear model."""

Split = tuple[list[int], list[int]]
"""Positions of the items to fit to, and of those to predict."""


@dataclass(frozen=True)
class FloorResult:
    """What one floor says of every test item, in their order.

    Attributes:
        predictions: labels as text.
        seconds_per_item, flops_per_item: of predicting; fitting is not counted.
        note: what it was fitted to.
    """

    name: str
    predictions: list[str]
    seconds_per_item: float
    flops_per_item: float
    note: str


@dataclass(frozen=True)
class _Data:
    """`fallback` is said where there is nothing to learn from."""

    texts: list[str]
    labels: list[str]
    splits: list[Split]
    note: str
    fallback: str

    @property
    def asked(self) -> list[int]:
        """Positions of the test items, in the order of the task."""
        return sorted(i for _, ask in self.splits for i in ask)


def floors(task: Task, *, seed: int = 0, encoder: Callable[[], Encoder] = load_encoder) -> list[FloorResult]:
    """Majority class, TF-IDF with logistic regression, and a linear probe on sentence vectors, over the test items.

    They are fitted to the task's train items. A task without any is cross-fitted: each fifth of the pool is predicted
    from the other four, identical texts kept together, so no item is predicted from its own label (the majority class is
    one label for all, the pool's most frequent). Nothing is tuned.
    A task without `labels` has no floors. When the encoder cannot be had, the probe is left out and a note says why.
    """
    if not task.labels or not task.test:
        return []
    data = _data(task, seed)
    found = [_majority(data, fitted=bool(task.train)), _tfidf(data, seed)]
    try:
        found.append(_probe(data, seed, encoder()))
    except ModelError as error:
        last = found.pop()
        note = f"{last.note}; the probe on sentence vectors was left out: {error}"
        found.append(FloorResult(last.name, last.predictions, last.seconds_per_item, last.flops_per_item, note))
    return found


def folds(texts: Sequence[str], labels: Sequence[str], count: int, seed: int) -> list[int]:
    """A fold, 0 to `count` - 1, for each item: every label spread evenly, identical texts in one fold."""
    by_label: dict[str, list[str]] = defaultdict(list)
    for text, label in dict(zip(reversed(texts), reversed(labels), strict=True)).items():
        by_label[label].append(text)
    source = random.Random(seed)
    fold: dict[str, int] = {}
    for label in sorted(by_label):
        members = sorted(by_label[label])
        source.shuffle(members)
        for text in members:
            fold[text] = len(fold) % count
    return [fold[text] for text in texts]


def text_of(item: Item) -> str:
    """What a floor reads: the row's `text` column, else the question."""
    text = item.fields.get("text")
    return text if isinstance(text, str) and text.strip() else item.question


def _data(task: Task, seed: int) -> _Data:
    train = list(task.train)
    if len(train) > MOST:
        train = random.Random(seed).sample(train, MOST)
    everything = [*train, *task.test]
    texts = [text_of(item) for item in everything]
    labels = [str(item.target) for item in everything]
    if train:
        first = len(train)
        split = (list(range(first)), list(range(first, len(everything))))
        return _Data(texts, labels, [split], f"fitted to {first} labelled train items", task.labels[0])
    count = min(FOLDS, len(set(texts)))
    fold = folds(texts, labels, count, seed)
    splits = [
        ([i for i, at in enumerate(fold) if at != k], [i for i, at in enumerate(fold) if at == k]) for k in range(count)
    ]
    note = f"cross-fitted on the pool's own labels: needs {len(texts)} labelled items"
    return _Data(texts, labels, splits, note, task.labels[0])


def _majority(data: _Data, fitted: bool) -> FloorResult:
    """One label for all. Without train items it is the pool's own: folds of a near tie would each say another."""
    learned = data.splits[0][0] if fitted else data.asked
    counts = Counter(data.labels[i] for i in learned)
    common = max(sorted(counts), key=lambda label: counts[label])
    note = data.note if fitted else f"always says {common!r}, the pool's own most frequent label"
    return FloorResult("majority class", [common] * len(data.asked), 0.0, 0.0, note)


def _tfidf(data: _Data, seed: int) -> FloorResult:
    """Words and pairs of words, weighted by rarity (Spärck Jones 1972)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    said: dict[int, str] = {}
    seconds, weights = 0.0, 0
    for fit, ask in data.splits:
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
        predict = _classifier(words.fit_transform([data.texts[i] for i in fit or ask]), data, fit, seed)
        started = time.perf_counter()
        features = words.transform([data.texts[i] for i in ask])
        said |= dict(zip(ask, predict(features), strict=True))
        seconds += time.perf_counter() - started
        weights += features.nnz
    n = len(data.asked)
    flops = 2.0 * weights / n * len(set(data.labels))
    return FloorResult("tf-idf + logistic regression", [said[i] for i in data.asked], seconds / n, flops, data.note)


def _probe(data: _Data, seed: int, encoder: Encoder) -> FloorResult:
    """Logistic regression on frozen sentence vectors."""
    asked = data.asked
    vectors = np.zeros((len(data.texts), encoder.dimensions), np.float32)
    others = sorted(set(range(len(data.texts))) - set(asked))
    vectors[others] = encoder.embed([data.texts[i] for i in others])
    started = time.perf_counter()
    vectors[asked] = encoder.embed([data.texts[i] for i in asked])
    seconds = time.perf_counter() - started
    said: dict[int, str] = {}
    for fit, ask in data.splits:
        predict = _classifier(vectors[fit], data, fit, seed)
        started = time.perf_counter()
        said |= dict(zip(ask, predict(vectors[ask]), strict=True))
        seconds += time.perf_counter() - started
    n = len(asked)
    tokens = sum(encoder.tokens([data.texts[i] for i in asked])) / n
    flops = encoder.flops_per_token * tokens + 2.0 * encoder.dimensions * len(set(data.labels))
    return FloorResult(f"{encoder.name} + linear probe", [said[i] for i in asked], seconds / n, flops, data.note)


def _classifier(features: Any, data: _Data, fit: list[int], seed: int) -> Callable[[Any], list[str]]:
    """Fit logistic regression; with fewer than two labels to learn from, the one there is is always said."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    labels = [data.labels[i] for i in fit]
    if len(set(labels)) < 2:
        only = labels[0] if labels else data.fallback
        return lambda asked: [only] * asked.shape[0]
    model = LogisticRegression(C=10.0, max_iter=1000, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit that is not quite done still predicts
        model.fit(features, labels)
    return lambda asked: [str(label) for label in model.predict(asked)]
