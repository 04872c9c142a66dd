"""Strategies by name: one file each in this folder, named as the strategy, or an entry point `gulliver.strategies`."""

import importlib
import inspect
import pkgutil
from importlib.metadata import entry_points
from typing import Any

from gulliver.errors import SpecError

_NOT_STRATEGIES = {
    "agents",
    "base",
    "confidence",
    "following",
    "heads",
    "particles",
    "pipeline",
    "programs",
    "registry",
    "skills",
    "scorers",
    "steps",
    "table",
}


def strategy_names() -> list[str]:
    """All names, built in and installed."""
    import gulliver.strategies as room

    built_in = {m.name for m in pkgutil.iter_modules(room.__path__) if m.name not in _NOT_STRATEGIES}
    return sorted(built_in | {point.name for point in entry_points(group="gulliver.strategies")})


def find_strategy(name: str) -> type[Any]:
    """The class of a strategy.

    Raises:
        SpecError: no strategy of that name.
    """
    known = strategy_names()
    if name not in known:
        raise SpecError(f"There is no strategy {name!r}; there are: {', '.join(known)}.")
    for point in entry_points(group="gulliver.strategies", name=name):
        loaded: type[Any] = point.load()
        return loaded
    module = importlib.import_module(f"gulliver.strategies.{name}")
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if vars(kind).get("strategy_name") == name:
            return kind
    raise SpecError(f"gulliver/strategies/{name}.py has no class marked @strategy({name!r}).")
