"""A planner writes an inference program for the task; followers write under it, and only texts that keep to it survive."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Message
from gulliver.strategies.base import strategy
from gulliver.strategies.following import Following
from gulliver.strategies.programs import METHODS, Program, ProgramError, read_program
from gulliver.tasks.base import Answer, Item

_TOLD = """You never do a task yourself. You write Python programs that steer a small language model, a few words at a time, to a text that meets every condition of its task. A program defines:
- step(text): what comes next behind the text so far. A whole number k: the small model writes up to k more words. A string: it is put there as it is. None: the text is finished.
- check(text): True if a finished text meets every condition.
- score(text), optional: how good an unfinished text is, a number; False if it can no longer meet the conditions.
There are already words(text), the list of its words, and has(text, word). Words are counted from 1. Reply with the program alone."""
_PUT = "The small model's task: {}\n\nWrite the Python program that steers it."
_BEGUN = "```python\n# The conditions\nPLACES ="
"""What the planner's reply starts with: else a small planner does the task itself, or leaves out places where there are none."""
_SHOWN = (
    (
        "Describe the sea in 9 words, with 'under' as word 4 and 'salt' as word 9.",
        "PLACES = {4: 'under', 9: 'salt'}\nWANTED = []\nLEAST, MOST = 9, 9",
    ),
    (
        "Say something about a storm with 'kettle' and 'window' in it, in 8 to 12 words.",
        "PLACES = {}\nWANTED = ['kettle', 'window']\nLEAST, MOST = 8, 12",
    ),
)
"""Tasks, and the conditions of their programs. A small planner copies the program that it saw last, so both are of one form."""
_FORM = """# The conditions
{}

def step(text):
    place = len(words(text)) + 1
    missing = [word for word in WANTED if not has(text, word)]
    if place > MOST:
        return None
    if place in PLACES:
        return PLACES[place]
    if missing and place > MOST - 3 * len(missing):
        return missing[0]
    ahead = [p for p in PLACES if p > place] + [MOST + 1]
    return min(3, min(ahead) - place)

def score(text):
    return 6.0 * sum(has(text, word) for word in WANTED)

def check(text):
    w = words(text)
    kept = LEAST <= len(w) <= MOST and all(has(text, word) for word in WANTED)
    return kept and all(w[p - 1].lower() == PLACES[p] for p in PLACES)"""
_AGAIN = "That program cannot be used. {} Write the corrected program."


@strategy("discipl")
@dataclass(frozen=True)
class Discipl:
    """Self-steering (Grand et al. 2025, arXiv:2504.07081): the model `planner` (the same model when none is named) writes a program
    of steps, a check and a score for the item; `n` texts of this model are written under it, by the program's own method or the
    `method` named: `smc`, `importance` or `rejection`. The program runs in the sandbox alone, `timeout` seconds at most between two steps.

    A program that cannot be used is asked for once more with the reason; then the answer is a plain draft, and its detail says so. Of
    the texts that pass the program's check the heaviest is taken. The program is the answer's `program`. `n` 0 is as many as the program says, at
    most 32. `keep` is as for `smc`.
    """

    planner: str = ""
    n: int = 8
    method: str = ""
    keep: float = 0.5
    temperature: float = 0.7
    top_p: float = 0.95
    length: int = 320
    timeout: float = 5.0
    tokens: ClassVar[int] = 12
    role: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if not 0 <= self.n <= 32 or not 0 <= self.keep <= 1 or self.length < 1 or self.timeout <= 0:
            raise ValueError("n must be in [0, 32], keep in [0, 1], length at least 1 and timeout above 0")
        if self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be above 0 and top_p in (0, 1]")
        if self.method and self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, or left out")

    @property
    def draws(self) -> int:
        """For forecasts: a text of some five steps."""
        return 5 * (self.n or 8)

    @property
    def others(self) -> tuple[str, ...]:
        """The planner, where it is another model."""
        return (self.planner,) if self.planner else ()

    async def answer(self, item: Item, lm: BoundModel) -> Answer:
        """
        Raises:
            ModelError: the follower is behind a server, whose protocol cannot go on with a text that was begun.
        """
        planner = lm.other(self.planner) if self.planner else lm
        program = await self._program(item, planner)
        if isinstance(program, Draft):
            return Answer(status="failed", detail=program.error)
        if isinstance(program, ProgramError):
            return await _plain(item, lm, f"plain draft, since no program could be used: {program}")
        try:
            return await Following(self, program, item, lm).answer()
        except ProgramError as error:
            answer = await _plain(item, lm, f"plain draft, since the program broke: {error}")
            return replace(answer, program=program.code)

    async def _program(self, item: Item, planner: BoundModel) -> Program | ProgramError | Draft:
        """What the planner wrote; why it cannot be used the second time; or a draft that failed."""
        asked = planned(item)
        begun = "" if planner.model.engine == "endpoint" else _BEGUN  # a server has no word for a reply that was begun
        for last in (False, True):
            draft = await planner.generate(asked, max_tokens=self.length, begun=begun)
            if draft.finish == "failed":
                return draft
            reply = begun + draft.text
            try:
                return await asyncio.to_thread(read_program, reply, self.timeout)
            except ProgramError as error:
                if last:
                    return error
                asked = [*asked, Message("assistant", reply), Message("user", _AGAIN.format(error))]
        raise AssertionError("two tries return")


def planned(item: Item) -> list[Message]:
    """What the planner is asked: the rules and two programs for other tasks, then the item's question."""
    turns = [Message("system", _TOLD)]
    for (task, _), program in zip(_SHOWN, programs_shown(), strict=True):
        turns += [Message("user", _PUT.format(task)), Message("assistant", f"```python\n{program}\n```")]
    return [*turns, Message("user", _PUT.format(item.question))]


async def _plain(item: Item, lm: BoundModel, why: str) -> Answer:
    draft = await lm.generate(item.prompt, max_tokens=item.max_tokens, stop=item.stop)
    answer = item.read(draft)
    return replace(answer, detail=answer.detail if answer.status == "failed" else why)


def programs_shown() -> Sequence[str]:
    """The programs that a planner is shown."""
    return [_FORM.replace("{}", conditions, 1) for _, conditions in _SHOWN]
