"""Write the generated tables into the docs, or check that they are true (`--check`).

A page holds a table between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.main import get_command

_BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _commands() -> str:
    from gulliver.cli.app import app

    lines = ["| command | what it does |", "|---|---|"]

    def walk(command: Any, path: str) -> None:
        children = getattr(command, "commands", None)
        if children:
            for name, child in sorted(children.items()):
                walk(child, f"{path} {name}")
            return
        options = [
            p.opts[-1] if p.param_type_name == "option" else p.name.upper() for p in command.params if p.name != "help"
        ]
        first = (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
        lines.append(
            f"| `{path} {' '.join(f'[{o}]' if o.startswith('-') else o for o in options)}` | {first} |".replace(
                " ` |", "` |"
            )
        )

    walk(get_command(app), "gulliver")
    return "\n".join(lines)


def tables() -> dict[str, Callable[[], str]]:
    """Each generated table by the name that pages use."""
    from gulliver.laws.listing import markdown as laws
    from gulliver.papers.table import markdown as papers
    from gulliver.strategies.table import markdown as strategies
    from gulliver.transforms.table import markdown as transforms

    return {"commands": _commands, "laws": laws, "papers": papers, "strategies": strategies, "transforms": transforms}


def synced(text: str, made: dict[str, Callable[[], str]]) -> str:
    """A page with its tables made anew."""
    return _BLOCK.sub(lambda m: f"{m[1]}{made[m[2]]()}\n{m[3]}", text)


def main() -> int:
    check = "--check" in sys.argv
    root = Path(__file__).parent.parent
    stale = []
    made = tables()
    for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        new = synced(text, made)
        if new != text:
            stale.append(page.name)
            if not check:
                page.write_text(new, encoding="utf-8")
    if stale and check:
        print(f"out of date: {', '.join(stale)}; run `make docs`")
        return 1
    print("docs: in sync" if not stale else f"docs: wrote {', '.join(stale)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
