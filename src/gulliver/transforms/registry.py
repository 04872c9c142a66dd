"""Transforms by name: one file each in this folder, named as the transform, or an entry point `gulliver.transforms`."""

import importlib
import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from gulliver.errors import SpecError


def transform_names() -> list[str]:
    """All names, built in and installed."""
    return sorted({*_built_in(), *(point.name for point in _installed())})


def find_transform(name: str) -> type[Any]:
    """The class of a transform.

    Raises:
        SpecError: no transform of that name.
    """
    for point in _installed():
        if point.name == name:
            loaded: type[Any] = point.load()
            return loaded
    if name not in _built_in():
        raise SpecError(f"There is no transform {name!r}; there are: {', '.join(transform_names())}.")
    module = importlib.import_module(f"gulliver.transforms.{name}")
    return next(
        kind for _, kind in inspect.getmembers(module, inspect.isclass) if kind.__dict__.get("transform_name") == name
    )


@cache
def _built_in() -> tuple[str, ...]:
    """Files of this room that mark a class with the file's own name; the others serve them. None is imported for it."""
    room = Path(__file__).parent
    return tuple(path.stem for path in room.glob("*.py") if f'@transform("{path.stem}")' in path.read_text("utf-8"))


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group="gulliver.transforms"))
