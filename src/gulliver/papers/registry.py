"""The rows of the bibliography and, of each, whether its experiment can be run."""

import difflib
import importlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

from gulliver.errors import GulliverError
from gulliver.papers.base import SCALES, Paper

Status = Literal["works", "partly", "planned"]


@dataclass(frozen=True)
class Row:
    """One publication.

    Attributes:
        area: the room that holds what is built for it.
        claim: what its experiment tests.
        builds: what was, or is to be, built for it.
        status: `works` when its experiment runs at every scale, `partly` when it lacks one or covers part of the
            claim, else `planned`.
    """

    id: str
    title: str
    area: str
    claim: str
    builds: str
    status: Status


def rows(area: str | None = None) -> tuple[Row, ...]:
    """All publications in the order of `rows.toml`, or those of one area.

    Raises:
        GulliverError: no publication has that area.
    """
    found = tuple(Row(**entry, status=_status(entry["id"])) for entry in _entries() if area in (None, entry["area"]))
    if not found:
        areas = ", ".join(sorted({entry["area"] for entry in _entries()}))
        raise GulliverError(f"No publication has the area {area!r}; the areas are: {areas}.")
    return found


def load_paper(id: str) -> Paper:
    """The publication of that id, with its experiment.

    Raises:
        GulliverError: there is no such id, or its experiment is not built yet.
    """
    ids = [entry["id"] for entry in _entries()]
    if id not in ids:
        near = difflib.get_close_matches(id, ids, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`gulliver papers` lists them all."
        raise GulliverError(f"There is no publication {id!r}; {hint}")
    module = _module(id)
    if module is None:
        built = ", ".join(other for other in ids if _module(other) is not None)
        raise GulliverError(f"The experiment of {id} is not built yet; these can be run: {built}.")
    paper: Paper = module.PAPER
    return paper


@cache
def _entries() -> tuple[dict[str, str], ...]:
    text = (Path(__file__).parent / "rows.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["paper"])


@cache
def _module(id: str) -> ModuleType | None:
    name = f"{__package__}.{id.replace('-', '_')}"
    return importlib.import_module(name) if find_spec(name) else None


def _status(id: str) -> Status:
    module = _module(id)
    if module is None:
        return "planned"
    return status_of(module.PAPER, getattr(module, "PARTLY", ""))


def status_of(paper: Paper, partly: str = "") -> Status:
    """Whether a built experiment covers the claim at every scale."""
    return "works" if not partly and set(paper.scales) == set(SCALES) else "partly"
