"""Where in a text the final answer is announced."""

import re

MARKER = re.compile(
    r"####|\\boxed\s*\{|\banswer\b[^\n:=]{0,60}?(?::|=|\bis\b|\bare\b|\bwould be\b)|\banswer\b(?=\W{0,8}\d)|\banswer\W*\n(?=[^\w\n]*(?:\d|\\\w))",
    re.IGNORECASE,
)
"""`Answer:`, `The final answer is`, `####`, `\\boxed{` and their like."""

RUN_ON = re.compile(
    r"\n[ \t*#>_]{0,8}(?:question|problem|q|user|human|exercise|example)[ \t]*\d{0,4}[ \t*_)]{0,3}:", re.IGNORECASE
)
"""A model that was not told where to stop goes on to a question of its own."""

DECORATION = " \t\r\n*_`\"'“”‘’"
"""What may stand around an answer without being part of it."""


def after_last_marker(written: str) -> str | None:
    """The line that follows the last marker with anything after it; None when there is no such marker."""
    marks = [mark for mark in MARKER.finditer(written) if written[mark.end() :].strip(DECORATION)]
    if not marks:
        return None
    line = written[marks[-1].end() :].strip(DECORATION).split("\n", 1)[0]
    return line.split("}", 1)[0] if "boxed" in marks[-1][0] else line


def bare(written: str) -> str:
    """One space between words; no quotes, emphasis or full stop around them."""
    words = " ".join(written.split()).strip(DECORATION)
    return words if words.endswith("..") else words.removesuffix(".").strip(DECORATION)
