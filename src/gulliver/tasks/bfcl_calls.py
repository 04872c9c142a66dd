"""Read function calls out of what a model wrote, as JSON or in Python's syntax. Nothing is executed."""

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gulliver.tasks import extract

Call = dict[str, Any]
"""`name`, and `arguments` by name."""

_TAGGED = re.compile(r"<(tool_?call|functioncall)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_LONGEST = 20_000
_DEEPEST = 40
_ARGUMENTS = ("arguments", "parameters", "args", "kwargs")


def read_calls(written: str, names: Sequence[str] = ()) -> list[Call]:
    """The calls in a text, in order; [] when there are none. Never raises.

    A text is read as a whole: inside `<tool_call>` tags, in its last fenced block, or all of it. In a text of words, only
    calls of the functions in `names` are looked for.
    """
    text = written[:_LONGEST].strip()
    tagged = "\n".join(found[2] for found in _TAGGED.finditer(text))
    blocks = [body for _, body in reversed(extract.fenced(text))]
    for part in [tagged, *blocks, text]:
        if part.strip() and (calls := _json_calls(part, names) or _python_calls(part)):
            return calls
    return [call for part in _named(text, names) for call in _python_calls(part)]


def tries_to_call(written: str, names: Sequence[str]) -> bool:
    """Whether a text at least begins a call of one of these functions."""
    return any(re.search(rf"(?<![\w.]){re.escape(name)}\s*\(|[\"']{re.escape(name)}[\"']", written) for name in names)


def _json_calls(part: str, names: Sequence[str]) -> list[Call]:
    decoder, calls, at = json.JSONDecoder(), [], 0
    starts = re.compile(r"[\[{]")
    for _ in range(50):
        start = starts.search(part, at)
        if start is None:
            break
        try:
            value, at = decoder.raw_decode(part, start.start())
        except (ValueError, RecursionError):
            at = start.start() + 1
            continue
        calls += [call for one in (value if isinstance(value, list) else [value]) if (call := _from_json(one, names))]
    return calls


def _from_json(value: Any, names: Sequence[str]) -> Call | None:
    """`{"name": f, "arguments": {…}}` and what is like it, or `{f: {…}}`."""
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function")
    if isinstance(inner, Mapping):
        return _from_json(inner, names)
    name = inner if isinstance(inner, str) else value.get("name")
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if isinstance(name, str):
        if isinstance(given, str):
            given = extract.json_value(given)
        if isinstance(given, Mapping) or (given is None and name in names):
            return {"name": name, "arguments": dict(given or {})}
        return None
    if len(value) == 1:
        (name, given), *_ = value.items()
        if name in names and isinstance(given, Mapping):
            return {"name": name, "arguments": dict(given)}
    return None


def _python_calls(part: str) -> list[Call]:
    """`f(a=1)`, `[f(a=1), g(b=2)]`, or a call on each line; [] when anything else stands there too."""
    text = part.strip().strip("`'").strip()
    for source in (text, f"[{text}" if not text.startswith("[") else f"{text}]"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(source).body
            nodes = [inner for statement in body for inner in _expressions(statement)]
            return [_from_node(node) for node in nodes]
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            continue
    return []


def _expressions(statement: ast.stmt) -> list[ast.expr]:
    if not isinstance(statement, ast.Expr):
        raise ValueError("a statement")
    value = statement.value
    return list(value.elts) if isinstance(value, ast.List | ast.Tuple) else [value]


def _from_node(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        raise ValueError("no call")
    # Arguments without a name are dropped, as the benchmark does: what they stand for is not said.
    arguments = {word.arg: _value(word.value) for word in node.keywords if word.arg is not None}
    return {"name": _name(node.func), "arguments": arguments}


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    raise ValueError("not a name")


def _value(node: ast.expr, depth: int = 0) -> Any:
    """A literal's value; a name or another expression is its text; simple sums are computed."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(node, ast.Constant):
        return "..." if node.value is Ellipsis else node.value
    if isinstance(node, ast.List):
        return [_value(one, depth + 1) for one in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(one, depth + 1) for one in node.elts)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {str(_value(key, depth + 1)): _value(one, depth + 1) for key, one in pairs if key is not None}
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.UnaryOp | ast.BinOp):
        computed = _computed(node, depth)
        return ast.unparse(node) if computed is None else computed
    if isinstance(node, ast.Call) and node.keywords:
        call = _from_node(node)
        return {call["name"]: call["arguments"]}
    return ast.unparse(node)


def _computed(node: ast.expr, depth: int) -> int | float | None:
    """Plain arithmetic on numbers that stay below 1e15; None for anything else."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number: int | float = node.value  # type: ignore[assignment]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _computed(node.operand, depth + 1)
        if inner is None:
            return None
        number = -inner if isinstance(node.op, ast.USub) else inner
    elif isinstance(node, ast.BinOp) and depth < _DEEPEST:
        left, right = _computed(node.left, depth + 1), _computed(node.right, depth + 1)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Add):
            number = left + right
        elif isinstance(node.op, ast.Sub):
            number = left - right
        elif isinstance(node.op, ast.Mult):
            number = left * right
        elif isinstance(node.op, ast.Div) and right:
            number = left / right
        else:
            return None
    else:
        return None
    return number if abs(number) < 1e15 else None


def _named(text: str, names: Sequence[str]) -> Iterator[str]:
    """Each `name(…)` in a text of words, up to its closing bracket."""
    if not names:
        return
    some = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    end = 0
    for found in re.finditer(rf"(?<![\w.])(?:{some})\s*\(", text):
        if found.start() < end:
            continue
        close = _closing(text, found.end())
        if close:
            end = close
            yield text[found.start() : close]


def _closing(text: str, at: int) -> int:
    """Where the bracket that was opened just before `at` closes, outside quotes; 0 when it does not."""
    depth, quote = 1, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return 0
