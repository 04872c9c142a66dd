"""Weights in 8 bits."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.models.base import Card, Model
from gulliver.models.gguf_rewrite import Plan
from gulliver.transforms.base import Material, Product, transform
from gulliver.transforms.quantising import format_of, product


@transform("int8")
@dataclass(frozen=True)
class Int8:
    """Every matrix in 8 bits (Q8_0: blocks of 32 share a scale); vectors stay in 32. Needs no examples."""

    learns: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def same(self, card: Card) -> bool:
        return re.match(r"Q8_0\b", card.format) is not None

    def forecast(self, card: Card) -> Card:
        return replace(card, format=format_of("Q8_0", card))

    def apply(self, model: Model, material: Material) -> Product:
        """A GGUF in Q8_0.

        Raises:
            ModelError: the model has no GGUF, or the disk is full.
        """
        return product(model, material, "int8", Plan(kind=_kind, file_type="Q8_0"))


def _kind(name: str, shape: tuple[int, ...]) -> str:
    if len(shape) < 2:
        return "F32"
    return "Q8_0" if shape[-1] % 32 == 0 else "F16"
