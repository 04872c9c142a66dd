"""Heads that say, from a question alone, how likely a model is to answer it right (P(IK), Kadavath et al. 2022).

The paper's head reads the model's last hidden state. No engine here tells hidden states, so a head reads what can be
had of any model: the question's vector from the packaged sentence encoder, and how expected the question is to the
model itself (log-probability per token, and the number of tokens).
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.inference import BoundModel, Cost
from gulliver.models.encoder import load_encoder
from gulliver.models.files import writing

Floats = NDArray[np.float64]
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Inverse strengths of the penalty that are tried."""
FOLDS = 5


@dataclass(frozen=True)
class Head:
    """A logistic regression on standardised features.

    Attributes:
        model: digest of the weights it was trained for; another model's answers are not foretold by it.
        mean, scale, weights: one for each feature, the encoder's dimensions first.
    """

    name: str
    model: str
    task: str
    items: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def chance(self, features: Sequence[float]) -> float:
        """That the model answers right, in [0, 1]; `features` has shape (len(weights),)."""
        units = (np.asarray(features) - np.asarray(self.mean)) / np.asarray(self.scale)
        return float(1.0 / (1.0 + np.exp(-np.clip(units @ np.asarray(self.weights) + self.bias, -30, 30))))


async def features(question: str, lm: BoundModel) -> list[float]:
    """What a head reads; asks the model to score the question once.

    Raises:
        ModelError: the engine cannot score, or the encoder cannot be had.
    """
    encoder = load_encoder()
    vector = (await asyncio.to_thread(encoder.embed, [question]))[0]
    flops = encoder.flops_per_token * encoder.tokens([question])[0]
    lm.meter.cost = lm.meter.cost + Cost(flops_naive=flops, flops_computed=flops)
    scored = (await lm.weigh("Question:", [f" {question}"]))[0]
    if scored.logprob is None:
        raise ModelError(
            scored.error or "p_ik needs log-probabilities of a text, which this model's engine does not tell."
        )
    tokens = max(1, scored.completion_tokens)
    return [*map(float, vector), scored.logprob / tokens, float(np.log(tokens))]


def fit_head(name: str, model: str, task: str, rows: Floats, shares: Floats, seed: int = 0) -> Head:
    """A head from features, shape (items, features), and the share of draws that were right, shape (items,).

    The penalty is the one of `STRENGTHS` that foretells held-out items best (log loss over folds). Where all shares
    are equal nothing can be told apart: the head says the share always.

    Raises:
        ValueError: there are fewer than two items a fold.
    """
    if len(rows) < 2 * FOLDS:
        raise ValueError(f"a head needs at least {2 * FOLDS} items")
    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    units = (rows - mean) / scale
    known = (float(shares.sum()) + 1.0) / (len(shares) + 2.0)
    weights, bias = np.zeros(rows.shape[1]), float(np.log(known / (1.0 - known)))
    if shares.min() < shares.max():
        strength = min(STRENGTHS, key=lambda c: _held_out(units, shares, c, seed))
        weights, bias = _fitted(units, shares, strength)
    return Head(name, model, task, len(rows), _tuple(mean), _tuple(scale), _tuple(weights), bias)


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(map(float, values))


def _fitted(units: Floats, shares: Floats, strength: float) -> tuple[Floats, float]:
    """Soft targets as two weighted rows an item."""
    from sklearn.linear_model import LogisticRegression

    both = np.repeat([1, 0], len(units))
    made = LogisticRegression(C=strength, max_iter=500).fit(
        np.vstack([units, units]), both, np.concatenate([shares, 1.0 - shares])
    )
    return made.coef_[0], float(made.intercept_[0])


def _held_out(units: Floats, shares: Floats, strength: float, seed: int) -> float:
    """Mean log loss on folds that were not fitted."""
    fold = np.random.default_rng(seed).permutation(len(units)) % FOLDS
    losses = []
    for number in range(FOLDS):
        rest, here = fold != number, fold == number
        weights, bias = _fitted(units[rest], shares[rest], strength)
        logit = units[here] @ weights + bias
        losses.append(np.mean(np.logaddexp(0.0, logit) - shares[here] * logit))
    return float(np.mean(losses))


def save_head(head: Head) -> Path:
    """Keep it as `GULLIVER_HOME/heads/NAME.json`."""
    path = folder("heads") / f"{head.name}.json"
    with writing(path) as aside:
        aside.write_text(json.dumps(asdict(head)), encoding="utf-8")
    return path


def load_head(name: str) -> Head:
    """A head by its name, or by its file.

    Raises:
        ModelError: there is none, or the file is no head.
    """
    path = Path(name) if name.endswith(".json") else folder("heads") / f"{name}.json"
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        read: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
        return Head(**read)
    except OSError:
        raise ModelError(
            f"There is no head {name!r}; make one with: gulliver head RECIPE --task TASK --name {name}"
        ) from None
    except (ValueError, TypeError):
        raise ModelError(f"{path} is no head; make it anew with gulliver head.") from None
