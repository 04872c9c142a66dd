"""What a transform is: a frozen dataclass that takes a model and gives a model, written as GGUF for the same engine.

Its fields are its options, as for a strategy; `@transform(name)` names it; one file each, named as the transform.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from gulliver.models.base import Card, Model
from gulliver.training.base import Example, TrainingCost

Tell = Callable[[str, int, int], None]
"""Progress: what is being done, how much is done, of how much."""


@dataclass(frozen=True)
class Material:
    """What a transform may use, and where it works.

    Attributes:
        train, dev: examples rendered with the parent's chat template and the recipe's way of asking; () when the recipe
            learns nothing.
        probes: rendered prompts (with the text that followed them, when known) for the parity check.
        folder: of this transform's own; whatever lies there already is a checkpoint of the same work.
    """

    train: Sequence[Example] = ()
    dev: Sequence[Example] = ()
    probes: Sequence[Example] = ()
    seed: int = 0
    folder: Path = Path()
    tell: Tell | None = None


@dataclass(frozen=True)
class Product:
    """What came out: a GGUF file, and what stands in the new model's card beside what the file says."""

    path: Path
    cost: TrainingCost = field(default_factory=TrainingCost)
    changes: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Transform(Protocol):
    """One way to turn a model into another.

    Attributes:
        learns: whether it needs training examples; what it gives then depends on the task and the way of asking.
    """

    learns: ClassVar[bool]

    def same(self, card: Card) -> bool:
        """Whether the model is already what this would make of it (`int8` on a Q8_0 file): the recipe is then listed once."""
        ...

    def forecast(self, card: Card) -> Card:
        """The card of what will come out, as far as can be known before any work: for forecasts only."""
        ...

    def apply(self, model: Model, material: Material) -> Product:
        """Do the work. Killed and called again with the same folder, it goes on from its last checkpoint.

        Raises:
            GulliverError: it cannot be done, in one sentence.
        """
        ...


Made = TypeVar("Made", bound=type[Any])


def transform(name: str) -> Callable[[Made], Made]:
    """Name a transform's class, so that a recipe can say it."""

    def mark(kind: Made) -> Made:
        kind.transform_name = name
        return kind

    return mark
