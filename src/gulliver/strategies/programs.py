"""Inference programs: text that a planner wrote, spoken to in the sandbox while followers write.

A program defines functions of a text so far. Between two extensions of the population all its texts are put to them in one run of
the sandbox; nothing is kept from one run to the next, so what a program says of a text depends on that text alone.

    step(text)     what comes next: a whole number k (the follower writes up to k words), a string (it is put), None (the end)
    check(text)    whether a finished text is what was asked for
    score(text)    optional: what an unfinished text is worth (nats), or False when it can no longer become right
    prompt(text)   optional: what the follower is told when it goes on with a text, in place of the task
    METHOD         optional: smc, importance or rejection; PARTICLES, optional: how many texts

`words(text)` and `has(text, word)` are there for it, and count as the judge of constraints does.
"""

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gulliver.sandbox import run
from gulliver.strategies.particles import closed
from gulliver.tasks.constraints import words_of

METHODS = ("smc", "importance", "rejection")
PARTICLES = 8
LONGEST = 6000
"""Characters of a program."""
MOST_WORDS, MOST_PUT = 20, 120
"""What one step may draw (words) or put (characters)."""
_MOST_NATS = 1e6
PROBES = (
    "",
    "One",
    "One two three",
    "One two three four five six seven eight nine ten eleven twelve thirteen fourteen",
)
"""Texts that a program must be able to say something of before anything is drawn."""
_FENCE = re.compile(r"```[ \t]*(?:python|py|Python)?[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_BEFORE = r"""
import re

_word = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

def words(text):
    return list(_known[text]) if text in _known else _word.findall(text)

def has(text, word):
    there = [found.lower() for found in words(text)]
    return any(word.lower() + ending in there for ending in ("", "s", "es", "d", "ed", "ing", "'s", "’s"))
"""
_CALLS = {
    "step": "(None if _ended else _said(step, _text))",
    "check": "_said(check, _whole)",
    "score": "_said(score, _text)",
    "prompt": "(None if _ended else _said(prompt, _text))",
}
_AFTER = """
def _said(call, text):
    try:
        return [True, call(text)]
    except Exception as error:
        return [False, type(error).__name__ + ": " + str(error)]

[[CALLS] for _text, _whole, _ended in _texts]
"""


@dataclass(frozen=True)
class Said:
    """What a program says of one text.

    Attributes:
        step: words to draw, a string to put, or None at the end.
        score: nats; -inf when the text can no longer become right.
        good: whether the text, finished as it is, passes the check.
        prompt: what the follower is told, None when that is the task.
        error: why nothing can be said; the text is then given up.
        unchecked: why the check could not be made; a text that has ended does then not pass. A check may rely on a text being whole.
    """

    step: int | str | None = None
    score: float = 0.0
    good: bool = False
    prompt: str | None = None
    error: str = ""
    unchecked: str = ""


class ProgramError(Exception):
    """A program that cannot be used; the message is meant for who wrote it."""


@dataclass(frozen=True)
class Program:
    """A program that was read (see `read_program`), with its `timeout` in seconds for one run."""

    code: str
    functions: frozenset[str]
    method: str = METHODS[0]
    particles: int = PARTICLES
    timeout: float = 5.0

    def look(self, texts: Sequence[str], ended: Sequence[bool] | None = None) -> list[Said]:
        """What it says of each text, in one run. The check sees a text as it would end: with a full stop where it has not `ended`. Of
        one that has ended no further step is asked.

        Raises:
            ProgramError: the program does not come to an end, or breaks the sandbox's limits.
        """
        ends = ended or [False] * len(texts)
        rows = [[text, text if end else closed(text), end] for text, end in zip(texts, ends, strict=True)]
        calls = ", ".join(call if name in self.functions else "None" for name, call in _CALLS.items())
        code = "\n".join((_BEFORE, self.code, _AFTER.replace("CALLS", calls)))
        known = {text: words_of(text) for row in rows for text in map(str, row[:2])}
        result = run(code, timeout=self.timeout, inputs={"_texts": rows, "_known": known})
        if result.status != "ok" or not isinstance(result.value, list):
            raise ProgramError(f"The program ended with {result.error or result.status}.")
        if len(result.value) != len(texts):
            raise ProgramError("The program changes the texts that it is asked about.")
        return [_said(*row) for row in result.value]


def read_program(reply: str, timeout: float = 5.0) -> Program:
    """The program in a planner's reply, tried on a few texts.

    Raises:
        ProgramError: there is none, it is no Python, lacks a function, has no first step, or cannot check any of those texts.
    """
    code = _code(reply)
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"The program is not Python: {error}.") from None
    functions = frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    missing = [name for name in ("step", "check") if name not in functions]
    if missing:
        raise ProgramError(f"The program defines no function {missing[0]}(text).")
    made = Program(code, functions, *_options(tree), timeout)
    said = made.look(PROBES)
    unchecked = [one.unchecked for one in said]
    if wrong := said[0].error or (unchecked[-1] if all(unchecked) else ""):
        raise ProgramError(wrong)
    return made


def _code(reply: str) -> str:
    blocks = [block for block in _FENCE.findall(reply) if "def step" in block]
    start = reply.find("def step")
    if not blocks and start < 0:
        raise ProgramError("There is no program with a function step(text) in the reply.")
    code: str = blocks[0] if blocks else re.sub(r"```[ \t]*(?:python|py|Python)?", "", reply)
    if len(code) > LONGEST:
        raise ProgramError(f"The program is longer than {LONGEST} characters.")
    return code.strip("\n")


def _options(tree: ast.Module) -> tuple[str, int]:
    """METHOD and PARTICLES, where they stand as plain values."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found |= {target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)}
    method, particles = found.get("METHOD", METHODS[0]), found.get("PARTICLES", PARTICLES)
    if method not in METHODS:
        raise ProgramError(f"METHOD must be one of {', '.join(METHODS)}.")
    if type(particles) is not int or particles < 1:
        raise ProgramError("PARTICLES must be a whole number above 0.")
    return method, particles


def _said(step: Any, check: Any, score: Any, prompt: Any) -> Said:
    """One text's row of the sandbox: (whether it worked, what came back) of each function, or None."""
    for name, row in (("step", step), ("score", score), ("prompt", prompt)):
        if row is not None and not row[0]:
            return Said(error=f"{name}(text) raised {row[1]}.")
    worth = _worth(score[1]) if score else 0.0
    told = prompt[1] if prompt else None
    if worth is None or not (told is None or isinstance(told, str)):
        return Said(error="score(text) must return a number or False, and prompt(text) a string.")
    if step and not _is_step(step[1]):
        return Said(
            error=f"step(text) must return None, a string of at most {MOST_PUT} characters, or a whole number from 1 to {MOST_WORDS}."
        )
    unchecked = "" if check[0] else f"check(text) raised {check[1]}."
    if check[0] and not isinstance(check[1], bool):
        unchecked = "check(text) must return True or False."
    return Said(step[1] if step else None, worth, not unchecked and check[1], told, unchecked=unchecked)


def _is_step(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= MOST_PUT
    return value is None or (type(value) is int and 1 <= value <= MOST_WORDS)


def _worth(value: Any) -> float | None:
    """Nats; True is worth nothing, False and what is no finite number nothing that can be gone on with."""
    if isinstance(value, bool):
        return 0.0 if value else -math.inf
    if not isinstance(value, int | float) or math.isnan(value):
        return None
    return -math.inf if value == -math.inf else float(max(-_MOST_NATS, min(value, _MOST_NATS)))
