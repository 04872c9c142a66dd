"""How a quantity moves with scale: forms, one file each, one fitter for all of them.

`fit(table, law="chinchilla")` gives a `Fitted`, whose `predict(parameters=7e9, tokens=1e12)` is a list of intervals.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gulliver.laws.base import Constant, Form, LawError
    from gulliver.laws.comparison import Compared, compare
    from gulliver.laws.fitted import Fitted, Interval
    from gulliver.laws.fitting import fit
    from gulliver.laws.registry import all_forms, find_form
    from gulliver.laws.table import Table, read_table

_WHERE = {
    "Constant": "base",
    "Form": "base",
    "LawError": "base",
    "Compared": "comparison",
    "compare": "comparison",
    "Fitted": "fitted",
    "Interval": "fitted",
    "fit": "fitting",
    "find_form": "registry",
    "all_forms": "registry",
    "Table": "table",
    "read_table": "table",
}

__all__ = [
    "Compared",
    "Constant",
    "Fitted",
    "Form",
    "Interval",
    "LawError",
    "Table",
    "all_forms",
    "compare",
    "find_form",
    "fit",
    "read_table",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'gulliver.laws' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"gulliver.laws.{_WHERE[name]}"), name)
