"""What `int8` and `int4` share: one pass over the file, and what the new card says."""

import re
import time
from dataclasses import replace

from gulliver.models.base import Card, Model
from gulliver.models.gguf_rewrite import Plan, rewrite
from gulliver.training.base import TrainingCost
from gulliver.transforms.base import Material, Product
from gulliver.transforms.rewriting import gguf_of, tied, without_copy


def product(model: Model, material: Material, name: str, plan: Plan) -> Product:
    """The model's GGUF rewritten by the plan; a table that it keeps twice is kept once.

    Raises:
        ModelError: the model has no GGUF, or the disk is full.
    """
    source = gguf_of(model, name)
    began = time.perf_counter()
    if tied(model, source):
        plan = replace(plan, name=without_copy)
    target = material.folder / "model.gguf"
    rewrite(source, target, plan, material.tell)
    made = {"int8": "Q8_0", "int4": "Q4_1 with Q8_0 embeddings"}[name]
    return Product(target, TrainingCost(seconds=time.perf_counter() - began), {"format": format_of(made, model.card)})


def format_of(made: str, card: Card) -> str:
    """The number format of the product; rounding that the parent has had already stays and is said."""
    whole = re.match(r"(F32|F16|BF16)\b", card.format)
    return made if whole else f"{made}, from {card.format}"
