"""The judges by name, and a judge from the line that a study's file has for it."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gulliver.errors import SpecError, TaskError
from gulliver.spec import Call, build, parse
from gulliver.tasks.base import Judge
from gulliver.tasks.function_judge import Function
from gulliver.tasks.judges import Choice, Contains, Exact, JsonSchema, Number, Regex
from gulliver.tasks.model_judge import ModelJudge
from gulliver.tasks.unit_tests import UnitTests

JUDGES: Mapping[str, type[Any]] = {
    "exact": Exact,
    "number": Number,
    "choice": Choice,
    "regex": Regex,
    "contains": Contains,
    "json_schema": JsonSchema,
    "unit_tests": UnitTests,
    "function": Function,
    "model": ModelJudge,
}


def make_judge(spec: str, folder: Path | None = None) -> Judge:
    """A judge from `number`, `choice(labels=["a", "b"])`, `function(path="x.py", name="judge")` and so on.

    Paths are relative to `folder`.

    Raises:
        TaskError: no judge has that name, or one cannot be made from these options.
    """
    try:
        calls = parse(spec)
    except SpecError as error:
        raise TaskError(f"The judge {spec!r} cannot be read: {error}") from error
    if len(calls) != 1 or calls[0].name not in JUDGES:
        raise TaskError(f"There is no judge {spec!r}; there are: {', '.join(JUDGES)}.")
    call, kind = calls[0], JUDGES[calls[0].name]
    options = dict(call.options)
    if isinstance(options.get("path"), str):
        options["path"] = str((folder or Path()) / options["path"])
    needed = [
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in options
    ]
    if needed:
        raise TaskError(f"The judge {call.name} needs {' and '.join(needed)}; write {call.name}({needed[0]}='...').")
    try:
        made: Judge = build(kind, Call(call.name, tuple(options.items())))
    except SpecError as error:
        raise TaskError(str(error)) from error
    return made
