"""Whether a function call is one of the possible ones, by the rules of the Berkeley Function-Calling Leaderboard.

Possible answers name, for each parameter, the values that are accepted; "" among them makes it optional. Text is compared
without case, spaces and the marks , . / - _ * ^. A whole number will do for a float, and nothing else is converted. After
the description and the published checker (Patil et al. 2025, "The Berkeley Function Calling Leaderboard"), for Python.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gulliver.tasks.bfcl_calls import Call

_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
_MARKS = re.compile(r"[ ,./\-_*^]")


def calls_match(
    calls: Sequence[Call], functions: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether there are as many calls as wanted ones, and each wanted one has a call of its own, in any order."""
    if len(calls) != len(wanted):
        return False
    left = list(calls)
    for one in wanted:
        ((name, possible),) = one.items()
        function = next((known for known in functions if known["name"] == name), None)
        found = next((call for call in left if function and call_matches(call, function, possible)), None)
        if found is None:
            return False
        left = [call for call in left if call is not found]  # not remove(): 10 and 10.0 are equal and not the same type
    return True


def call_matches(call: Call, function: Mapping[str, Any], possible: Mapping[str, Sequence[Any]]) -> bool:
    """Whether one call has the function's name, its needed parameters, and accepted values of the right types."""
    given, parameters = call["arguments"], function["parameters"]
    if call["name"] != function["name"] or any(needed not in given for needed in parameters.get("required", ())):
        return False
    for key, value in given.items():
        if key not in parameters["properties"] or key not in possible:
            return False
        if not _accepted(value, parameters["properties"][key], possible[key]):
            return False
    return all(key in given or "" in values for key, values in possible.items())


def _accepted(value: Any, stated: Mapping[str, Any], possible: Sequence[Any]) -> bool:
    kind = stated["type"]
    inner = _TYPES[stated["items"]["type"]] if kind in ("array", "tuple") else None
    if kind == "tuple" and type(value) is tuple:
        value = list(value)
    if kind == "float" and type(value) is int:
        value = float(value)
    fits, variable = _typed(value, _TYPES[kind], inner, possible)
    if not fits:
        return False
    if not variable:
        if _TYPES[kind] is dict:
            return any(_same_dict(value, one) for one in possible if one != "")
        if inner is dict:
            return any(_same_dicts(value, one) for one in possible)
        if _TYPES[kind] is str:
            return _plain(value) in [_plain(one) for one in possible if isinstance(one, str)]
        if _TYPES[kind] is list:
            return [_plain(one) for one in value] in [[_plain(part) for part in one] for one in possible]
    return value in possible


def _typed(value: Any, kind: type, inner: type | None, possible: Sequence[Any]) -> tuple[bool, bool]:
    """Whether a value has the stated type, or that of the first accepted one: then it stands for a variable."""
    example = next((type(one) for one in possible if one != ""), None)
    if type(value) is kind:
        variable = example is not None and example is not kind
        if inner is None:
            return True, variable
        return any(_all_typed(value, inner, one) for one in possible), variable
    return (example is not None and type(value) is example), True


def _all_typed(values: Any, inner: type, possible: Any) -> bool:
    return not isinstance(possible, list) or all(_typed(one, inner, None, possible)[0] for one in values)


def _same_dict(value: Mapping[str, Any], possible: Mapping[str, Sequence[Any]]) -> bool:
    known = all(key in possible for key in value)
    return (
        known
        and all(_plain(one) in [_plain(each) for each in possible[key]] for key, one in value.items())
        and all(key in value or "" in accepted for key, accepted in possible.items())
    )


def _same_dicts(values: Sequence[Mapping[str, Any]], possible: Sequence[Any]) -> bool:
    return len(values) == len(possible) and all(
        one != "" and _same_dict(value, one) for value, one in zip(values, possible, strict=True)
    )


def _plain(value: Any) -> Any:
    return _MARKS.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value
