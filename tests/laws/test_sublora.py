"""A model in a subspace: only its few numbers are trained, and what the message tells is the model that is scored."""

from pathlib import Path

import numpy as np
import pytest

from gulliver.laws import LawError
from gulliver.laws.ladder.shapes import Shape

torch = pytest.importorskip("torch")

from gulliver.laws.sublora import SubLora, SubspaceModel, compress, token_logprobs  # noqa: E402

SHAPE = Shape(16, 1, 40, 8)
OPTIONS = SubLora(dimension=12, rank=2, levels=4, steps=30, rounded_steps=6, batch=8)
WINDOWS = np.random.default_rng(0).choice(40, (64, 8), p=np.r_[0.7, np.full(39, 0.3 / 39)])


def test_only_the_vector_is_trained_and_zero_is_the_random_start() -> None:
    model = SubspaceModel(SHAPE, OPTIONS, 0)
    assert [(name, tuple(p.shape)) for name, p in model.named_parameters()] == [("v", (12,))]
    base = model._base[0]
    ids = torch.tensor(WINDOWS[:4])
    assert torch.allclose(model(ids).logits, base(input_ids=ids).logits, atol=1e-6)
    model(ids).logits.sum().backward()
    assert all(p.grad is None for p in base.parameters())


def test_the_message_is_the_model(tmp_path: Path) -> None:
    made = compress(SHAPE, OPTIONS, WINDOWS, 0, tmp_path)
    again = SubspaceModel(SHAPE, OPTIONS, 0)  # what a receiver has
    with torch.no_grad():
        again.v.copy_(torch.tensor(made.told.values, dtype=torch.float32))
    assert len(set(made.told.values)) <= 4
    assert token_logprobs(again, WINDOWS) == pytest.approx(token_logprobs(made.model, WINDOWS), abs=1e-6)
    assert 4 * 16 < made.told.bits < 4 * 16 + 12 * 2 + 20


def test_training_lowers_the_loss_and_a_finished_one_is_not_repeated(tmp_path: Path) -> None:
    before = -token_logprobs(SubspaceModel(SHAPE, OPTIONS, 0), WINDOWS).mean()
    made = compress(SHAPE, OPTIONS, WINDOWS, 0, tmp_path)
    assert -token_logprobs(made.model, WINDOWS).mean() < before - 0.05
    steps: list[int] = []
    twice = compress(SHAPE, OPTIONS, WINDOWS, 0, tmp_path, lambda step: steps.append(step.step))
    assert not steps
    assert twice.told.bits == made.told.bits


def test_a_subspace_is_no_larger_than_its_space() -> None:
    with pytest.raises(LawError, match="dimensions"):
        SubspaceModel(SHAPE, SubLora(dimension=10**6), 0)
