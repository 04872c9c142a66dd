"""Forms by name: one file each in `gulliver/laws/forms`, or an entry point `gulliver.laws`."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from gulliver.laws.base import Form, LawError


@cache
def all_forms() -> dict[str, Form]:
    """Every form by name, built in and installed, in the order of names."""
    import gulliver.laws.forms as room

    found = [
        form
        for module in pkgutil.iter_modules(room.__path__)
        for form in importlib.import_module(f"gulliver.laws.forms.{module.name}").FORMS
    ]
    found += [point.load() for point in entry_points(group="gulliver.laws")]
    return {form.name: form for form in sorted(found, key=lambda form: form.name)}


def find_form(name: str) -> Form:
    """The form of that name.

    Raises:
        LawError: there is none.
    """
    known = all_forms()
    if name not in known:
        raise LawError(f"There is no law {name!r}; there are: {', '.join(known)}.")
    return known[name]
