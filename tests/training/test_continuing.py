"""A training with a constant rate can be continued by another, as a trunk is by its branches."""

from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import TrainingError
from gulliver.training.base import Settings
from gulliver.training.loop import rate_factor, train
from tests.training.small import Small, count_up, next_token_loss

TRUNK = Settings(steps=6, rate=1e-2, warmup=0.0, schedule="constant", checkpoint_every=4)


def test_two_pieces_of_a_trunk_are_one_trunk(tmp_path: Path) -> None:
    whole = train(Small(0.0), count_up, next_token_loss, replace(TRUNK, steps=10), tmp_path / "whole")
    first = train(Small(0.0), count_up, next_token_loss, TRUNK, tmp_path / "a")
    rest = replace(TRUNK, steps=4)
    second = train(
        Small(0.0), lambda step: count_up(step + 6), next_token_loss, rest, tmp_path / "b", after=tmp_path / "a"
    )
    assert first.losses + second.losses == whole.losses
    assert second.cost.steps == 4


def test_a_linear_decay_ends_just_above_zero() -> None:
    decay = Settings(steps=4, warmup=0.0, schedule="linear")
    assert [rate_factor(step, decay) for step in range(4)] == [1.0, 0.75, 0.5, 0.25]
    assert {rate_factor(step, TRUNK) for step in range(6)} == {1.0}


def test_what_cannot_be_continued_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no finished training"):
        train(Small(), count_up, next_token_loss, TRUNK, tmp_path / "b", after=tmp_path / "none")
    train(Small(), count_up, next_token_loss, replace(TRUNK, schedule="cosine"), tmp_path / "a")
    with pytest.raises(TrainingError, match="no finished training with a constant rate"):
        train(Small(), count_up, next_token_loss, TRUNK, tmp_path / "b", after=tmp_path / "a")
