"""A calculator for what a model wrote: find its equations, such as `3 * (4 + 5) = 27`, and work them out exactly."""

import ast
import re
from dataclasses import dataclass
from fractions import Fraction

_LEFT = frozenset("0123456789.,+-*/×÷·−()%$€£ ")
_RIGHT = re.compile(r" ?[$€£]? ?(-?\d[\d,]*(?:\.\d+)?)(?P<more> ?[/*×÷+] ?\d)?")
_LONGEST = 120
"""Characters of a left side that are looked at."""
_LATEX = (
    (r"\times", "*"),
    (r"\cdot", "*"),
    (r"\div", "/"),
    (r"\(", " "),
    (r"\)", " "),
    (r"\[", " "),
    (r"\]", " "),
    ("**", " "),
)
_SIGNS = str.maketrans({"×": "*", "÷": "/", "·": "*", "−": "-", "$": "", "€": "", "£": "", ",": ""})
_FRACTION = re.compile(r"\\d?frac\{([^{}]+)\}\{([^{}]+)\}")
MOST = 60
"""Equations of one text that are looked at."""


@dataclass(frozen=True)
class Equation:
    """`left = right` as written; `holds` when working out the left gives the right, within the digits written."""

    left: str
    right: str
    holds: bool

    @property
    def text(self) -> str:
        """As one would write it."""
        return f"{self.left.strip()} = {self.right}"


def equations(text: str) -> list[Equation]:
    """The equations of numbers in a text, in order; what cannot be worked out (a division by zero) is left out."""
    flat = _FRACTION.sub(r"(\1)/(\2)", text)
    for mark, plain in _LATEX:
        flat = flat.replace(mark, plain)
    found: list[Equation] = []
    for place in (mark.start() for mark in re.finditer("=", flat)):
        right = _RIGHT.match(flat, place + 1)
        if right is None or right["more"]:
            continue  # no number, or one that goes on
        left = _before(flat, place)
        value = worked_out(left) if re.search(r"\d\D*[-+*/×÷·−]\D*\d", left) else None
        if value is not None:
            found.append(Equation(left, right[1].rstrip(","), _agrees(value, right[1].rstrip(","))))
        if len(found) == MOST:
            break
    return found


def _before(text: str, place: int) -> str:
    """What stands before an equals sign and could be arithmetic; "" when a word runs into it."""
    start = place
    while start > max(0, place - _LONGEST) and text[start - 1] in _LEFT:
        start -= 1
    if start < place and start and text[start - 1].isalpha() and not text[start].isspace():
        return ""
    # A full stop, comma or list mark of the sentence before is no part of the sum.
    return re.split(r"[.,] |\) (?=\d)", text[start:place])[-1]


def worked_out(expression: str) -> Fraction | None:
    """The exact value of a sum, difference, product or quotient of numbers; None where it has none.

    >>> worked_out("3 * (4 + 0.5)")
    Fraction(27, 2)
    """
    plain = re.sub(r"(\d+(?:\.\d+)?)\s?%", r"(\1/100)", expression.translate(_SIGNS))
    plain = re.sub(r"\b0+(?=\d)", "", plain.strip())
    try:
        return _value(ast.parse(plain, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left) + _value(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _value(left) - _value(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left) * _value(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _value(left) / _value(right)
    raise ValueError("not arithmetic")


def _agrees(value: Fraction, said: str) -> bool:
    """Whether a value, rounded to the digits written, is what was said: 10 / 3 = 3.33 holds, and so does 3.3."""
    plain = said.replace(",", "")
    _, _, digits = plain.partition(".")
    return abs(value - Fraction(plain)) <= (Fraction(1, 10 ** len(digits)) if digits else Fraction(0)) * Fraction(
        51, 100
    )
