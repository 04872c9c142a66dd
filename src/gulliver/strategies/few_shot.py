"""Show worked examples before the question."""

from dataclasses import dataclass
from typing import ClassVar

from gulliver.errors import TaskError
from gulliver.models.base import Message
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("few_shot")
@dataclass(frozen=True)
class FewShot:
    """`k` exemplars as earlier turns of the conversation (Brown et al. 2020).

    With `reasoning`, each exemplar's rationale comes before its answer, as in chain of thought (Wei et al. 2022).
    """

    k: int = 3
    reasoning: bool = False
    tokens: ClassVar[int] = 48
    role: ClassVar[str] = "asking"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError("k must be at least 1")

    def ask(self, item: Item) -> Item:
        chosen = item.exemplars[: self.k]
        if len(chosen) < self.k:
            raise TaskError(
                f"few_shot(k={self.k}) wants {self.k} exemplars and this task has {len(chosen)}; lower k or add exemplars to the task."
            )
        if self.reasoning and not all(exemplar.rationale for exemplar in chosen):
            raise TaskError(
                "few_shot(reasoning=true) needs exemplars with a rationale; add them to the task or drop the option."
            )
        clause = item.judge.after_reasoning if self.reasoning else item.judge.answer_only
        messages = [message for message in item.prompt if message.role == "system"]
        for exemplar in chosen:
            shown = f"{exemplar.rationale}\nAnswer: {exemplar.answer}" if self.reasoning else exemplar.answer
            messages += [Message("user", _put(exemplar.question, clause)), Message("assistant", shown)]
        return item.ask(*messages, Message("user", _put(item.question, clause)))


def _put(question: str, clause: str) -> str:
    return f"{question}\n\n{clause}" if clause else question
