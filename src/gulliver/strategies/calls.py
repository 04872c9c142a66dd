"""Call the item's functions, guided while writing and checked afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message, Sampling
from gulliver.models.guide import call_guide
from gulliver.models.schemas import SchemaError
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.bfcl_calls import read_calls, tries_to_call
from gulliver.tasks.tool_calls import Function, functions_of, problem, tool_system

_TOLD = "You can call these functions"
_MAY = "When no function fits, or a value that is needed is not given, say so in words instead."
_MOST = 4
_WORDS = 300
"""Characters of an answer in words: enough to say that nothing fits, where a small model would explain itself without end."""


@strategy("calls")
@dataclass(frozen=True)
class Calls:
    """The functions told as chat templates tell them, and called in JSON. With `guided` the engine can write nothing but words
    or calls that keep the functions' schemas; with `repair` a call that keeps none is asked for once more
    (Sharma and Mehta 2025, arXiv:2510.03847).

    For items that hold functions, such as those of `bfcl`.
    """

    guided: bool = True
    repair: bool = True
    tokens: ClassVar[int] = 48
    draws: ClassVar[int] = 1
    role: ClassVar[str] = "whole"

    def check(self, item: Item) -> None:
        """
        Raises:
            TaskError: the item has no functions, or one whose schema cannot be kept.
        """
        if not item.fields.get("functions"):
            raise TaskError(f"The item {item.id} names no functions; calls is for tasks such as bfcl.")
        try:
            self._guide(functions_of(item.fields["functions"]))
        except SchemaError as error:
            raise TaskError(f"The functions of the item {item.id} cannot be kept: {error}") from None

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """One draft, and a second where the first holds a call that is not valid."""
        functions = functions_of(item.fields["functions"])
        sampling = Sampling(item.max_tokens, stop=item.stop, guide=self._guide(functions))
        put = _put(item, functions)
        draft = (await lm.draws(put, 1, sampling))[0]
        wrong = call_problem(draft.text, item) if self.repair and draft.finish == "stop" else ""
        if wrong:
            asked = f"That is not valid. {wrong} Write the corrected call."
            again = [*put, Message("assistant", draft.text), Message("user", asked)]
            second: Draft = (await lm.draws(again, 1, sampling))[0]
            draft = second if second.finish != "failed" else draft
        return item.read(draft)

    def _guide(self, functions: Sequence[Function]) -> str:
        described = [{"name": one.name, "parameters": one.parameters} for one in functions]
        return call_guide(described, free=True, most=_MOST, words=_WORDS).text if self.guided else ""


def call_problem(written: str, item: Item) -> str:
    """What is wrong with the calls in a reply by the functions' schemas, in a sentence; "" when nothing is, or nothing is
    called."""
    functions = functions_of(item.fields["functions"])
    names = [function.name for function in functions]
    calls: list[Any] = list(read_calls(written, names))
    if not calls:
        return "The call cannot be read." if tries_to_call(written, names) else ""
    return next((wrong for call in calls if (wrong := problem(call, functions))), "")


def _put(item: Item, functions: Sequence[Function]) -> list[Message]:
    """The item's conversation, its functions told in the system message."""
    stated = "\n\n".join(message.content for message in item.prompt if message.role == "system")
    rest = [message for message in item.prompt if message.role != "system"]
    last = rest[-1].content.removesuffix(item.judge.answer_only).rstrip()
    system = tool_system(functions, stated.partition(_TOLD)[0].strip(), _MAY)
    return [Message("system", system), *rest[:-1], Message("user", last)]
