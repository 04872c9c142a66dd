"""Tuning of all weights."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.models.base import Card, Model
from gulliver.transforms.base import Material, Product, transform
from gulliver.transforms.tuned import check_options, forecast, product, settings_of


@transform("full")
@dataclass(frozen=True)
class Full:
    """Tune every weight on the task's train split: 16 bytes of memory for each, four times those of the weights.

    `steps` of `batch` examples, fewer when `patience` looks at the dev split found nothing better; examples above
    `max_length` tokens are left out.
    """

    steps: int = 200
    batch: int = 8
    rate: float = 2e-5
    max_length: int = 512
    patience: int = 3
    learns: ClassVar[bool] = True
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_options(
            steps=self.steps, batch=self.batch, rate=self.rate, max_length=self.max_length, patience=self.patience
        )

    def same(self, card: Card) -> bool:
        return False

    def forecast(self, card: Card) -> Card:
        return forecast(card)

    def apply(self, model: Model, material: Material) -> Product:
        """A GGUF in F16.

        Raises:
            GulliverError: too few examples, no torch, weights that cannot be trained here, or a loss that is no number.
        """
        return product("full", model, material, settings_of(self, material.seed), None)
