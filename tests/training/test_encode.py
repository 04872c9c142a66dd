"""Examples become tokens as the model will meet them, and batches that waste little and lose nothing."""

import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.training.base import Example, Settings, spread
from gulliver.training.encode import Room, Row, completion_loss, encode, split, step_batches
from gulliver.training.weights import load_causal
from tests.models.tiny_causal import tiny_causal

WIDE = Room(10**6, 10**6)


def bytes_and_pairs(text: str) -> list[int]:
    """A tokenizer of bytes in which `ab` is one token, 300."""
    return [300 if part == "ab" else ord(part) for part in re.findall("ab|.", text)]


def test_a_completion_is_learned_with_its_end_and_the_prompt_is_not() -> None:
    rows, left_out = encode([Example("xy", "z")], bytes_and_pairs, "!", 10)
    assert rows == [Row((ord("x"), ord("y"), ord("z"), ord("!")), 2)]
    assert left_out == 0


def test_an_end_that_stands_there_already_is_not_doubled() -> None:
    rows, _ = encode([Example("xy", "z!")], bytes_and_pairs, "!", 10)
    assert rows[0].ids.count(ord("!")) == 1


def test_a_prompt_keeps_the_tokens_it_has_alone() -> None:
    rows, _ = encode([Example("xa", "b")], bytes_and_pairs, "!", 10)
    assert rows == [Row((ord("x"), ord("a"), ord("b"), ord("!")), 2)]


def test_what_is_too_long_is_left_out_and_counted() -> None:
    rows, left_out = encode([Example("x" * n, "z") for n in range(1, 11)], bytes_and_pairs, "!", 8)
    assert (len(rows), left_out) == (6, 4)
    assert max(len(row.ids) for row in rows) == 8


lengths = st.lists(st.tuples(st.integers(2, 40), st.integers(1, 39)), min_size=1, max_size=60)


def made(sizes: list[tuple[int, int]]) -> list[Row]:
    return [Row((n, *range(1, length)), min(start, length - 1)) for n, (length, start) in enumerate(sizes)]


@given(lengths, st.integers(1, 9), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_an_epoch_has_each_row_once_and_the_next_has_another_order(
    sizes: list[tuple[int, int]], batch: int, seed: int
) -> None:
    rows = made(sizes)
    at = step_batches(rows, Settings(batch=batch, seed=seed), WIDE)
    steps = -(-len(rows) // batch)
    first = Counter(int(row[0]) for step in range(steps) for part in at(step) for row in part.inputs["ids"])
    assert first == Counter(range(len(rows)))
    again = step_batches(rows, Settings(batch=batch, seed=seed), WIDE)
    for step in (0, steps, 2 * steps + 1):
        assert [part.inputs["ids"].tolist() for part in at(step)] == [p.inputs["ids"].tolist() for p in again(step)]


@given(lengths, st.integers(2, 100), st.integers(1, 60))
@settings(deadline=None, max_examples=50)
def test_parts_hold_what_there_is_room_for_and_ask_for_every_learned_token(
    sizes: list[tuple[int, int]], tokens: int, learned: int
) -> None:
    rows = made(sizes)
    parts = split(rows, Room(tokens, learned))
    assert sum(part.examples for part in parts) == len(rows)
    for part in parts:
        count, width = part.inputs["ids"].shape
        assert count == 1 or (count * (width + 1) <= tokens and part.learned <= learned)
        flat = part.inputs["ids"].flatten()
        follows = torch.roll(flat, -1)
        inside = (part.inputs["places"] + 1) % width != 0  # the last of a row is a target only
        asked = part.inputs["places"][inside]
        same = follows[asked] == part.inputs["targets"][inside]
        assert bool((same | (follows[asked] == 0)).all())
        assert part.learned == len(part.inputs["targets"])
    assert sum(part.learned for part in parts) == sum(len(row.ids) - row.start for row in rows)


def test_little_is_padded() -> None:
    rows = made([(2 + (n * 37) % 200, 1) for n in range(640)])
    at = step_batches(rows, Settings(batch=8), WIDE)
    parts = [part for step in range(80) for part in at(step)]
    padded = sum(part.inputs["ids"].numel() for part in parts)
    assert padded / sum(part.tokens for part in parts) < 1.1


def test_the_loss_is_that_of_the_completion_alone_and_padding_changes_nothing(tmp_path: Path) -> None:
    module = load_causal(tiny_causal(tmp_path / "m.gguf"))
    rows = [Row((10, 20, 30, 40, 50), 3), Row((7, 8, 9), 1)]
    expected = []
    with torch.no_grad():
        for row in rows:
            logprobs = module(torch.tensor([row.ids])).logits[0].log_softmax(-1)
            expected += [-float(logprobs[place - 1, row.ids[place]]) for place in range(row.start, len(row.ids))]
        together = split(rows, WIDE)
        assert len(together) == 1
        found = float(completion_loss(module, together[0].inputs))
    assert found == pytest.approx(sum(expected) / len(expected), abs=1e-5)


def test_room_shrinks_with_the_model() -> None:
    small, large = Room.of(30, 576, 1536, 49_152), Room.of(24, 896, 4864, 151_936)
    assert small.tokens > large.tokens > 512
    assert small.learned > large.learned > 256


def test_a_few_of_many_come_from_everywhere() -> None:
    assert spread(range(5), 5) == range(5)
    assert list(spread(range(100), 4)) == [0, 25, 50, 75]
    assert len(spread(range(127), 64)) == 64
