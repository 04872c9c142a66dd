"""Ask for the bare answer."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("direct")
@dataclass(frozen=True)
class Direct:
    """The question as the task puts it, and nothing else."""

    tokens: ClassVar[int] = 32
    role: ClassVar[str] = "asking"

    def ask(self, item: Item) -> Item:
        return item
