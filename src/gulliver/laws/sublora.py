"""A language model told in few numbers: a random start, and LoRA factors in a random subspace (Lotfi et al. 2023, arXiv:2312.17173).

Every matrix of the layers and the head is W = W0 + scale B A, with factors of a low rank; all factors together are u = u0 + P v.
W0, u0 and P are drawn from seeds, so a receiver has them; only v, `dimension` numbers, has to be told. It is trained, rounded
to a few levels, and trained on with the rounding in place (gradients pass through it), so that what is told is what was trained.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gulliver.laws.base import Array, LawError
from gulliver.laws.coding import Told, tell, told
from gulliver.laws.ladder.config import Recipe
from gulliver.laws.ladder.models import build
from gulliver.laws.ladder.objectives import make_batch, mean_loss, window_order
from gulliver.laws.ladder.shapes import Shape
from gulliver.laws.ladder.tokens import Ids
from gulliver.training.base import Settings, Step, TrainingCost
from gulliver.training.loop import Batch, Trained, train

HEAD = "lm_head.weight"
_AT_ONCE = 64  # windows scored in one pass


@dataclass(frozen=True)
class SubLora:
    """How a model is trained in its subspace.

    Attributes:
        dimension: of the subspace; rank: of the LoRA factors; levels: that the numbers are rounded to.
        steps: before the rounding; rounded_steps: with it.
        rate: AdamW's peak; batch: windows a step.
        scale: of each product of factors, over the rank.
    """

    dimension: int = 500
    rank: int = 4
    levels: int = 8
    steps: int = 300
    rounded_steps: int = 60
    rate: float = 0.03
    batch: int = 64
    scale: float = 16.0


class SubspaceModel(nn.Module):
    """The frozen decoder and its one trainable vector `v`; called as the decoder is."""

    def __init__(self, shape: Shape, options: SubLora, seed: int) -> None:
        super().__init__()
        base = build("decoder", shape, seed)
        # Not a submodule: its weights are nobody's to train or to keep.
        self._base = [base.requires_grad_(False)]
        self.targets = {
            name: tuple(weight.shape)
            for name, weight in base.named_parameters()
            if weight.ndim == 2 and "embed_tokens" not in name
        } | {HEAD: (shape.vocabulary, shape.width)}
        rank, self.scale = options.rank, options.scale / options.rank
        self.sizes = [rank * size for name in self.targets for size in self.targets[name]]
        draw = torch.Generator().manual_seed(seed)
        start = [
            torch.zeros(size) if at % 2 == 0 else torch.randn(size, generator=draw) / (size / rank) ** 0.5
            for at, size in enumerate(self.sizes)
        ]
        device = base.lm_head.weight.device
        self.start = torch.cat(start).to(device)
        if not 0 < options.dimension <= len(self.start):
            raise LawError(
                f"A subspace of {len(self.start)} factors has 1 to that many dimensions, not {options.dimension}."
            )
        self.projection = (torch.randn(len(self.start), options.dimension, generator=draw) / options.dimension**0.5).to(
            device
        )
        self.levels: Tensor | None = None
        self.v = nn.Parameter(torch.zeros(options.dimension, device=device))

    def forward(self, input_ids: Tensor) -> Any:
        """The decoder's output with the weights that `v` tells."""
        return torch.func.functional_call(
            self._base[0], self.weights(), (), {"input_ids": input_ids}, tie_weights=False
        )

    def weights(self) -> dict[str, Tensor]:
        """Every matrix as `v` tells it."""
        factors = iter(torch.split(self.start + self.projection @ self.rounded(), self.sizes))
        made = {}
        for name, (rows, columns) in self.targets.items():
            b, a = next(factors).view(rows, -1), next(factors).view(-1, columns)
            made[name] = self._base[0].get_parameter(name) + self.scale * (b @ a)
        return made

    def rounded(self) -> Tensor:
        """`v`, rounded to the nearest level once there are levels; the gradient passes through."""
        if self.levels is None:
            return self.v
        near = self.levels[(self.v.detach()[:, None] - self.levels).abs().argmin(1)]
        return self.v + (near - self.v).detach()


@dataclass(frozen=True)
class Compressed:
    """A trained model and its message.

    Attributes:
        told: the vector as a receiver has it, and the bits of it.
        model: with that vector in it.
        losses: of each step, nats a token.
    """

    told: Told
    model: SubspaceModel
    losses: tuple[float, ...]
    costs: tuple[TrainingCost, TrainingCost]


def compress(
    shape: Shape, options: SubLora, windows: Ids, seed: int, folder: Path, watch: Callable[[Step], None] | None = None
) -> Compressed:
    """Train a model of that shape in its subspace on windows (W, T), round it, train on, and code it.

    `folder` keeps checkpoints: a finished training is returned at once, a killed one goes on.

    Raises:
        TrainingError: a loss was no number, or `folder` holds another training.
        LawError: the subspace is larger than its space.
    """
    model = SubspaceModel(shape, options, seed)
    recipe = Recipe(context=shape.context, batch=options.batch)

    def batches(step: int) -> list[Batch]:
        chosen = windows[window_order(step, options.batch, len(windows), seed)]
        return [make_batch("decoder", chosen, recipe, np.random.default_rng(0))]

    settings = Settings(
        steps=options.steps, batch=options.batch, rate=options.rate, max_length=shape.context, checkpoint_every=100,
        seed=seed, schedule="linear",
    )  # fmt: skip
    work = f"sublora {shape} {options} {seed} {windows.shape} {int(windows.sum())}"

    def run(part: str, settings: Settings) -> Trained:
        (folder / part).mkdir(parents=True, exist_ok=True)
        return train(model, batches, mean_loss, settings, folder / part, watch, work=f"{work} {part}")

    free = run("free", settings)
    levels = tell(_numbers(model.v), options.levels).levels
    model.levels = torch.tensor(levels, dtype=torch.float32, device=model.v.device)
    tuned = run("rounded", replace(settings, steps=options.rounded_steps, rate=options.rate / 10))
    found = told(_numbers(model.v), levels)
    with torch.no_grad():
        model.v.copy_(torch.tensor(found.values, dtype=torch.float32))
    return Compressed(found, model, (*free.losses, *tuned.losses), (free.cost, tuned.cost))


def token_logprobs(model: Any, windows: Ids) -> Array:
    """Nats of every token of the windows (W, T), each window read from its start."""
    recipe, out = Recipe(), []
    device = next(model.parameters()).device
    with torch.no_grad():
        for at in range(0, len(windows), _AT_ONCE):
            inputs = make_batch("decoder", windows[at : at + _AT_ONCE], recipe, np.random.default_rng(0)).inputs
            ids, targets = inputs["ids"].to(device), inputs["targets"].to(device)
            scores = model(input_ids=ids).logits
            each = nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
            out.append(-each.view_as(targets).double().cpu().numpy())
    return np.concatenate(out)


def _numbers(v: Tensor) -> Array:
    return np.asarray(v.detach().cpu().numpy(), dtype=np.float64)
