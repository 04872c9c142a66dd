"""The built-in ladder: models in order of size, where their files come from, and the sizes their families have."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from gulliver.errors import ModelError


@dataclass(frozen=True)
class Part:
    """A member of a registry wheel."""

    package: str
    version: str
    member: str


@dataclass(frozen=True)
class Source:
    """One file of a rung: its pinned content, the hub file, and the wheel members that make it, in order.

    Attributes:
        size: bytes.
    """

    path: str
    sha256: str
    size: int
    repo: str
    hub_path: str
    revision: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rung:
    """One model of the ladder; `files[0]` holds the weights."""

    name: str
    family: str
    kind: Literal["gguf", "encoder"]
    parameters: int
    format: str
    license: str
    note: str
    files: tuple[Source, ...]

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(source.size for source in self.files)


@cache
def rungs() -> tuple[Rung, ...]:
    """All rungs, language models from the smallest up, then encoders."""
    return tuple(_rung(row) for row in _table()["rung"])


def rung(name: str) -> Rung:
    """The rung of that name.

    Raises:
        ModelError: there is none.
    """
    for each in rungs():
        if each.name == name:
            return each
    names = ", ".join(each.name for each in rungs())
    raise ModelError(
        f"{name!r} is not a model; write a rung ({names}), hf:owner/name, gguf:path, dir:path or openai:name@url."
    )


def siblings(family: str) -> tuple[tuple[str, int], ...]:
    """(name, parameters) of the family's known sizes, on the ladder or not, from the smallest up; () when unknown."""
    return tuple((str(name), int(size)) for name, size in _table()["siblings"].get(family, ()))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "ladder.toml").read_text(encoding="utf-8"))


def _rung(row: dict[str, Any]) -> Rung:
    sizes = dict(siblings(row["family"]))
    return Rung(
        name=row["name"],
        family=row["family"],
        kind=row["kind"],
        parameters=sizes[row["name"]],
        format=row["format"],
        license=row["license"],
        note=row.get("note", ""),
        files=tuple(_source(row, entry) for entry in row["files"]),
    )


def _source(row: dict[str, Any], entry: dict[str, Any]) -> Source:
    packages = row["packages"]
    return Source(
        path=entry["path"],
        sha256=entry["sha256"],
        size=entry["size"],
        repo=row["hub"],
        hub_path=entry.get("hub_path", entry["path"]),
        revision=row.get("revision", "main"),
        parts=tuple(
            Part(packages["name"].format(i=i), packages["version"], entry["member"].format(i=i, zero=i - 1))
            for i in range(1, packages.get("count", 1) + 1)
        ),
    )
