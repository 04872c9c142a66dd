"""Read the final number out of what a model wrote."""

import re
from fractions import Fraction

from gulliver.tasks.markers import MARKER, RUN_ON

_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•][ \t]+)?(?:step[ \t]*)?\d{1,2}[.):][ \t]", re.IGNORECASE | re.MULTILINE)
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?[\d.,]+)\s*\}\s*\{\s*([\d.,]+)\s*\}")
_LATEX_WORDS = re.compile(r"\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}")
_NUMBER = re.compile(
    r"(?P<sign>[-+])?(?:[$€£]\s?(?P<inner>-)?)?(?<![A-Za-z0-9_])(?<![A-Za-z0-9][._])"
    r"(?:(?P<whole>[0-9]{1,9}) (?=[0-9]{1,3}/[0-9]{1,3}(?![0-9/])))?"
    r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?P<exponent>[eE][-+]?[0-9]{1,2}(?![0-9]))?"
    r"(?:\s?/\s?(?P<below>[0-9]+(?:\.[0-9]+)?)(?![0-9/]))?"
    r"(?: (?P<scale>thousand|million|billion)\b)?"
)
_TYPESET = re.compile(r"[^\x00-\x7f]|\\|\{,\}|\*\*|__|`")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_TEENS = ("thir", "four", "fif", "six", "seven", "eigh", "nine")
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *(f"{stem}teen" for stem in _TEENS),
    "twenty",
)
_LONGEST = 60
_MARKS_READ = 20
_PLAIN = str.maketrans(
    {"−": "-", "﹣": "-", "－": "-", "\u00a0": " ", "\u202f": " "}
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)


def number(text: str, *, announced: bool = False) -> str | None:
    """The final number: after the last answer marker (`Answer:`, `####`, `\\boxed{`), else the last number.

    Handles `1,234`, `$1,200.50`, `12%` (12), `-3`, `3/4` (0.75), `1 1/2`, `2 million`, `\\frac{1}{2}`. Canonical: an integer
    without leading zeros, else at most 12 significant digits, so that `12.0`, `12` and 11.9999999999999 agree.

    With `announced`, only a number after a marker counts: in a text that was cut off, the last number is where the
    reasoning happened to stop, and no answer.
    """
    text = _flat(text)
    before = RUN_ON.split(text, maxsplit=1)[0]
    found = _after_marker(before)
    if found is None and before != text and not _numbers(before):
        found = _after_marker(text)
    if found is not None or announced:
        return found
    plain, inside = before, _numbers(before)
    if not inside and before != text:
        plain, inside = text, _numbers(text)
    unlisted = _LIST_MARK.sub(" ", plain) if inside else plain
    if unlisted != plain:
        inside = _numbers(unlisted) or inside
    return canonical(inside[-1][1]) if inside else _word(text)


def canonical(value: Fraction | int) -> str:
    """One way to write a number down."""
    if value.denominator == 1:
        return str(value.numerator)
    try:
        near = float(value)
    except OverflowError:
        return str(round(value))
    return str(round(value)) if abs(near) >= 1e12 else f"{near:.12g}"


def _flat(written: str) -> str:
    """Without what only typesets: LaTeX, emphasis, typographic minus signs."""
    if not _TYPESET.search(written):
        return written
    out = written.translate(_PLAIN)
    out = re.sub(r"(?<![\w)])( ?)[–—](?=[$\d])", r"\1-", out)
    for mark, plain in (("{,}", ","), ("\\$", "$"), ("\\%", "%"), ("\\,", ""), ("\\!", "")):
        out = out.replace(mark, plain)
    out = _LATEX_WORDS.sub(r"\1", _LATEX_FRACTION.sub(r"\1/\2", out))
    return re.sub(r"\*\*|__|`", " ", out)


def _numbers(written: str) -> list[tuple[int, Fraction | int]]:
    """Every number that stands by itself: where, and its value."""
    found = []
    for match in _NUMBER.finditer(written):
        value = _value(match)
        if value is not None:
            negative = match["inner"] or (match["sign"] == "-" and not _follows_a_value(written, match.start()))
            found.append((match.start(), -value if negative else value))
    return found


def _follows_a_value(written: str, at: int) -> bool:
    """Whether a sign at `at` is a subtraction or a hyphen: something it can be taken from stands right before it."""
    before = written[max(0, at - 1) : at]
    return before.isalnum() or before in (")", "%")


def _value(match: re.Match[str]) -> Fraction | int | None:
    if len(match[0]) > _LONGEST:
        return None
    digits = match["digits"].replace(",", "")
    # Most numbers are whole, and a Fraction takes ten times as long to make.
    value: Fraction | int = int(digits) if digits.isdigit() else Fraction(digits)
    if match["exponent"]:
        value *= Fraction(10) ** int(match["exponent"][1:])
    if match["below"]:
        if not Fraction(match["below"]):
            return None
        value /= Fraction(match["below"])
    return (value + int(match["whole"] or 0)) * _SCALES.get(match["scale"], 1)


def _after_marker(written: str) -> str | None:
    for mark in reversed(list(MARKER.finditer(written))[-_MARKS_READ:]):
        line = written[mark.end() :].lstrip(" \t\r\n*_:").split("\n", 1)[0]
        if "boxed" in mark[0]:
            line = line.split("}", 1)[0]
        found = _numbers(line)
        if found:
            return canonical(_of_line(line, found))
        if (said := _word(line)) is not None:
            return said
    return None


def _of_line(line: str, found: list[tuple[int, Fraction | int]]) -> Fraction | int:
    """The number a line settles on: after its last `=`; else one it starts with; else its last."""
    after = [value for at, value in found if at > line.rfind("=")]
    if "=" in line and after:
        return after[0]
    opens = re.fullmatch(r"\W*", line[: found[0][0]]) is not None
    return found[0][1] if opens else found[-1][1]


def _word(written: str) -> str | None:
    word = written.strip(" \t\r\n*_`\"'.:!").lower()
    return str(_WORDS.index(word)) if word in _WORDS else None
