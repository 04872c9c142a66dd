"""Ask for equations instead of sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gulliver.models.base import Message
from gulliver.strategies.base import strategy
from gulliver.tasks import extract
from gulliver.tasks.base import Exemplar, Item

_EQUATION = re.compile(r"[(\d][\d\s.,()+\-*/×÷]*[\d)]\s*=\s*-?\d[\d,]*(?:\.\d+)?")
_ASK = "Write only equations, one a line and no words, then the final answer on a line of its own as 'Answer: <{}>'."


@strategy("equation_only")
@dataclass(frozen=True)
class EquationOnly:
    """Reasoning as equations without words, then the answer (Kim et al. 2024, arXiv:2409.12393).

    The first `k` exemplars whose rationale gives their answer by equations are shown first, with these equations
    alone; fewer when the task has fewer.
    """

    k: int = 3
    max_tokens: int = 0
    tokens: ClassVar[int] = 60
    role: ClassVar[str] = "asking"

    def __post_init__(self) -> None:
        if self.k < 0:
            raise ValueError("k must be at least 0")

    def ask(self, item: Item) -> Item:
        clause = _ASK.format(item.judge.kind if item.judge.kind in ("number", "choice") else "answer")
        messages = [message for message in item.prompt if message.role == "system"]
        for exemplar, equations in worked(item.exemplars)[: self.k]:
            shown = "\n".join([*equations, f"Answer: {exemplar.answer}"])
            messages += [Message("user", f"{exemplar.question}\n\n{clause}"), Message("assistant", shown)]
        put = Message("user", f"{item.question}\n\n{clause}")
        return item.ask(*messages, put, max_tokens=self.max_tokens or item.max_tokens)


def worked(exemplars: Sequence[Exemplar]) -> list[tuple[Exemplar, list[str]]]:
    """Exemplars with the equations of their rationale, where the last one gives the answer."""
    found = [(exemplar, equations_in(exemplar.rationale)) for exemplar in exemplars]
    return [(e, lines) for e, lines in found if lines and _result(lines[-1]) == extract.number(e.answer)]


def equations_in(text: str) -> list[str]:
    """Equations of numbers in a text, in order, as `4 * 12 = 48`.

    >>> equations_in("The trays hold 4 * 12 = 48 rolls. So 48 - 34 = 14 are left.")
    ['4 * 12 = 48', '48 - 34 = 14']
    """
    found = (" ".join(match[0].split()) for match in _EQUATION.finditer(text))
    return [line for line in found if re.search(r"\d\s*[+\-*/×÷]", line)]


def _result(equation: str) -> str | None:
    return extract.number(equation.rpartition("=")[2])
