"""Modular addition: much data is generalised from, little is memorised, late in the grokking set-up."""

import pytest

from gulliver.laws import LawError
from gulliver.laws.grokking import Grokking, train_runs

OPTIONS = Grokking(modulus=31, initial_scale=3.0, steps=600)


def test_little_data_is_memorised_and_much_is_generalised_from() -> None:
    little, much = train_runs(64, [(150, 0), (430, 0)], OPTIONS)
    assert little.train[-1] == much.train[-1] == 1.0
    assert little.test[-1] < 0.1
    assert much.test[-1] > 0.5
    assert much.steps == tuple(range(50, 601, 50))
    seen, unseen = much.reached("train", 0.99), much.reached("test", 0.5)
    assert seen is not None
    assert unseen is not None
    assert unseen > seen
    assert little.reached("test", 0.5) is None


def test_a_run_does_not_hang_on_those_beside_it() -> None:
    options = Grokking(modulus=11, steps=20, every=10)
    alone = train_runs(8, [(30, 1)], options)[0]
    beside = train_runs(8, [(50, 0), (30, 1), (10, 2)], options)[1]
    assert beside.train == pytest.approx(alone.train, abs=0.05)
    assert (beside.examples, beside.seed, beside.width) == (30, 1, 8)


def test_sizes_by_hand() -> None:
    assert Grokking(modulus=5).pairs == 15
    assert Grokking(modulus=5).parameters(4) == 40


@pytest.mark.parametrize("examples", [0, 496])
def test_a_part_must_leave_some_unseen(examples: int) -> None:
    with pytest.raises(LawError, match="496 pairs"):
        train_runs(8, [(examples, 0)], OPTIONS)
