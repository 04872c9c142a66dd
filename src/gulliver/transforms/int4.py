"""Weights in 4 bits."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.models.base import Card, Model
from gulliver.models.gguf_rewrite import Plan
from gulliver.transforms.base import Material, Product, transform
from gulliver.transforms.quantising import format_of, product

TABLES = ("token_embd.weight", "output.weight")


@transform("int4")
@dataclass(frozen=True)
class Int4:
    """Every matrix in 4 bits (Q4_1: blocks of 32 share a scale and a zero point), the tables of words in 8. Needs no
    examples."""

    learns: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def same(self, card: Card) -> bool:
        return re.match(r"Q4_1\b", card.format) is not None

    def forecast(self, card: Card) -> Card:
        return replace(card, format=format_of("Q4_1 with Q8_0 embeddings", card))

    def apply(self, model: Model, material: Material) -> Product:
        """A GGUF in Q4_1.

        Raises:
            ModelError: the model has no GGUF, or the disk is full.
        """
        return product(model, material, "int4", Plan(kind=_kind, file_type="Q4_1"))


def _kind(name: str, shape: tuple[int, ...]) -> str:
    if len(shape) < 2:
        return "F32"
    if shape[-1] % 32:
        return "F16"
    return "Q8_0" if name in TABLES else "Q4_1"
