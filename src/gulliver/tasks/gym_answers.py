"""What a model answered a generator, and whether its scorer may see it.

Some scorers of reasoning-gym call `eval`, or sympy's parser, which does, on the answer they are given. What a model wrote is
never evaluated outside the sandbox: such scorers get only plain text, literals and bounded arithmetic.
"""

import ast
import contextlib
import io
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gulliver.tasks.markers import DECORATION, after_last_marker, bare

_LONGEST, _MOST_NODES = 1000, 300
_TAGGED = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```\w*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_MARK = re.compile(r"(?:final\s+)?\banswer\b\W{0,4}:\s*|####\s*", re.IGNORECASE)
_EVALUATES = re.compile(r"(?<![\w.])eval\(|\bsympy\b|\bexec\(")
_PLAIN = re.compile(r"(?!.*(?:__|\*\*|\.\s*[^\W\d]))[\w\s.,+\-*/=→]*", re.DOTALL)
_FUNCTIONS = frozenset(
    {
        "Abs",
        "abs",
        "acos",
        "asin",
        "atan",
        "cos",
        "cosh",
        "cot",
        "csc",
        "exp",
        "log",
        "sec",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    }
)
_LITERAL = (ast.List, ast.Tuple, ast.Dict, ast.Constant, ast.UnaryOp, ast.USub, ast.Load)
_LARGEST_EXPONENT, _LARGEST_DIGITS, _DEEPEST_POWER = 100, 40, 2


def tagged(written: str) -> str:
    """What stands in the last `<answer>` tag, if there is one; else all of it."""
    inside = _TAGGED.findall(written)
    return inside[-1] if inside else written


def said(written: str, lines: bool) -> str | None:
    """The answer: in its tag, after the last `Answer:`, else everything; of one line unless `lines`."""
    body = tagged(written)
    if body is written:
        marks = list(_MARK.finditer(body))
        if marks and body[marks[-1].end() :].strip():
            body = body[marks[-1].end() :]
        elif not lines and (marked := after_last_marker(body)) is not None:
            return bare(marked) or None
    fenced = _FENCED.search(body)
    body = (fenced[1] if fenced else body).strip("\n")
    if lines:
        return body.strip() or None
    first = next((line for line in body.splitlines() if line.strip(DECORATION)), "")
    return first.strip(" \t*`").strip() or None


def evaluates(dataset: Any) -> bool:
    """Whether the file a generator is written in evaluates text."""
    file = getattr(sys.modules[type(dataset).__module__], "__file__", None)
    return file is None or _EVALUATES.search(Path(file).read_text(encoding="utf-8")) is not None


def harmless(answer: str) -> bool:
    """Whether evaluating `answer` as Python or with sympy can neither reach anything nor take long."""
    if len(answer) > _LONGEST or "__" in answer:
        return False
    if _PLAIN.fullmatch(answer):
        return True
    try:
        tree = ast.parse(answer.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = list(ast.walk(tree))
    if len(nodes) > _MOST_NODES:
        return False
    if all(isinstance(node, _LITERAL) for node in nodes):
        return True
    return _arithmetic(tree, 0)


def _arithmetic(node: ast.AST, powers: int) -> bool:
    match node:
        case ast.Constant(value=int() | float() as value):
            return len(str(value)) <= _LARGEST_DIGITS
        case ast.Name(id=name):
            return len(name) == 1 or name in ("pi", "theta")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _arithmetic(operand, powers)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            inner = powers + 1
            return (
                inner <= _DEEPEST_POWER and _exponent(right) and _arithmetic(left, inner) and _arithmetic(right, inner)
            )
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.BitXor(), left=left, right=right):
            return _arithmetic(left, powers) and _arithmetic(right, powers)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            symbolic = any(isinstance(part, ast.Name) and len(part.id) == 1 for part in ast.walk(argument))
            small = isinstance(argument, ast.Constant) and _small(argument.value)
            return name in _FUNCTIONS and (symbolic or small) and _arithmetic(argument, powers)
        case _:
            return False


def _exponent(node: ast.AST) -> bool:
    """Whether a power of it stays small: no products or powers in it, and no large number."""
    return not any(
        (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult | ast.Pow))
        or (isinstance(part, ast.Constant) and not _small(part.value))
        for part in ast.walk(node)
    )


def _small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= _LARGEST_EXPONENT


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that a generator prints reaches the terminal, where JSON may be going; nor do warnings about its files."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
