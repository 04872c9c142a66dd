"""`full`: the contract of transforms, and that every weight was there to be tuned."""

from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.errors import SpecError
from gulliver.models.base import Model
from gulliver.spec import build, parse
from gulliver.transforms.base import Material
from gulliver.transforms.full import Full
from gulliver.transforms.making import Made
from tests.training.examples import letters
from tests.transforms.contract import TransformContract


class TestFull(TransformContract):
    text: ClassVar[str] = "full(steps=30, batch=4, rate=0.003)"
    material: ClassVar[Material] = Material(letters(40), letters(8, 40), letters(4, 48))

    def test_the_check_finds_that_the_examples_were_learned_and_the_file_is_what_was_trained(self, made: Made) -> None:
        assert made.parity is not None
        assert made.parity.task_before is not None
        assert made.parity.task_after is not None
        assert made.parity.task_after < made.parity.task_before - 1
        assert made.parity.reference is not None
        assert made.parity.learned is not None
        assert made.parity.reference < 0.001 < 0.1 < made.parity.learned

    def test_every_weight_was_trained(self, made: Made) -> None:
        assert made.cost.trainable == made.model.card.parameters


def test_a_train_split_too_small_is_one_sentence(parent: Model, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"full learns .* has 0, of the 16 it needs"):
        Full().apply(parent, Material(folder=tmp_path))


def test_senseless_options_are_one_sentence() -> None:
    with pytest.raises(SpecError, match="patience must be above 0"):
        build(Full, parse("full(patience=0)")[0])
