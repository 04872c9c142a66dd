"""The table of docs/bad-input.md, from a run of every kind: `python -m tests.bad_input.page` writes it anew."""

import contextlib
import re
import tempfile
from pathlib import Path

import pytest

from tests.bad_input.kinds import KINDS, Kind
from tests.bad_input.place import Place, Said, general, gulliver, outcomes

PAGE = Path(__file__).parents[2] / "docs" / "bad-input.md"
_BLOCK = re.compile(r"(<!-- run: bad input -->\n).*?(<!-- end -->)", re.DOTALL)


def told(kind: Kind, place: Place) -> tuple[Said, str]:
    """What the command says, and the same as the page has it."""
    said = gulliver(kind.make(place))
    text = said.sentence
    if kind.end == "outcome":
        text = next(
            (f"{outcome}: {detail}" for outcome, detail in outcomes(place) if outcome == "failed"), "no failure"
        )
    return said, general(text, place.folder)


def row(kind: Kind, text: str) -> str:
    """A line of the table."""
    shown = text.replace("|", "\\|")
    shown = f"`` {shown} ``" if "`" in shown else f"`{shown}`"
    return f"| {kind.number} | {kind.what} | {kind.end} | {shown} |"


def main() -> None:
    """Run all and write the page."""
    rows = ["| | what is wrong | it ends as | what is said |", "|---|---|---|---|"]
    for kind in KINDS:
        with (
            tempfile.TemporaryDirectory() as folder,
            pytest.MonkeyPatch.context() as patch,
            contextlib.ExitStack() as stack,
        ):
            rows.append(row(kind, told(kind, Place(Path(folder).resolve(), patch, stack))[1]))
    table = "\n".join(rows) + "\n"
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_BLOCK.sub(lambda found: found[1] + table + found[2], page), encoding="utf-8")


if __name__ == "__main__":
    main()
