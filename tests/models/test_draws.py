"""Draws without torch: cuts, shares, and what is never drawn."""

import math

import numpy as np
import pytest

from gulliver.models.base import Sampling
from gulliver.models.engines.draws import drawn, normaliser
from gulliver.models.engines.slots import Slots

LOGITS = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))
AT = [(n + 0.5) / 100 for n in range(100)]


def seen(sampling: Sampling) -> set[int]:
    return {drawn(LOGITS, sampling, chance) for chance in AT}


def test_cuts_leave_only_the_likeliest_tokens() -> None:
    assert seen(Sampling(temperature=0)) == {1}
    assert seen(Sampling(temperature=1.0)) == {0, 1, 2, 3}
    assert seen(Sampling(temperature=1.0, top_k=2)) == {1, 3}
    assert seen(Sampling(temperature=1.0, top_p=0.5)) == {1, 3}
    assert seen(Sampling(temperature=1.0, top_p=0.39)) == {1}
    assert seen(Sampling(temperature=0.01)) == {1}


def test_each_token_has_its_share_of_the_chances() -> None:
    shares = [sum(drawn(LOGITS, Sampling(temperature=1.0), chance) == token for chance in AT) for token in range(4)]
    assert shares == pytest.approx([10, 40, 20, 30], abs=1)


def test_a_token_that_is_masked_is_never_drawn() -> None:
    masked = LOGITS.copy()
    masked[1] = -np.inf
    assert {drawn(masked, Sampling(temperature=1.0), chance) for chance in AT} == {0, 2, 3}
    assert drawn(masked, Sampling(), 0.5) == 3


def test_draws_are_those_of_the_engine_torch() -> None:
    torch = pytest.importorskip("torch")
    from gulliver.models.engines.torch_engine import drawn as by_torch

    row = np.random.default_rng(0).normal(0, 3, 500).astype(np.float32)
    logprobs = torch.log_softmax(torch.from_numpy(row), -1)
    for sampling in (
        Sampling(temperature=0.7),
        Sampling(temperature=1.0, top_p=0.9),
        Sampling(temperature=1.3, top_k=40),
    ):
        assert [drawn(row, sampling, chance) for chance in AT] == [by_torch(logprobs, sampling, c) for c in AT]


def test_a_normaliser_makes_probabilities_of_logits() -> None:
    row = LOGITS + 5
    assert sum(math.exp(float(logit) - normaliser(row)) for logit in row) == pytest.approx(1.0, abs=1e-6)


def test_a_request_starts_behind_what_shares_most_and_waits_for_what_is_being_read() -> None:
    slots = Slots(3)
    first = slots.take(None)
    first.tokens.extend(range(20))
    slots.release(first)
    source, shared, waits = slots.best([*range(10), 99, 98], 11)
    assert (source, shared, waits) == (first, 10, False)
    second = slots.take(first)
    assert second is not first
    second.reading = first.tokens[:0]
    second.reading.extend(range(100, 160))
    assert slots.best(range(100, 150), 49)[2]
    assert slots.best(range(100, 150), 10)[2] is False  # too little to wait for
    assert Slots(2, keep=False).best([1, 2], 2) == (None, 0, False)


def test_the_sequence_used_the_longest_ago_is_given_up_first() -> None:
    slots = Slots(2)
    one, two = slots.take(None), slots.take(None)
    one.tokens.append(1)
    two.tokens.append(2)
    slots.release(two)
    slots.release(one)
    assert slots.oldest() is two
    assert slots.take(two) is one
    assert slots.take(two) is two  # nothing else is free
