"""Ask for the reasoning before the answer."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.models.base import Message
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("cot")
@dataclass(frozen=True)
class ChainOfThought:
    """Reasoning in words, then an answer the judge can find (Wei et al. 2022; zero-shot, Kojima et al. 2022)."""

    max_tokens: int = 0
    tokens: ClassVar[int] = 200
    role: ClassVar[str] = "asking"

    def ask(self, item: Item) -> Item:
        text = f"{item.question}\n\n{item.judge.after_reasoning}"
        before = [message for message in item.prompt if message.role == "system"]
        return item.ask(*before, Message("user", text), max_tokens=self.max_tokens or item.max_tokens)
