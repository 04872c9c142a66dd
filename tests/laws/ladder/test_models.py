"""Models: parameters and FLOPs are what the shapes say, and each objective measures what it claims."""

import math

import numpy as np
import pytest
import torch

from gulliver.laws.ladder.config import Kind, Recipe
from gulliver.laws.ladder.models import build, logits
from gulliver.laws.ladder.objectives import held_out_loss, make_batch, mean_loss, window_losses, window_order
from gulliver.laws.ladder.shapes import Shape
from gulliver.laws.ladder.tokens import BEGIN, MASK
from gulliver.training.flops import count_flops

KINDS: tuple[Kind, ...] = ("decoder", "encoder", "diffusion")
RECIPE = Recipe(context=16, batch=4)
SHAPES = [Shape(16, 2, 300, 16), Shape(64, 1, 300, 16), Shape(96, 2, 400, 16)]


def windows(rows: int, shape: Shape) -> np.ndarray:
    return np.random.default_rng(5).integers(2, shape.vocabulary, (rows, shape.context))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_and_flops_are_exactly_what_the_shapes_say(kind: Kind, shape: Shape) -> None:
    model = build(kind, shape, 0)
    assert sum(weight.numel() for weight in model.parameters()) == shape.parameters
    inputs = make_batch(kind, windows(4, shape), RECIPE, np.random.default_rng(0)).inputs
    with torch.no_grad():
        assert count_flops(lambda: mean_loss(model, inputs))[1] == shape.forward_flops(4)
    assert count_flops(lambda: mean_loss(model, inputs).backward())[1] == shape.step_flops(4)


def test_a_decoder_sees_only_what_came_before_and_an_encoder_sees_all() -> None:
    shape = SHAPES[0]
    ids = torch.from_numpy(windows(1, shape))
    changed = ids.clone()
    changed[0, -1] = (ids[0, -1] + 1) % 300
    for kind, moves in (("decoder", False), ("diffusion", True)):
        model = build(kind, shape, 0).eval()  # type: ignore[arg-type]
        with torch.no_grad():
            before, after = logits(model, ids), logits(model, changed)
        assert (not torch.allclose(before[0, 0], after[0, 0], atol=1e-6)) == moves


def test_masks_hide_what_they_should_and_weights_add_up_to_the_window() -> None:
    shape = SHAPES[0]
    rows = windows(64, shape)
    for kind in ("encoder", "diffusion"):
        inputs = make_batch(kind, rows, RECIPE, np.random.default_rng(1)).inputs  # type: ignore[arg-type]
        hidden = inputs["weights"] > 0
        assert (inputs["ids"][hidden] == MASK).all()
        assert torch.equal(inputs["ids"][~hidden], torch.from_numpy(rows)[~hidden])
        assert torch.allclose(inputs["weights"].sum(1), torch.tensor(16.0))
    counts = hidden.sum(1).bincount(minlength=17)
    assert counts[0] == 0
    assert (counts[1:] == 4).all()  # 64 rows spread evenly over 1..16


def test_a_decoders_window_is_scored_whole() -> None:
    shape = SHAPES[0]
    model = build("decoder", shape, 0).eval()
    rows = windows(2, shape)
    inputs = make_batch("decoder", rows, RECIPE, np.random.default_rng(0)).inputs
    with torch.no_grad():
        found = window_losses(model, inputs)
        scores = logits(model, torch.tensor([[BEGIN, *rows[0][:-1].tolist()]])).log_softmax(-1)[0]
    assert found[0].item() == pytest.approx(-scores[range(16), rows[0]].mean().item(), rel=1e-5)


def test_a_model_that_knows_nothing_scores_the_logarithm_of_the_vocabulary_however_it_is_asked() -> None:
    shape = SHAPES[0]
    for kind in KINDS:
        model = build(kind, shape, 0)
        torch.nn.init.zeros_(model.get_input_embeddings().weight)
        loss, error = held_out_loss(model, kind, windows(8, shape), RECIPE)
        assert loss == pytest.approx(math.log(300), rel=1e-5)
        assert error < 1e-5


def test_the_diffusion_bound_is_the_exact_likelihood_where_tokens_are_independent() -> None:
    """With a model that predicts one distribution everywhere, bound and likelihood are the same number on average."""
    shape = SHAPES[0]

    class Unigram(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = torch.nn.Parameter(torch.randn(300, generator=torch.Generator().manual_seed(1)))

        def forward(self, input_ids: torch.Tensor) -> object:
            return type("Out", (), {"logits": self.scores.expand(*input_ids.shape, 300)})()

    unigram = Unigram()
    rows = windows(64, shape)
    exact = -unigram.scores.detach().log_softmax(-1)[torch.from_numpy(rows)].mean().item()
    loss, error = held_out_loss(unigram, "diffusion", rows, Recipe(context=16, draws=32))
    assert loss == pytest.approx(exact, abs=0.05)
    assert held_out_loss(unigram, "decoder", rows, RECIPE)[0] == pytest.approx(exact, rel=1e-5)
    assert error > 0


def test_every_window_is_read_once_an_epoch() -> None:
    read = np.concatenate([window_order(step, 3, 10, 7) for step in range(20)])
    for epoch in range(6):
        assert sorted(read[epoch * 10 : (epoch + 1) * 10]) == list(range(10))
    assert not np.array_equal(read[:10], read[10:20])


def test_processes_that_share_a_batch_see_what_one_would() -> None:
    shape = SHAPES[0]
    rows = windows(4, shape)
    whole = make_batch("diffusion", rows, RECIPE, np.random.default_rng(3)).inputs["ids"]
    parts = [
        make_batch("diffusion", rows, RECIPE, np.random.default_rng(3), slice(at, at + 2)).inputs["ids"]
        for at in (0, 2)
    ]
    assert torch.equal(whole, torch.cat(parts))
