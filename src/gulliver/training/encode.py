"""Examples as batches of a causal language model: only completions are learned, rows of one length stand together.

Padding stands at the right, where a causal model's tokens never look, so that no mask is needed; and the output table is
multiplied only where something is learned.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from gulliver.training.base import Example, Settings
from gulliver.training.loop import Batch, Batches

_POOL = 16  # batches whose examples are sorted by length together
_ACTIVATIONS = 2.5e9  # bytes that one batch may keep for its backward pass
_LOGITS = 1e9  # bytes likewise, of logits


@dataclass(frozen=True)
class Row:
    """An example as tokens; those from `start` on are learned."""

    ids: tuple[int, ...]
    start: int


@dataclass(frozen=True)
class Room:
    """How much may go through the model at once: tokens with padding, and tokens to learn; a row that is larger goes alone."""

    tokens: int
    learned: int

    @classmethod
    def of(cls, layers: int, hidden: int, feed_forward: int, vocabulary: int) -> "Room":
        """For a transformer in 32 bits of which each layer keeps about ten hidden and four feed-forward vectors a token."""
        token = 4 * layers * (10 * hidden + 4 * feed_forward)
        return cls(max(1, int(_ACTIVATIONS / token)), max(1, int(_LOGITS / (12 * vocabulary))))


def encode(
    examples: Sequence[Example], tokenise: Callable[[str], list[int]], end: str, max_length: int
) -> tuple[list[Row], int]:
    """Rows, and how many examples were left out for their length or because nothing of them would be learned.

    The prompt's tokens are those it has alone, as when the model is asked. The end token follows the completion, unless
    it stands there.
    """
    rows = []
    for example in examples:
        wanted = example.completion if end and example.completion.endswith(end) else example.completion + end
        prompt = tokenise(example.prompt)
        both = tokenise(example.prompt + wanted)
        if both[: len(prompt)] != prompt:
            both = prompt + tokenise(wanted)
        start = max(1, len(prompt))
        if start < len(both) <= max_length:
            rows.append(Row(tuple(both), start))
    return rows, len(examples) - len(rows)


def step_batches(rows: Sequence[Row], settings: Settings, room: Room) -> Batches:
    """The batches of each step: every row once an epoch, in an order drawn from the seed and the epoch's number."""
    each = -(-len(rows) // settings.batch)

    @lru_cache(maxsize=2)
    def epoch(number: int) -> list[list[int]]:
        return _epoch([len(row.ids) for row in rows], settings, number)

    def at(step: int) -> Sequence[Batch]:
        return split([rows[index] for index in epoch(step // each)[step % each]], room)

    return at


def split(rows: Sequence[Row], room: Room) -> list[Batch]:
    """As few batches as there is room for, rows of like length together; all of them are one step, or the dev set."""
    batches: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (len(row.ids), row.ids)):
        current = batches[-1] if batches else []
        tokens = (len(current) + 1) * len(row.ids)
        learned = sum(len(each.ids) - each.start for each in (*current, row))
        if not current or tokens > room.tokens or learned > room.learned:
            batches.append([])
        batches[-1].append(row)
    return [_batch(each) for each in batches]


def completion_loss(module: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the learned tokens, nats. `module`: a transformers causal model, or PEFT's around one."""
    causal = module.get_base_model() if hasattr(module, "get_base_model") else module
    hidden = causal.model(input_ids=inputs["ids"], use_cache=False).last_hidden_state
    asked = hidden.flatten(0, 1).index_select(0, inputs["places"])
    return nn.functional.cross_entropy(causal.lm_head(asked).float(), inputs["targets"])


def _epoch(lengths: Sequence[int], settings: Settings, number: int) -> list[list[int]]:
    draw = random.Random(f"{settings.seed} {number}")
    order = list(range(len(lengths)))
    draw.shuffle(order)
    batches = []
    pool = settings.batch * _POOL
    for first in range(0, len(order), pool):
        near = sorted(order[first : first + pool], key=lambda index: lengths[index])
        batches += [near[place : place + settings.batch] for place in range(0, len(near), settings.batch)]
    draw.shuffle(batches)
    return batches


def _batch(rows: Sequence[Row]) -> Batch:
    """The last token of a row is only a target, never read."""
    width = max(len(row.ids) for row in rows) - 1
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    places: list[int] = []
    targets: list[int] = []
    for number, row in enumerate(rows):
        ids[number, : len(row.ids) - 1] = torch.tensor(row.ids[:-1])
        places += [number * width + place - 1 for place in range(row.start, len(row.ids))]
        targets += row.ids[row.start :]
    inputs = {"ids": ids, "places": torch.tensor(places), "targets": torch.tensor(targets)}
    return Batch(inputs, len(targets), sum(len(row.ids) - 1 for row in rows), len(rows))
