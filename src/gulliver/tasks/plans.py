"""Plans for everyday goals, also when a tool is missing: the steps that are needed, in an order that works.

Procedural and counterfactual planning as Brahman et al. 2023 (arXiv:2305.19472), with goals and steps of Gulliver's own
(`procedures.toml`): facts that steps need and give make a plan checkable without a judge who reads.
"""

import hashlib
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item

OTHERS = 2
"""Steps to other goals that are offered too."""
TEST_GOALS = 4
"""Goals of test items; train and dev have the others, so that what is learned of them must carry over."""
_MARK = re.compile(r"^\s*(?:[-*•]|\(?\d+[.):]|step \d+[.:]?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """What can be done: it needs facts, gives one, and may use a tool."""

    text: str
    gives: str
    needs: tuple[str, ...] = ()
    tool: str = ""


@dataclass(frozen=True)
class Goal:
    """What is wanted: the fact `end`, by some of the steps."""

    name: str
    end: str
    steps: tuple[Step, ...]

    @property
    def tools(self) -> tuple[str, ...]:
        """Each is used on one way to the goal."""
        return tuple(sorted({step.tool for step in self.steps if step.tool}))


@cache
def goals() -> tuple[Goal, ...]:
    """All goals of `procedures.toml`, those of test items first."""
    data = tomllib.loads((Path(__file__).parent / "procedures.toml").read_text(encoding="utf-8"))
    return tuple(
        Goal(
            goal["name"],
            goal["end"],
            tuple(Step(s["text"], s["gives"], tuple(s.get("needs", ())), s.get("tool", "")) for s in goal["steps"]),
        )
        for goal in data["goal"]
    )


def goal_of(fields: Mapping[str, Any]) -> Goal:
    """The goal of an item's row.

    Raises:
        TaskError: the row has none.
    """
    found = next((goal for goal in goals() if goal.name == fields.get("goal")), None)
    if found is None:
        raise TaskError("This item has no goal to plan for; use the task plans.")
    return found


def problem(goal: Goal, missing: str, steps: Sequence[str]) -> str:
    """What is wrong with the beginning of a plan, in a sentence; "" when nothing is.

    Args:
        missing: a tool that is not there; "" where none is missing.
    """
    facts: set[str] = set()
    for number, text in enumerate(steps):
        step = next((s for s in goal.steps if s.text == text), None)
        if step is None:
            return f"'{text}' does nothing for {goal.name}."
        if step.tool and step.tool == missing:
            return f"'{text}' cannot be done without the {missing}."
        if any(fact not in facts for fact in step.needs):
            return f"'{text}' comes too early."
        if step.gives in facts:
            return f"'{text}' is not needed" + (" twice." if text in steps[:number] else ".")
        facts.add(step.gives)
    return ""


def reaches(goal: Goal, missing: str, steps: Sequence[str]) -> bool:
    """Whether a plan works and leaves the goal reached, with no step that it could do without."""
    if not _works(goal, missing, steps):
        return False
    return not any(_works(goal, missing, [*steps[:i], *steps[i + 1 :]]) for i in range(len(steps)))


def step_of(line: str, options: Sequence[str]) -> str | None:
    """The step that a line names, whatever its number, capitals and stops; None when it names none."""
    said = _bare(line)
    return next((option for option in options if _bare(option) == said), None)


@dataclass(frozen=True)
class Reaches:
    """The plan works without the tool that is missing, and has no step too many."""

    kind: ClassVar[Kind] = "free"
    answer_only: ClassVar[str] = "Reply with the steps that are needed, in order, one a line, in the words above."
    after_reasoning: ClassVar[str] = (
        "Think, then write 'Answer:' and under it the steps that are needed, in order, one a line, in the words above."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        """The steps, one a line; a line that names none stays as it is, and the plan is then wrong."""
        lines = [line for line in draft.text.rpartition("Answer:")[2].splitlines() if _bare(line)]
        steps = [step_of(line, item.fields["steps"]) or _bare(line) for line in lines]
        known = [step for step in steps if step in item.fields["steps"]]
        return Answer(value="\n".join(steps)) if known else Answer(status="unreadable", detail="no step in it")

    def right(self, value: Any, item: Item) -> bool:
        return reaches(goal_of(item.fields), str(item.fields["missing"]), str(value).splitlines())


def make(*, what_if: bool = True, items: int | None = None, seed: int = 0) -> Task:
    """40 plans unless stated; with `what_if` a tool is missing in each (counterfactual planning)."""
    count = 40 if items is None else items
    test, rest = goals()[:TEST_GOALS], goals()[TEST_GOALS:]
    splits = [
        [_item(those, what_if, f"{part} {seed} {n}", n) for n in range(size)]
        for part, those, size in (("test", test, count), ("train", rest, 40), ("dev", rest, 20))
    ]
    return Task(
        f"plans(what_if={str(what_if).lower()})", splits[0], splits[1], splits[2],
        source=f"procedures.toml of Gulliver, drawn with seed {seed}",
        digest=hashlib.sha256(repr((goals(), what_if, count, seed)).encode()).hexdigest(),
        generated=True,
    )  # fmt: skip


def _item(those: Sequence[Goal], what_if: bool, name: str, number: int) -> Item:
    rng = random.Random(f"plans {name}")
    goal = those[number % len(those)]
    missing = rng.choice(goal.tools) if what_if else ""
    strangers = [step.text for other in goals() if other is not goal for step in other.steps]
    steps = [step.text for step in goal.steps] + rng.sample(strangers, OTHERS)
    rng.shuffle(steps)
    told = f" There is no {missing}." if missing else ""
    listed = "\n".join(f"- {step}" for step in steps)
    question = f"Wanted: {goal.name}.{told} What can be done, not all of it useful:\n{listed}"
    fields = {"goal": goal.name, "missing": missing, "steps": steps}
    return make_item(name.replace(" ", "-"), question, None, Reaches(), fields=fields, max_tokens=120)


def _works(goal: Goal, missing: str, steps: Sequence[str]) -> bool:
    return not problem(goal, missing, steps) and goal.end in {s.gives for s in goal.steps if s.text in steps}


def _bare(text: str) -> str:
    return _MARK.sub("", text).strip(" .,;:!*\"'`").casefold()
