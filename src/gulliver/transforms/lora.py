"""Tuning by low-rank adapters."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.models.base import Card, Model
from gulliver.training.tune import LINEAR, Lora
from gulliver.transforms.base import Material, Product, transform
from gulliver.transforms.tuned import check_options, forecast, product, settings_of

ALL = "all-linear"


@transform("lora")
@dataclass(frozen=True)
class LoraTransform:
    """Tune on the task's train split with adapters of a low rank, then merge them (LoRA, Hu et al. 2021).

    `targets`: `all-linear`, or names such as `["q_proj", "v_proj"]`; `alpha / rank` scales what is added. `steps` of
    `batch` examples, fewer when `patience` looks at the dev split found nothing better; examples above `max_length` tokens
    are left out. The adapters are kept in `adapter/` beside the model, as PEFT reads them.
    """

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    targets: str | tuple[str, ...] = ALL
    steps: int = 200
    batch: int = 8
    rate: float = 2e-4
    max_length: int = 512
    patience: int = 3
    learns: ClassVar[bool] = True
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_options(
            rank=self.rank, alpha=self.alpha, steps=self.steps, batch=self.batch, rate=self.rate,
            max_length=self.max_length, patience=self.patience,
        )  # fmt: skip
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout must be at least 0 and below 1")
        unknown = [name for name in self._layers() if name not in LINEAR]
        if unknown or not self._layers():
            raise ValueError(f"targets must be {ALL} or some of {', '.join(LINEAR)}")

    def same(self, card: Card) -> bool:
        return False

    def forecast(self, card: Card) -> Card:
        return forecast(card)

    def apply(self, model: Model, material: Material) -> Product:
        """A GGUF in F16 with the adapters merged.

        Raises:
            GulliverError: too few examples, no torch, weights that cannot be trained here, or a loss that is no number.
        """
        adapters = Lora(self.rank, self.alpha, self.dropout, self._layers())
        return product("lora", model, material, settings_of(self, material.seed), adapters)

    def _layers(self) -> tuple[str, ...]:
        if self.targets == ALL:
            return LINEAR
        return (self.targets,) if isinstance(self.targets, str) else tuple(self.targets)
