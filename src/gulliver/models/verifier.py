"""A verifier's head: logistic regression over sentence vectors of question and solution, and what a calculator says."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gulliver.errors import ModelError
from gulliver.models.encoder import Encoder
from gulliver.models.files import writing
from gulliver.sandbox.arithmetic import equations

Floats = npt.NDArray[np.float64]
ENCODER = "minilm-22m"
_KIND = "gulliver verifier 1"
PLAIN = 5
"""Features that are no vector: right and wrong equations, their share, length, whether an answer is announced."""


@dataclass(frozen=True)
class Head:
    """Weights over standardised features.

    Attributes:
        mean, scale, weights: one number a feature, in the order of `features`.
        trained: what it was fitted to, in words.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    encoder: str = ENCODER
    trained: str = ""

    def logits(self, rows: Floats) -> Floats:
        """The log-odds of being right, shape (n,), of features, shape (n, features)."""
        unit = (rows - np.asarray(self.mean)) / np.asarray(self.scale)
        return np.asarray(unit @ np.asarray(self.weights) + self.bias)

    @property
    def digest(self) -> str:
        """sha256 of the weights."""
        return hashlib.sha256(json.dumps([self.mean, self.scale, self.weights, self.bias]).encode()).hexdigest()

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as aside:
            aside.write_text(json.dumps({"kind": _KIND, **asdict(self)}), encoding="utf-8")


def read_head(path: Path) -> Head:
    """A head from its file.

    Raises:
        ModelError: the file is none.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("kind") != _KIND:
            raise ValueError
        numbers = {key: tuple(float(x) for x in data[key]) for key in ("mean", "scale", "weights")}
        head = Head(**numbers, bias=float(data["bias"]), encoder=str(data["encoder"]), trained=str(data["trained"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{path} is no verifier; train one with `gulliver verifier`.") from None
    if not len(head.mean) == len(head.scale) == len(head.weights) > PLAIN:
        raise ModelError(f"{path} holds a damaged verifier; train it again with `gulliver verifier`.")
    return head


def features(questions: Sequence[str], solutions: Sequence[str], encoder: Encoder) -> Floats:
    """Shape (n, 2 x dimensions + PLAIN): the solution's vector, its product with the question's, and the plain ones.

    A solution is read from its end, where the answer is, since the encoder reads at most 256 tokens.
    """
    asked = encoder.embed(list(questions)).astype(np.float64)
    said = encoder.embed([solution[-1000:] for solution in solutions]).astype(np.float64)
    plain = np.array([_plain(solution) for solution in solutions], dtype=np.float64).reshape(-1, PLAIN)
    root = math.sqrt(encoder.dimensions)  # so that a product of unit vectors is as large as a vector
    return np.concatenate([said, asked * said * root, plain], axis=1)


def _plain(solution: str) -> tuple[float, ...]:
    found = equations(solution)
    right = sum(equation.holds for equation in found)
    announced = any(mark in solution.lower() for mark in ("answer", "boxed", "####"))
    return (
        min(right, 10), min(len(found) - right, 10), (right + 1) / (len(found) + 2), math.log1p(len(solution)), announced
    )  # fmt: skip
