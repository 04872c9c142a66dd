"""FLOPs counted from a card, against a count made step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gulliver.inference.flops import forward_flops
from gulliver.models.base import Card

SMOLLM2 = Card(
    "smollm2-135m", "smollm2", "0" * 64, "llama", parameters=134_515_008, active_parameters=134_515_008,
    embedding_parameters=28_311_552, layers=30, hidden=576, heads=9, kv_heads=3, head_dim=64, vocabulary=49_152,
)  # fmt: skip


def by_hand(card: Card, prompt: int, new: int) -> float:
    """One position after another: its matrices, its attention, and logits where a token is drawn from it."""
    total = 0.0
    for position in range(prompt + max(new - 1, 0)):
        total += 2.0 * (card.active_parameters - card.embedding_parameters)
        total += 2 * 2.0 * card.layers * card.heads * card.head_dim * (position + 1)
        if position >= prompt - 1:
            total += 2.0 * card.hidden * card.vocabulary
    return total


@given(st.integers(1, 300), st.integers(1, 60))
def test_the_formula_is_the_sum_over_positions(prompt: int, new: int) -> None:
    assert forward_flops(SMOLLM2, prompt, new) == pytest.approx(by_hand(SMOLLM2, prompt, new))


@given(st.integers(2, 300), st.integers(1, 60), st.data())
def test_a_cached_front_saves_what_reading_it_would_cost(prompt: int, new: int, data: st.DataObject) -> None:
    cached = data.draw(st.integers(1, prompt - 1))
    saved = forward_flops(SMOLLM2, prompt, new) - forward_flops(SMOLLM2, prompt, new, cached)
    logits = 2.0 * SMOLLM2.hidden * SMOLLM2.vocabulary
    assert saved == pytest.approx(by_hand(SMOLLM2, cached, 0) - logits)


def test_an_unknown_size_counts_nothing() -> None:
    assert forward_flops(Card("x", "x", "x"), 100, 10) == 0.0
