"""Judge code by running its unit tests in the sandbox."""

import ast
import functools
import re
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

from gulliver.inference.types import Draft
from gulliver.sandbox import RunResult, run
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind

_PASSED = "all tests passed"


@dataclass(frozen=True)
class UnitTests:
    """Code is right when the tests pass within `timeout` seconds.

    The target holds the tests. An item's row may also have `prompt`, the beginning of a program that the reply completes
    (HumanEval's shape), and `entry_point`, the function under test; tests that define `check(candidate)` are called with it.
    """

    timeout: float = 5.0
    kind: ClassVar[Kind] = "code"
    answer_only: ClassVar[str] = "Reply with the Python code alone."
    after_reasoning: ClassVar[str] = (
        "Think step by step, then write the whole function, with its imports, between ```python and ```."
    )

    def read(self, draft: Draft, item: Item) -> Answer:
        """The program the tests run on; `unsupported` when the sandbox cannot tell whether they pass."""
        prompt, entry = str(item.fields.get("prompt", "")), str(item.fields.get("entry_point", ""))
        program = complete(draft.text, prompt, entry)
        if program is None:
            return Answer(status="unreadable", detail="no code in the reply")
        if draft.finish == "length" and not parses(program):
            return Answer(status="unreadable", program=program, detail="the code was cut")
        result = outcome(program, str(item.target), entry, self.timeout)
        detail = _PASSED if result.status == "ok" else f"{result.status}: {result.error}"
        if result.status == "unsupported":
            return Answer(status="unsupported", program=program, detail=detail)
        return Answer(value=program, program=program, detail=detail)

    def right(self, value: Any, item: Item) -> bool:
        entry = str(item.fields.get("entry_point", ""))
        return outcome(str(value), str(item.target), entry, self.timeout).status == "ok"


@functools.lru_cache(maxsize=4096)
def outcome(program: str, tests: str, entry: str, timeout: float) -> RunResult:
    """What came of running the tests after the program; a program runs once with the same tests."""
    if not parses(program):
        return RunResult("error", error="the code is not Python")  # else an open quote could swallow the tests
    last = f"\ncheck({entry})" if entry and re.search(r"^def check\(", tests, re.MULTILINE) else ""
    return run(f"{program}\n\n{tests}{last}\n", timeout=timeout)


def complete(written: str, prompt: str, entry: str) -> str | None:
    """The whole program: the reply's own function under the prompt's preamble, or the prompt continued by the reply."""
    found = extract.code(written, entry)
    if found is None:
        body = extract.body(written) if prompt and not extract.fenced(written) else None
        if body is None or not parses(prompt + body):
            return None
        return prompt + body
    if not prompt or (entry and re.search(rf"^def\s+{re.escape(entry)}\s*\(", found, re.MULTILINE)):
        return f"{_preamble(prompt, entry)}\n{found}" if prompt else found
    body = extract.body(found)
    continued = f"{prompt}{body}" if body is not None else ""
    return continued if continued and parses(continued) else f"{_preamble(prompt, entry)}\n{found}"


def parses(program: str) -> bool:
    """Whether it is Python at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _preamble(prompt: str, entry: str) -> str:
    """What stands in the prompt before the function to complete: imports and helpers."""
    found = re.search(rf"^def\s+{re.escape(entry)}\s*\(", prompt, re.MULTILINE) if entry else None
    return prompt[: found.start()] if found else prompt
