"""What `lora` and `full` share: the parent's file and the task's examples become a tuning job, and the job a product."""

from dataclasses import replace
from typing import Any

from gulliver.errors import SpecError
from gulliver.models.base import Card, Model
from gulliver.training.base import Settings
from gulliver.training.tune import LEAST, Job, Lora, tune
from gulliver.transforms.base import Material, Product
from gulliver.transforms.rewriting import gguf_of, tied

FORMAT = "F16"


def product(name: str, model: Model, material: Material, settings: Settings, lora: Lora | None) -> Product:
    """The model tuned on the material's examples.

    Raises:
        SpecError: too few examples.
        MissingExtra, ModelError, TrainingError: as `tune` says.
    """
    source = gguf_of(model, name)
    if len(material.train) < LEAST:
        raise SpecError(
            f"{name} learns from examples and the train split has {len(material.train)}, of the {LEAST} it needs; "
            f"give the task a larger train split, or leave {name} out."
        )
    job = Job(
        name=model.name,
        source=source,
        train=tuple(material.train),
        dev=tuple(material.dev),
        settings=settings,
        folder=material.folder,
        lora=lora,
        end=model.card.eos,
        tied=tied(model, source),
    )
    made = tune(job, material.tell)
    return Product(made.path, made.cost, {"format": format_of(model.card)})


def forecast(card: Card) -> Card:
    """The card of what will come out: the same model in 16 bits."""
    return replace(card, format=format_of(card))


def format_of(card: Card) -> str:
    """The product's format; rounding that the parent has had stays under what was learned, and is said."""
    return FORMAT if card.format.startswith(("F32", "F16", "BF16")) else f"{FORMAT}, tuned from {card.format}"


def settings_of(options: Any, seed: int) -> Settings:
    """How to train, from a transform's options of the same names."""
    said = {name: getattr(options, name) for name in ("steps", "batch", "rate", "max_length", "patience")}
    return Settings(**said, seed=seed)


def check_options(**options: float) -> None:
    """Options that must be above 0.

    Raises:
        ValueError: one is not.
    """
    for name, value in options.items():
        if not value > 0:
            raise ValueError(f"{name} must be above 0")
