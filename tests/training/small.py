"""A module that trains in milliseconds, with dropout so that the random state matters."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gulliver.training.loop import Batch

WORDS, WIDTH = 23, 16


class Small(nn.Module):
    """Attention over a few tokens, then a table."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.embed = nn.Embedding(WORDS, WIDTH)
        self.mix = nn.Linear(WIDTH, 3 * WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(WIDTH, WORDS)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        q, k, v = (part.unflatten(-1, (2, WIDTH // 2)).transpose(1, 2) for part in self.mix(x).chunk(3, -1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        found: Tensor = self.out(self.drop(self.norm(x + mixed.transpose(1, 2).flatten(2))))
        return found


def next_token_loss(module: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    ids = inputs["ids"]
    return nn.functional.cross_entropy(module(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def count_up(step: int, rows: int = 4) -> Sequence[Batch]:
    """Counting from a random start, so there is something to learn; two parts a step, whose shapes keep changing."""
    draw = torch.Generator().manual_seed(step)
    parts = []
    for length in (6, 9 + step % 23):
        start = torch.randint(0, WORDS, (rows, 1), generator=draw)
        ids = (start + torch.arange(length)) % WORDS
        parts.append(Batch({"ids": ids}, learned=rows * (length - 1), tokens=rows * length, examples=rows))
    return parts


def noise(step: int, rows: int = 4) -> Sequence[Batch]:
    """Nothing to learn: what is learned by heart makes other noise less likely."""
    ids = torch.randint(0, WORDS, (rows, 8), generator=torch.Generator().manual_seed(step % 2))
    return [Batch({"ids": ids}, learned=rows * 7, tokens=rows * 8, examples=rows)]
