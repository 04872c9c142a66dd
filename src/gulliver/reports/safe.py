"""Text that others wrote, made fit to be shown: nothing in it acts on a page, a file or a terminal."""

import json
import math
import re
from typing import Any

from markupsafe import Markup, escape

_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(value: object) -> str:
    """As text: control characters, lone surrogates and direction overrides become U+FFFD; newlines and tabs stay."""
    text = value if isinstance(value, str) else str(value)
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n"))


def line(value: object) -> str:
    """The same on one line."""
    return " ".join(clean(value).split())


def embedded_json(data: Any) -> Markup:
    """JSON that can stand inside `<script type="application/json">`: it holds no `<`, `>` or `&`."""
    text = json.dumps(plain(data), allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element with everything in it escaped; `class_` is `class`, `_` in a name is `-`, None leaves it out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(child if isinstance(child, Markup) else escape(clean(child)) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>")


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return clean(value)


def plain(data: Any) -> Any:
    """Data that JSON can hold, with every text in it made fit to be shown; what is not finite is null."""
    if isinstance(data, dict):
        return {clean(key): plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if data is None or isinstance(data, bool | int | float):
        return data
    return clean(data)
