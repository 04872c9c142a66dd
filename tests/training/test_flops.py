"""Counting: equal to torch's counter on a real architecture, and without a trace in the numbers."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from gulliver.training.encode import completion_loss, encode, split
from gulliver.training.flops import FlopMeter, count_flops
from gulliver.training.loop import Batch
from gulliver.training.tune import Lora
from gulliver.training.tuning import with_adapters
from gulliver.training.weights import load_causal
from tests.models.tiny_causal import HEADS, LAYERS, tiny_causal
from tests.training.examples import WIDE, letters

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


def batch() -> Batch:
    rows, _ = encode(letters(7), lambda text: [ord(char) for char in text], "", 99)
    return split(rows, WIDE)[0]


@pytest.fixture(params=["llama", "qwen2"])
def learner(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return with_adapters(load_causal(tiny_causal(tmp_path / "m.gguf", request.param)), Lora(rank=3), 0)


def gradients(learner: Any, at: Batch) -> list[Tensor]:
    learner.zero_grad()
    loss = completion_loss(learner, at.inputs)
    loss.backward()
    return [loss.detach(), *(weight.grad.clone() for weight in learner.parameters() if weight.grad is not None)]


def attention(at: Batch, products: int) -> int:
    """Each product of the CPU's attention kernel, which torch's counter leaves out: 2·rows·heads·length²·width."""
    rows, length = at.inputs["ids"].shape
    return products * LAYERS * 2 * rows * HEADS * length * length * 16


def test_forward_and_backward_count_as_torchs_counter_does(learner: Any) -> None:
    at = batch()
    with FlopCounterMode(display=False) as counter:
        gradients(learner, at)
    assert count_flops(lambda: gradients(learner, at))[1] == counter.get_total_flops() + attention(at, 2 + 5)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        completion_loss(learner, at.inputs)
    with torch.no_grad():
        found = count_flops(lambda: completion_loss(learner, at.inputs))[1]
    assert found == counter.get_total_flops() + attention(at, 2)


def test_counting_leaves_every_bit_as_it_was(learner: Any) -> None:
    at = batch()
    plain = gradients(learner, at)
    counted, flops = count_flops(lambda: gradients(learner, at))
    assert flops > 0
    assert len(plain) == len(counted) > 1
    assert all(torch.equal(one, other) for one, other in zip(plain, counted, strict=True))


def test_a_shape_is_counted_once() -> None:
    meter, one, other = FlopMeter(), torch.ones(3, 4), torch.ones(4, 5)
    assert meter.run("a", lambda: one @ other)[1] == 2 * 3 * 4 * 5
    found, flops = meter.run("a", lambda: torch.ones(1))
    assert (found.tolist(), flops) == ([1.0], 2 * 3 * 4 * 5)
