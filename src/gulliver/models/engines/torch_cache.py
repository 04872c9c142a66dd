"""Keys and values of the requests under way, one row each, padded on the left so that all grow at the same end."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer

CHUNK = 64


class Layer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, written in place into buffers that grow by `CHUNK` tokens.

    transformers' own layer copies everything at each token.
    """

    keys: Any
    values: Any
    used: int = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the new tokens [rows, heads, tokens, width] at the end; all that is there so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)  # its device, and that it is in use
            self.keys, self.values = _empty(key_states, CHUNK), _empty(value_states, CHUNK)
        end = self.used + key_states.shape[-2]
        if end > self.keys.shape[-2]:
            more = end - self.keys.shape[-2] + CHUNK
            self.keys = torch.cat([self.keys, _empty(self.keys, more)], dim=-2)
            self.values = torch.cat([self.values, _empty(self.values, more)], dim=-2)
        self.keys[:, :, self.used : end] = key_states
        self.values[:, :, self.used : end] = value_states
        self.used = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        """Tokens that are there."""
        return self.used


class Rows:
    """The cache of a batch and which of its places hold tokens: `mask` is [rows, places], 1 where one does."""

    def __init__(self, layers: int) -> None:
        self.layers = [Layer() for _ in range(layers)]  # type: ignore[no-untyped-call]
        self.cache = Cache(layers=list(self.layers))
        self.mask: torch.Tensor | None = None

    def __len__(self) -> int:
        return 0 if self.mask is None else int(self.mask.shape[0])

    def positions(self, new: int) -> torch.Tensor:
        """Where the last `new` places of each row stand in its text, from 0: [rows, new]."""
        assert self.mask is not None
        return (self.mask.cumsum(1) - 1).clamp(min=0)[:, -new:]

    def join(self, other: "Rows") -> None:
        """Take the other's rows in below these; the shorter are padded on the left."""
        if self.mask is None:
            self.layers, self.cache, self.mask = other.layers, other.cache, other.mask
            return
        assert other.mask is not None
        width = max(self.mask.shape[1], other.mask.shape[1])
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            for name in ("keys", "values"):
                both = [_padded(getattr(layer, name)[:, :, : layer.used], width) for layer in (mine, theirs)]
                setattr(mine, name, torch.cat(both))
            mine.used = width
        masks = [torch.nn.functional.pad(mask, (width - mask.shape[1], 0)) for mask in (self.mask, other.mask)]
        self.mask = torch.cat(masks)

    def cut(self, tokens: int) -> None:
        """Only the first `tokens` places of each row stay."""
        for layer in self.layers:
            layer.used = min(layer.used, tokens)
        self.mask = None if self.mask is None else self.mask[:, :tokens]

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows stay, in this order; places on the left that none of them uses go."""
        if self.mask is None or list(rows) == list(range(len(self))):
            return
        if not rows:
            empty = Rows(len(self.layers))
            self.layers, self.cache, self.mask = empty.layers, empty.cache, None
            return
        chosen = torch.tensor(list(rows), device=self.mask.device)
        mask = self.mask[chosen]
        first = int(mask.any(0).int().argmax())
        for layer in self.layers:
            layer.keys = layer.keys[chosen, :, first : layer.used]
            layer.values = layer.values[chosen, :, first : layer.used]
            layer.used -= first
        self.mask = mask[:, first:]


def _empty(like: Any, places: int) -> torch.Tensor:
    rows, heads, _, width = like.shape
    return torch.zeros(rows, heads, places, width, dtype=like.dtype, device=like.device)


def _padded(tensor: torch.Tensor, width: int) -> torch.Tensor:
    return torch.nn.functional.pad(tensor, (0, 0, width - tensor.shape[-2], 0))
