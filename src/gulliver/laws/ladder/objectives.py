"""What each kind of model learns, and how its held-out loss is measured.

- `decoder`: the next token. A window is scored from `<|begin|>` on, so that its loss is the whole window's negative log-likelihood.
- `diffusion`: l of the window's T tokens are masked, l uniform on 1..T, and the masked ones are predicted with weight T / l. This is
  the masked-diffusion objective (mask ratio t = l / T, weight 1 / t) in the form with a fixed count (Nie et al. 2025, LLaDA,
  arXiv:2502.09992, eq. 6; Sahoo et al. 2024, MDLM, arXiv:2406.07524), an upper bound on the same negative log-likelihood.
- `encoder`: a fixed part of the tokens is masked and predicted: nats a masked token, no likelihood of the window, so no bits per byte.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gulliver.laws.ladder.config import Kind, Recipe
from gulliver.laws.ladder.models import logits
from gulliver.laws.ladder.tokens import BEGIN, MASK, Ids
from gulliver.training.loop import Batch

_SCORED_AT_ONCE = 32  # windows


def window_order(step: int, batch: int, pool: int, seed: int) -> Ids:
    """Which windows of a pool step `step` reads, (batch,): each epoch is another order of the whole pool."""
    places = np.arange(step * batch, (step + 1) * batch)
    epochs = {
        epoch: np.random.default_rng((seed, 1, epoch)).permutation(pool) for epoch in set((places // pool).tolist())
    }
    return np.array([epochs[place // pool][place % pool] for place in places.tolist()], dtype=np.int64)


def make_batch(kind: Kind, windows: Ids, recipe: Recipe, draw: np.random.Generator, part: slice = slice(None)) -> Batch:
    """What goes through the model for these windows, (B, T); with `part`, only those rows of it.

    The masks are drawn for all rows, so that processes which share a batch see what one process would.
    """
    rows, context = windows.shape
    if kind == "decoder":
        begin = np.full((rows, 1), BEGIN, dtype=np.int64)
        ids, weights = np.concatenate([begin, windows[:, :-1]], axis=1), np.ones(windows.shape, np.float32)
    else:
        if kind == "diffusion":
            level = (draw.random() + np.arange(rows) / rows) % 1  # spread evenly over the rows: less noise
            counts = 1 + np.floor(draw.permutation(level) * context).astype(np.int64)
        else:
            counts = np.full(rows, max(1, round(recipe.mask * context)))
        masked = draw.random(windows.shape).argsort(axis=1).argsort(axis=1) < counts[:, None]
        ids = np.where(masked, MASK, windows)
        weights = (masked * (context / counts[:, None])).astype(np.float32)
    ids, weights, targets = ids[part], weights[part], windows[part]
    inputs = {
        name: torch.from_numpy(np.ascontiguousarray(a))
        for name, a in (("ids", ids), ("targets", targets), ("weights", weights))
    }
    return Batch(inputs, learned=targets.size, tokens=targets.size, examples=len(targets))


def window_losses(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Nats a token of each window, (B,): a decoder's is exact, diffusion's an unbiased estimate of its bound."""
    scores = logits(model, inputs["ids"])
    each = torch.nn.functional.cross_entropy(scores.flatten(0, 1), inputs["targets"].flatten(), reduction="none")
    return (each.view_as(inputs["weights"]) * inputs["weights"]).mean(1)


def mean_loss(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """The loss of a batch, nats a token."""
    return window_losses(model, inputs).mean()


def held_out_loss(model: Any, kind: Kind, windows: Ids, recipe: Recipe) -> tuple[float, float]:
    """Mean nats a token over the windows, and its standard error over windows; the same maskings for every model."""
    draw = np.random.default_rng(0)
    device = next(model.parameters()).device
    model.eval()
    total = np.zeros(len(windows))
    draws = 1 if kind == "decoder" else recipe.draws
    with torch.no_grad():
        for _ in range(draws):
            parts: Sequence[Ids] = [
                windows[at : at + _SCORED_AT_ONCE] for at in range(0, len(windows), _SCORED_AT_ONCE)
            ]
            found = []
            for part in parts:
                inputs = make_batch(kind, part, recipe, draw).inputs
                found.append(window_losses(model, {k: v.to(device) for k, v in inputs.items()}).cpu().numpy())
            total += np.concatenate(found)
    each = total / draws
    error = float(each.std(ddof=1) / len(each) ** 0.5) if len(each) > 1 else float("nan")
    return float(each.mean()), error
