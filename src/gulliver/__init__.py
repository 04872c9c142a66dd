"""Gulliver: how small can the language model for this job be?

The public API; names load what they need when first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gulliver.errors import GulliverError
    from gulliver.models import Model, load_model
    from gulliver.reports import write_report
    from gulliver.strategies import strategy
    from gulliver.studies import Recipe, Study, find, measure, parse_recipe
    from gulliver.tasks import Item, Judge, Task, load_task

_WHERE = {
    "GulliverError": "errors",
    "Model": "models",
    "load_model": "models",
    "write_report": "reports",
    "strategy": "strategies",
    "Recipe": "studies",
    "Study": "studies",
    "find": "studies",
    "measure": "studies",
    "parse_recipe": "studies",
    "Item": "tasks",
    "Judge": "tasks",
    "Task": "tasks",
    "load_task": "tasks",
}

__all__ = [
    "GulliverError",
    "Item",
    "Judge",
    "Model",
    "Recipe",
    "Study",
    "Task",
    "find",
    "load_model",
    "load_task",
    "measure",
    "parse_recipe",
    "strategy",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'gulliver' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"gulliver.{_WHERE[name]}"), name)
