"""Transforms by name: one file each in this folder, named as the transform, or an entry point `gulliver.transforms`."""

import importlib
import inspect
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from gulliver.errors import SpecError


def transform_names() -> list[str]:
    """All names, built in and installed."""
    return sorted(_built_in().keys() | {point.name for point in _installed()})


def is_transform(name: str) -> bool:
    """Whether a recipe's part of that name changes the model (and is no strategy)."""
    return name in transform_names()


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
    return _built_in()[name]


@cache
def _built_in() -> dict[str, type[Any]]:
    """Files of this room that hold a class marked with the file's own name; the others serve them."""
    import gulliver.transforms as room

    found: dict[str, type[Any]] = {}
    for entry in pkgutil.iter_modules(room.__path__):
        module = importlib.import_module(f"gulliver.transforms.{entry.name}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if vars(kind).get("transform_name") == entry.name:
                found[entry.name] = kind
    return found


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group="gulliver.transforms"))
