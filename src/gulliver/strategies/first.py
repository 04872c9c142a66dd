"""Take the first draft's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer


@strategy("first")
@dataclass(frozen=True)
class First:
    """Needs one draft."""

    role: ClassVar[str] = "choosing"

    @property
    def draws(self) -> int:
        return 1

    def choose(self, answers: Sequence[Answer]) -> Answer:
        return answers[0]
