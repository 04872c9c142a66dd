"""Ask for the bare answer."""

from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("direct")
@dataclass(frozen=True)
class Direct:
    """The question as the task puts it, and nothing else; `max_tokens` 0 is the task's own limit."""

    max_tokens: int = 0
    tokens: ClassVar[int] = 32
    role: ClassVar[str] = "asking"

    def ask(self, item: Item) -> Item:
        return replace(item, max_tokens=self.max_tokens) if self.max_tokens else item
