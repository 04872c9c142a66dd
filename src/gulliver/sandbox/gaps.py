"""Tell a program that is wrong from one the sandbox cannot run: what Python has and `pydantic-monty` lacks."""

import builtins
import importlib
import re
import sys
import types

# What a program in the field may import besides the standard library.
_COMMON = frozenset({"numpy", "pandas", "scipy", "sympy"})
# The modules the sandbox has in part. No other is ever imported here, whatever a program's error says.
_IN_PART = frozenset(
    {"asyncio", "collections", "copy", "dataclasses", "datetime", "decimal", "functools", "itertools", "json", "math"}
    | {"os", "pathlib", "random", "re", "sys", "time", "typing"}
)
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_NO_MEMBER = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
_NO_ATTRIBUTE = re.compile(r"(?:'(\w+)' object|type object '(\w+)') has no attribute '(\w+)'")
_NO_BUILTIN = re.compile(r"name '(\w+)' is not defined")
_UNWRITTEN = ("not yet support", "not supported", "function too large")
# A program that asks the person at the keyboard is wrong, not unsupported.
_INTERACTIVE = frozenset({"input", "breakpoint", "help", "exit", "quit"})


def lacks(error: str) -> bool:
    """Whether `error` (`Type: message`, as the sandbox gives it) is about something that Python itself would have."""
    if found := _NO_MODULE.search(error):
        root = found[1].partition(".")[0]
        return root in _COMMON or root in sys.stdlib_module_names
    if found := _NO_NAME.search(error):
        return _has(found[2], found[1])
    if found := _NO_MEMBER.search(error):
        return _has(found[1], found[2])
    if found := _NO_ATTRIBUTE.search(error):
        kind = _type(found[1] or found[2])
        return kind is not None and hasattr(kind, found[3])
    if found := _NO_BUILTIN.search(error):
        return hasattr(builtins, found[1]) and found[1] not in _INTERACTIVE
    return any(phrase in error for phrase in _UNWRITTEN)


def _has(module: str, name: str) -> bool:
    return module in _IN_PART and hasattr(importlib.import_module(module), name)


def _type(name: str) -> type | None:
    if name == "function":
        return types.FunctionType
    kind = getattr(builtins, name, None)
    return kind if isinstance(kind, type) else None
