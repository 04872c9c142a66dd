"""Functions that a model may call: how they are told to it, how its calls are read, and whether a call is valid.

They are told as Qwen 2.5's chat template tells them (the form of Hermes, which others were taught too), as a system message,
so that any template will do; calls stand between `<tool_call>` and `</tool_call>` as JSON.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gulliver.models.guide import CALL
from gulliver.tasks import extract
from gulliver.tasks.bfcl_calls import Call

_FENCED = re.compile(r"```(?:json)?\s*([\[{].*[\]}])\s*```", re.DOTALL)
_TAGGED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_LONGEST = 50_000
_TYPES = {"dict": "object", "float": "number", "tuple": "array"}


@dataclass(frozen=True)
class Function:
    """A function that may be called; `parameters` is a JSON Schema of an object."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """As OpenAI's protocol and chat templates write it."""
        inner: dict[str, Any] = {"name": self.name}
        if self.description:
            inner["description"] = self.description
        return {"type": "function", "function": inner | {"parameters": self.parameters or _NOTHING}}


_NOTHING: Mapping[str, Any] = {"type": "object", "properties": {}}


def tool_system(functions: Sequence[Function], system: str = "", must: str = "") -> str:
    """The system message that tells the functions; `must` is one more sentence."""
    listed = "\n".join(json.dumps(function.told, ensure_ascii=False) for function in functions)
    about = (
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        f"You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n{listed}\n</tools>\n\n"
        "For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n"
        '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )
    return "\n\n".join(part for part in (system, about, must) if part)


def written_calls(calls: Sequence[Call]) -> str:
    """Calls as the model wrote them."""
    return "\n".join(f"{CALL[0]}{json.dumps(call, ensure_ascii=False)}{CALL[1]}" for call in calls)


def written_result(result: str) -> str:
    """What a function returned, as the model is told it."""
    return f"<tool_response>\n{result}\n</tool_response>"


def find_calls(text: str, names: Sequence[str]) -> tuple[list[Any], str]:
    """The calls in a reply as they were written, and the words around them.

    A reply that is one JSON object with the name of a function, in a fence or not, is a call too. What stands in the tags and is no JSON object
    comes back as its text.
    """
    text = text[:_LONGEST]
    found = [extract.json_value(match[1]) or match[1].strip() for match in _TAGGED.finditer(text)]
    if found:
        return found, _TAGGED.sub("", text).strip()
    bare = text.strip()
    if fenced := _FENCED.fullmatch(bare):
        bare = fenced[1]
    whole = extract.json_value(bare) if bare.startswith(("{", "[")) else None
    calls = whole if isinstance(whole, list) else [whole]
    if calls and all(isinstance(call, Mapping) and call.get("name") in names for call in calls):
        return calls, ""
    return [], text


def problem(call: Any, functions: Sequence[Function]) -> str:
    """What is wrong with a call, in a sentence; "" when it is valid by its function's schema."""
    if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
        return 'A call must be a JSON object with "name" and "arguments".'
    function = next((one for one in functions if one.name == call["name"]), None)
    if function is None:
        return f"There is no function {call['name'][:80]!r}; there are: {', '.join(one.name for one in functions)}."
    arguments = call.get("arguments", {})
    if not isinstance(arguments, Mapping):
        return f"The arguments of {function.name} must be a JSON object."
    return schema_problem(arguments, function.parameters, f"{function.name}.")


def executable(call: Any, functions: Sequence[Function]) -> bool:
    """Whether the function is there and would take these names: all that it needs, none that it does not know."""
    if not isinstance(call, Mapping):
        return False
    function = next((one for one in functions if one.name == call.get("name")), None)
    arguments = call.get("arguments", {})
    if function is None or not isinstance(arguments, Mapping):
        return False
    known, needed = function.parameters.get("properties", {}), function.parameters.get("required", ())
    return all(name in known for name in arguments) and all(name in arguments for name in needed)


def schema_problem(value: Any, schema: Any, at: str = "") -> str:
    """What is wrong with a value by a JSON Schema, in a sentence; "" when nothing is."""
    import jsonschema

    try:
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    except Exception as broken:  # a schema is a client's, and what cannot be checked must not count as valid
        return f"{at}The schema cannot be checked ({type(broken).__name__})."
    if error is None:
        return ""
    place = ".".join(str(step) for step in error.absolute_path)
    return f"{at}{place or 'The value'}: {error.message[:300].rstrip('.')}."


def json_schema(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The benchmark's parameters as JSON Schema: its names of types changed, `any` and keys that are no schema left out."""
    made: dict[str, Any] = {}
    for key, value in parameters.items():
        if key == "type":
            if value != "any":
                made["type"] = _TYPES.get(value, value)
        elif key == "properties":
            made[key] = {name: json_schema(part) for name, part in value.items()}
        elif key == "items":
            made[key] = json_schema(value)
        elif key in ("required", "description", "enum"):
            made[key] = value
    if made.get("type") == "object" and made.get("properties"):
        made["required"] = [name for name in made.get("required", []) if name in made["properties"]]
        made["additionalProperties"] = False
    return made


def functions_of(described: Sequence[Mapping[str, Any]]) -> tuple[Function, ...]:
    """Functions as an item of `bfcl` describes them."""
    return tuple(
        Function(str(one["name"]), json_schema(one["parameters"]), str(one.get("description", ""))) for one in described
    )
