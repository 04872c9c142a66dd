"""The script and the style that every page shares, from the files in `page/`."""

import base64
import hashlib
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parent / "page"
SCRIPTS = (
    "dom", "numbers", "marks", "scales", "labels", "tip", "frontier", "curve", "bars", "table", "source", "rows", "search",
    "answers", "filters", "items", "costs", "study", "compare", "studies", "live", "papers", "main",
)  # fmt: skip
POLICY = "default-src 'none'; {more}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"


@cache
def script() -> str:
    """All of the pages' JavaScript as one strict script that leaves no name behind."""
    parts = [f"// {name}.js\n{(PAGE / 'js' / f'{name}.js').read_text(encoding='utf-8')}" for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


@cache
def style() -> str:
    """The pages' style sheet: what figures need, which is also enough for one that stands alone, and the rest."""
    return figure_style() + (PAGE / "page.css").read_text(encoding="utf-8")


@cache
def figure_style() -> str:
    """Colours, and how figures look with them in light and dark."""
    return (PAGE / "figure.css").read_text(encoding="utf-8")


def inline_policy() -> str:
    """A content security policy under which only our own inline script and style work, and nothing is fetched."""
    return POLICY.format(more=f"script-src '{_hash(script())}'; style-src '{_hash(style())}'")


def served_policy() -> str:
    """The same for a page whose script, style and data come from the server that sent it."""
    return POLICY.format(more="script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
