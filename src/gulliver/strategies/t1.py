"""Check each draft with a tool before choosing among those that pass."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gulliver.inference import BoundModel
from gulliver.models.base import Message
from gulliver.sandbox.arithmetic import equations
from gulliver.strategies.base import OfSeveral, strategy
from gulliver.strategies.best_of import BestOf
from gulliver.strategies.majority import Majority, ballot
from gulliver.strategies.pal import ProgramReader
from gulliver.strategies.scorers import SCORERS
from gulliver.strategies.scorers.base import scorer_models
from gulliver.tasks.base import Answer, Item

TOOLS = ("program", "calculator")
_ASK = (
    "Check the answer {answer} with a program. Write a Python function solution() that takes no arguments, computes the answer "
    "to the question step by step from the numbers in the question, and returns it. Reply with the code alone."
)
_TOKENS = 240


@strategy("t1")
@dataclass(frozen=True)
class T1(OfSeveral):
    """Tool-integrated self-verification (Kang et al. 2025, arXiv:2504.04718): of `n` drafts those that a tool refutes are left
    out, and one of the rest is chosen: by `majority`, or as `best_of` does by its scorers. When all are refuted, all count.

    With `tool=program` the model writes, for each different answer, a program that computes it anew; the sandbox runs it, and
    an answer it contradicts is refuted. With `tool=calculator` a draft with a sum that does not hold is refuted; no request.
    """

    tool: str = "program"
    by: str = "majority"
    model: str = ""
    timeout: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tool not in TOOLS or self.by not in ("majority", *SCORERS) or self.timeout <= 0:
            raise ValueError(
                f"tool must be {' or '.join(TOOLS)}, by one of majority, {', '.join(SCORERS)}, and timeout above 0"
            )
        if self.by != "majority":
            BestOf(self.n, self.by, self.model)

    @property
    def others(self) -> tuple[str, ...]:
        """The scorer's own model, where it has one."""
        return scorer_models(self.by, self.model)

    def choose(self, answers: Sequence[Answer]) -> Answer:
        """What is chosen where nothing can be checked."""
        return Majority(self.n).choose(answers)

    async def pick(self, item: Item, answers: Sequence[Answer], lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the scorer cannot score.
        """
        read = [answer for answer in answers if answer.status == "read"]
        if not read:
            return answers[0]
        passed = await self.unrefuted(item, read, lm)
        if self.by == "majority":
            return Majority(self.n).choose(passed)
        return await BestOf(self.n, self.by, self.model).pick(item, passed, lm)

    async def unrefuted(self, item: Item, read: Sequence[Answer], lm: BoundModel) -> list[Answer]:
        """The answers that the tool does not contradict; all of them when it contradicts each."""
        if self.tool == "calculator":
            passed = [answer for answer in read if all(equation.holds for equation in equations(answer.text))]
        else:
            different = {ballot(answer): answer for answer in reversed(read)}
            verdicts = await asyncio.gather(*(self._agrees(item, answer, lm) for answer in different.values()))
            stands = dict(zip(different, verdicts, strict=True))
            passed = [answer for answer in read if stands[ballot(answer)]]
        return passed or list(read)

    async def _agrees(self, item: Item, answer: Answer, lm: BoundModel) -> bool:
        """Whether a program of the model's own gives the same answer, or gives none."""
        draft = await lm.generate(checking(item, answer), max_tokens=_TOKENS)
        if draft.finish == "failed":
            return True
        again = await asyncio.to_thread(ProgramReader(self.timeout), draft, item)
        return again.status != "read" or ballot(again) == ballot(answer)  # a program that does not run refutes nothing


def checking(item: Item, answer: Answer) -> tuple[Message, ...]:
    """The question, the draft, and the wish for a program that computes the answer anew."""
    ask = _ASK.format(answer=answer.value)
    text = f"Question: {item.question}\n\nSolution: {answer.text.strip()}\n\n{ask}"
    return (Message("user", text),)
