"""Find the answer in what a model wrote: a number, a choice, a line of text, JSON, code.

Each function returns the answer in canonical form, or None when there is none to be found. None raises, whatever the
text is.
"""

import json
import re
from typing import Any

from gulliver.tasks.choices import choice
from gulliver.tasks.markers import after_last_marker, bare
from gulliver.tasks.numbers import number

__all__ = ["bare", "body", "choice", "code", "fenced", "json_value", "number", "text"]

_FENCE = re.compile(r"```[ \t]*(\w*)[^\n]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_CODE_LINE = re.compile(r"[ \t)\]}#@]|(?:def|class|import|from|if|for|while|return|print)\b|\w+\s*[=(]")
_STARTS_TRIED = 200


def text(written: str) -> str | None:
    """A short answer: what follows the last answer marker on its line, else all of it; bare of quotes and full stop."""
    marked = after_last_marker(written)
    return bare(written if marked is None else marked) or None


def json_value(written: str) -> Any:
    """The first JSON object or list that parses, fenced or not; None when there is none."""
    decoder = json.JSONDecoder()
    for source in [*(body for _, body in fenced(written)), written]:
        for tried, start in enumerate(re.finditer(r"[{\[]", source)):
            if tried >= _STARTS_TRIED:
                break
            try:
                value, _ = decoder.raw_decode(source, start.start())
            except (ValueError, RecursionError):
                continue
            return value
    return None


def fenced(written: str) -> list[tuple[str, str]]:
    """The fenced blocks as (language, body); a block that was never closed runs to the end."""
    return [(found[1].lower(), found[2]) for found in _FENCE.finditer(written)]


def code(written: str, entry: str = "") -> str | None:
    """A Python program: the last fenced block that defines `entry`, else the first block, else bare code."""
    blocks = [body.strip("\n") for language, body in fenced(written) if language in ("", "python", "py", "python3")]
    blocks = [block for block in blocks if block.strip()]
    defines = re.compile(rf"^def\s+{re.escape(entry) if entry else chr(92) + 'w+'}\s*\(", re.MULTILINE)
    chosen = [block for block in blocks if defines.search(block)]
    if chosen or blocks:
        return chosen[-1] if chosen else blocks[0]
    start = re.search(r"^(?:def|class|import|from|@)\s?\w.*$", written, re.MULTILINE)
    if start is None or not defines.search(written):
        return None
    return _until_prose(written[start.start() :])


def body(written: str) -> str | None:
    """The indented lines with which a completion goes on, up to the first line that is not indented; None if none is."""
    lines = written.strip("\n").split("\n")
    if not lines[0][:1].isspace():
        lines[0] = f"    {lines[0]}"
    kept = [lines[0]]
    for line in lines[1:]:
        if line.strip() and not line[0].isspace():
            break
        kept.append(line)
    return "\n".join(kept) if any(line.strip() for line in kept) else None


def _until_prose(source: str) -> str:
    """Top-level code up to the first line that starts neither indented nor as code does."""
    kept = []
    for line in source.split("\n"):
        if line.strip() and not _CODE_LINE.match(line):
            break
        kept.append(line)
    return "\n".join(kept)
