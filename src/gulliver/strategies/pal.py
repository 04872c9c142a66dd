"""Let the model write a program and the sandbox run it."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from gulliver.inference import Draft
from gulliver.models.base import Message
from gulliver.sandbox import run
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Answer, Item

_FENCE = re.compile(r"```[ \t]*(?:python|py|Python)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_DEFINES = re.compile(r"^def\s+solution\s*\(\s*\)", re.MULTILINE)

_ASK = (
    "Write a Python function solution() that takes no arguments, computes the answer to the question step by step "
    "with named variables, and returns it. Reply with the code alone."
)


@strategy("pal")
@dataclass(frozen=True)
class Pal:
    """Program-aided language model (Gao et al. 2022, arXiv:2211.10435).

    `k` exemplars with programs are shown first when the task has them (fewer are used when it has fewer). The program
    runs in the sandbox for at most `timeout` seconds; what `solution()` returns is read as the answer.
    """

    k: int = 2
    timeout: float = 2.0
    max_tokens: int = 0
    tokens: ClassVar[int] = 120
    role: ClassVar[str] = "asking"

    def __post_init__(self) -> None:
        if self.k < 0 or self.timeout <= 0:
            raise ValueError("k must be at least 0 and timeout above 0")

    def ask(self, item: Item) -> Item:
        messages = [message for message in item.prompt if message.role == "system"]
        for exemplar in [e for e in item.exemplars if e.program][: self.k]:
            shown = f"```python\n{exemplar.program.strip()}\n```"
            messages += [Message("user", f"{exemplar.question}\n\n{_ASK}"), Message("assistant", shown)]
        reader = ProgramReader(self.timeout)
        tokens = self.max_tokens or item.max_tokens
        return item.ask(
            *messages, Message("user", f"{item.question}\n\n{_ASK}"), reader=reader, runs_code=True, max_tokens=tokens
        )


@dataclass(frozen=True)
class ProgramReader:
    """Runs the program in a draft and reads its result as the judge would read a bare answer."""

    timeout: float

    def __call__(self, draft: Draft, item: Item) -> Answer:
        program = extract_program(draft.text)
        if program is None:
            return Answer(status="unreadable", detail="no program in the reply")
        result = run(program, timeout=self.timeout)
        if result.status == "unsupported":
            return Answer(status="unsupported", program=program, detail=result.error)
        if result.status != "ok":
            return Answer(status="unreadable", program=program, detail=f"{result.status}: {result.error}")
        said = _said(result.value, result.stdout)
        if not said:
            return Answer(status="unreadable", program=program, detail="the program gave no result")
        answer = item.judge.read(Draft(said), item)
        return replace(answer, program=program, detail=f"the program gave {said}")


def extract_program(text: str) -> str | None:
    """The program in a reply: the first fenced block that defines solution(), else the first block, else bare code.

    A call of `solution()` is added as the last line, so that its value is the program's.
    """
    blocks = [block.strip("\n") for block in _FENCE.findall(text)]
    with_solution = [block for block in blocks if _DEFINES.search(block)]
    if with_solution:
        program = with_solution[0]
    elif blocks:
        program = blocks[0]
    else:
        found = _DEFINES.search(text)
        if found is None:
            return None
        program = _until_prose(text[found.start() :])
    if not program.strip():
        return None
    return f"{program}\nsolution()" if _DEFINES.search(program) else program


def _until_prose(text: str) -> str:
    """Bare code up to the first line after the function that is neither indented nor blank."""
    lines = text.split("\n")
    kept = [lines[0]]
    for line in lines[1:]:
        if line.strip() and not line[0].isspace():
            break
        kept.append(line)
    return "\n".join(kept)


def _said(value: object, stdout: str) -> str:
    """A program's result as text: the value of its last line, else the last line it printed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if value is not None:
        return str(value)
    lines = stdout.strip().splitlines()
    return lines[-1].strip() if lines else ""
