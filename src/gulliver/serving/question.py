"""From a conversation to an item of the task that the recipe was measured on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gulliver.inference import Draft
from gulliver.models.base import Message
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind, make_item
from gulliver.tasks.judges import Exact, found


@dataclass(frozen=True)
class OpenAnswer:
    """The reader of a recipe that no study measured: what stands after `Answer:`, else all of the text. Nothing is right
    or wrong here, since there is nothing to compare with."""

    kind: ClassVar[Kind] = "text"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = Exact.after_reasoning

    def read(self, draft: Draft, item: Item) -> Answer:
        return found(extract.text(draft.text))

    def right(self, value: Any, item: Item) -> bool:
        return False


def open_item() -> Item:
    """The item of a recipe that no study measured."""
    return make_item("request", "", None, OpenAnswer(), max_tokens=512)


def asked_item(pattern: Item, messages: Sequence[Message]) -> Item:
    """The last message as an item of the task that `pattern` is one of: put the same way, read the same way.

    System messages of the conversation take the place of the task's; earlier turns stand before the question for a
    strategy that sends the item's prompt as it is (`direct`).
    """
    question = messages[-1].content
    put = pattern.prompt[-1].content
    if pattern.question and pattern.question in put:
        put = put.replace(pattern.question, question, 1)
    else:
        put = f"{question}\n\n{pattern.judge.answer_only}" if pattern.judge.answer_only else question
    system = [m for m in messages if m.role == "system"] or [m for m in pattern.prompt if m.role == "system"]
    earlier = [m for m in messages[:-1] if m.role != "system"]
    return replace(
        pattern, id="request", question=question, target=None, fields={}, choices=(), cloze="",
        prompt=(*system, *earlier, Message("user", put)),
    )  # fmt: skip
