"""Modular addition learned from a part of its table, in a set-up where generalisation comes late or not at all.

The publication's grokking configuration (Zhu et al. 2024, arXiv:2401.10463; Liu et al. 2022, arXiv:2210.01117): the initial weights
are multiplied by `initial_scale` and decay by `weight_decay`, so that a network first memorises and then, given enough data, finds
the rule. The task: (a + b) mod p for unordered pairs, p (p + 1) / 2 of them. The network: the sum of the embeddings of a and b, a
rectifier, a linear read-out, no biases; AdamW on the whole training part. All runs of one width train as one batched product.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.errors import MissingExtra
from gulliver.laws.base import Array, LawError


@dataclass(frozen=True)
class Grokking:
    """The configuration.

    Attributes:
        modulus: p.
        initial_scale: factor on the usual initial weights.
        weight_decay, rate: AdamW's.
        steps: of the whole training part.
        every: steps between two looks at the accuracies.
    """

    modulus: int = 59
    initial_scale: float = 3.0
    weight_decay: float = 1.0
    rate: float = 0.01
    steps: int = 1500
    every: int = 50

    @property
    def pairs(self) -> int:
        """How many different examples there are."""
        return self.modulus * (self.modulus + 1) // 2

    def parameters(self, width: int) -> int:
        """Weights of the network of a width."""
        return 2 * self.modulus * width


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        examples: trained on.
        steps: at which the accuracies on seen (`train`) and unseen (`test`) pairs were taken.
    """

    width: int
    examples: int
    seed: int
    steps: tuple[int, ...]
    train: tuple[float, ...]
    test: tuple[float, ...]

    def reached(self, part: str, share: float) -> int | None:
        """The first step looked at with that accuracy on `train` or `test`, or None."""
        return next((s for s, a in zip(self.steps, getattr(self, part), strict=True) if a >= share), None)


def train_runs(
    width: int, runs: Sequence[tuple[int, int]], options: Grokking, watch: Callable[[int], None] | None = None
) -> list[Run]:
    """Train one network for each (examples, seed), all at once; the same numbers whichever others are beside it, to rounding.

    Raises:
        LawError: more examples than pairs leave unseen, or none.
        MissingExtra: torch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtra("Training on modular addition", "torch") from None
    for examples, _ in runs:
        if not 0 < examples < options.pairs:
            raise LawError(
                f"Of {options.pairs} pairs between 1 and {options.pairs - 1} can be trained on, not {examples}."
            )
    p = options.modulus
    first, second = np.triu_indices(p)
    left, right, target = (torch.tensor(v) for v in (first, second, (first + second) % p))
    seen: Any = torch.tensor(np.stack([_part(options.pairs, examples, seed) for examples, seed in runs]))
    weights = [_start(width, seed, options) for _, seed in runs]
    embed, out = (
        torch.tensor(np.stack(v), dtype=torch.float32, requires_grad=True) for v in zip(*weights, strict=True)
    )
    optimizer = torch.optim.AdamW([embed, out], lr=options.rate, weight_decay=options.weight_decay, betas=(0.9, 0.98))
    share = seen / seen.sum(1, keepdim=True)
    looks: list[tuple[int, list[float], list[float]]] = []
    for step in range(1, options.steps + 1):
        scores = torch.bmm(torch.relu(embed[:, left] + embed[:, right]), out)
        nats = scores.logsumexp(2) - scores.gather(2, target.expand(len(runs), -1)[..., None])[..., 0]
        optimizer.zero_grad()
        torch.autograd.backward((nats * share).sum())
        optimizer.step()
        if step % options.every == 0 or step == options.steps:
            right_ones = (scores.detach().argmax(2) == target).float()
            unseen = 1.0 - seen
            parts = [((right_ones * part).sum(1) / part.sum(1)).tolist() for part in (seen, unseen)]
            looks.append((step, *parts))
            if watch is not None:
                watch(step)
    steps = tuple(step for step, _, _ in looks)
    return [
        Run(width, examples, seed, steps, tuple(look[1][k] for look in looks), tuple(look[2][k] for look in looks))
        for k, (examples, seed) in enumerate(runs)
    ]


def _part(pairs: int, examples: int, seed: int) -> Array:
    """1 for the pairs that are trained on; a larger part of one seed holds the smaller ones."""
    mask = np.zeros(pairs, dtype=np.float32)
    mask[np.random.default_rng((seed, 0)).permutation(pairs)[:examples]] = 1.0
    return mask  # type: ignore[return-value]


def _start(width: int, seed: int, options: Grokking) -> tuple[Array, Array]:
    draw = np.random.default_rng((seed, 1))
    embed = draw.normal(0.0, options.initial_scale / width**0.5, (options.modulus, width))
    return embed, draw.normal(0.0, options.initial_scale / width**0.5, (width, options.modulus))
