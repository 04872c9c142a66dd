"""Leaving out what the last layers do."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

from gulliver.errors import ModelError
from gulliver.models.base import Card, Model
from gulliver.models.files import writing
from gulliver.models.gguf_rewrite import Plan, rewrite
from gulliver.models.graph_folders import CARD
from gulliver.training.base import TrainingCost
from gulliver.transforms.base import Material, Product, transform
from gulliver.transforms.graphs import without_sublayers


@transform("skip_attention")
@dataclass(frozen=True)
class SkipAttention:
    """Leave out the attention of the last `last` layers, the feed-forward part of the last `mlp_last`, or the last
    `layers_last` layers whole (Tyukin 2024, arXiv:2404.05741). Needs no examples. Comes last among transforms.

    `last` and `mlp_last` count among the layers that `layers_last` leaves. At least one layer keeps its attention, since
    the first one's cache says how far a text has been read.
    """

    last: int = 0
    mlp_last: int = 0
    layers_last: int = 0
    learns: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if min(self.last, self.mlp_last, self.layers_last) < 0:
            raise ValueError("last, mlp_last and layers_last must be at least 0")
        if not (self.last or self.mlp_last or self.layers_last):
            raise ValueError("say how much to leave out, as in skip_attention(last=4)")

    def same(self, card: Card) -> bool:
        return False

    def forecast(self, card: Card) -> Card:
        layers = card.layers - self.layers_last
        attention = 2 * card.hidden * card.head_dim * (card.heads + card.kv_heads)
        mlp = 3 * card.hidden * card.feed_forward
        gone = self.layers_last * (attention + mlp) + self.last * attention + self.mlp_last * mlp
        left = max(card.parameters - gone, card.embedding_parameters)
        return replace(card, parameters=left, active_parameters=left, layers=layers)

    def apply(self, model: Model, material: Material) -> Product:
        """An OpenVINO folder; a GGUF when only whole layers are left out.

        Raises:
            ModelError: the model has too few layers, or no file whose graph can be edited.
        """
        began = time.perf_counter()
        self._check(model)
        assert model.location is not None
        source = model.location
        layers = model.card.layers - self.layers_last
        if self.layers_last:
            source = self._shortened(model, material)
            if not (self.last or self.mlp_last):
                return Product(source, TrainingCost(seconds=time.perf_counter() - began))
        target = material.folder / "graph"
        attention, mlp = range(layers - self.last, layers), range(layers - self.mlp_last, layers)
        without_sublayers(source, target, attention, mlp, f"Taking sublayers out of {model.name}")
        if source != model.location:
            source.unlink()
        card = replace(self.forecast(model.card), digest=self._digest(model.card))
        with writing(target / CARD) as part:
            part.write_text(json.dumps(asdict(card)), encoding="utf-8")
        changes = {"digest": card.digest, "parameters": card.parameters, "active_parameters": card.active_parameters}
        changes["layers"] = card.layers
        return Product(target, TrainingCost(seconds=time.perf_counter() - began), changes)

    def _check(self, model: Model) -> None:
        layers = model.card.layers - self.layers_last
        if model.location is None or model.engine != "openvino":
            raise ModelError(
                f"{model.name} has no weights here, so nothing can be left out of it; use a rung or gguf:."
            )
        if self.layers_last and not model.location.is_file():
            raise ModelError(
                f"{model.name} is no GGUF any more; leave layers out first, with skip_attention(layers_last=…)."
            )
        if layers < 1 or self.last >= layers or self.mlp_last > layers:
            raise ModelError(
                f"{model.name} has {model.card.layers} layers and at least one must keep its attention; leave out fewer."
            )

    def _digest(self, card: Card) -> str:
        """By what was done to what: a graph is saved with names that differ from one process to the next."""
        return hashlib.sha256(f"{card.digest} {self} {self.version}".encode()).hexdigest()

    def _shortened(self, model: Model, material: Material) -> Path:
        assert model.location is not None
        layers = model.card.layers - self.layers_last
        gone = {f"blk.{layer}" for layer in range(layers, model.card.layers)}
        target = material.folder / "model.gguf"
        plan = Plan(
            name=lambda name: None if ".".join(name.split(".")[:2]) in gone else name,
            facts={f"{model.card.architecture}.block_count": layers},
        )
        rewrite(model.location, target, plan, material.tell)
        return target
