"""What a client may send about tools and formats, and what the model is asked for because of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gulliver.models.base import Message
from gulliver.models.guide import call_guide, json_guide
from gulliver.models.schemas import SchemaError, bounded
from gulliver.serving.errors import ApiError
from gulliver.tasks.bfcl_calls import Call
from gulliver.tasks.tool_calls import Function, find_calls, problem, schema_problem, tool_system

MOST_TOOLS = 64
MOST_CALLS = 4
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_.\-]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class FunctionBody(_Strict):
    """A function as OpenAI's protocol describes it."""

    name: Name
    description: str | None = Field(None, max_length=20_000)
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolBody(_Strict):
    """A tool; only functions are known."""

    type: Literal["function"]
    function: FunctionBody


class CalledFunction(_Strict):
    """A call's function in an earlier turn; `arguments` is JSON as text."""

    name: Name
    arguments: str


class CallBody(_Strict):
    """A call in an earlier turn of the assistant's."""

    id: str = Field(max_length=200)
    type: Literal["function"]
    function: CalledFunction


class NamedFunction(_Strict):
    """The function that must be called."""

    name: Name


class NamedTool(_Strict):
    """A `tool_choice` that names its function."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchemaBody(_Strict):
    """The schema of a `response_format`."""

    name: Name
    description: str | None = Field(None, max_length=20_000)
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class FormatBody(_Strict):
    """A `response_format`."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaBody | None = None


@dataclass(frozen=True)
class Read:
    """A reply as it was read: words, or calls; `problem` says why it must not leave, "" when it may."""

    text: str
    calls: tuple[Call, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Shape:
    """What a reply must be.

    Attributes:
        guide: for the engine (`Sampling.guide`); "" is free.
        functions: that may be called; without any, the reply is JSON by `schema`, or free where that is None.
        must: whether a call must come.
    """

    guide: str = ""
    functions: tuple[Function, ...] = ()
    schema: Any = None
    must: bool = False

    def put(self, messages: Sequence[Message]) -> list[Message]:
        """The conversation with what the model must know said in its system message."""
        stated = "\n\n".join(message.content for message in messages if message.role == "system")
        rest = [message for message in messages if message.role != "system"]
        system = stated
        if self.functions:
            system = tool_system(self.functions, stated, "You must call a function." if self.must else "")
        elif self.schema is not None:
            told = "Reply with JSON alone"
            told += f", by this JSON Schema: {json.dumps(self.schema, ensure_ascii=False)}" if self.schema else "."
            system = f"{stated}\n\n{told}" if stated else told
        return [*([Message("system", system)] if system else []), *rest]

    def read(self, text: str) -> Read:
        """What a finished reply is. Never raises."""
        if self.functions:
            calls, words = find_calls(text, [function.name for function in self.functions])
            if not calls:
                return Read(text, problem="No function is called." if self.must else "")
            wrong = next((why for call in calls if (why := problem(call, self.functions))), "")
            made = tuple({"name": c["name"], "arguments": c.get("arguments", {})} for c in calls) if not wrong else ()
            return Read(words, made, wrong)
        if self.schema is None:
            return Read(text)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return Read(text, problem="It is not JSON.")
        if not self.schema:
            return Read(text, problem="" if isinstance(value, dict) else "It is no JSON object.")
        return Read(text, problem=schema_problem(value, self.schema))


def shape_of(
    tools: Sequence[ToolBody], choice: str | NamedTool | None, parallel: bool, form: FormatBody | None
) -> Shape | None:
    """What a request asks a reply to be; None when any text will do.

    Raises:
        ApiError: a schema cannot be kept, or the two ask for different things.
    """
    if form is not None and form.type != "text":
        if tools and choice != "none":
            raise ApiError(400, "Ask for tools or for a response_format, not for both.", param="response_format")
        return _json_shape(form)
    if not tools or choice == "none":
        return None
    functions = tuple(
        Function(tool.function.name, tool.function.parameters or {}, tool.function.description or "") for tool in tools
    )
    if len({function.name for function in functions}) < len(functions):
        raise ApiError(400, "Two tools have the same name; give each its own.", param="tools")
    allowed = functions
    if isinstance(choice, NamedTool):
        allowed = tuple(function for function in functions if function.name == choice.function.name)
        if not allowed:
            raise ApiError(400, "tool_choice names a function that is not among the tools.", param="tool_choice")
    elif choice not in (None, "auto", "required"):
        raise ApiError(400, "tool_choice must be auto, none, required or a function.", param="tool_choice")
    must = choice not in (None, "auto")
    for function in functions:
        _check(function.parameters, "tools")
    described = [{"name": function.name, "parameters": function.parameters} for function in allowed]
    many = MOST_CALLS if parallel and not isinstance(choice, NamedTool) else 1
    try:
        guide = call_guide(described, free=not must, most=many)
    except SchemaError as error:
        raise ApiError(400, str(error), param="tools") from None
    return Shape(guide.text, allowed, must=must)


def _check(schema: Any, param: str) -> None:
    """
    Raises:
        ApiError: it is no JSON Schema, so that nothing could be checked against it.
    """
    import jsonschema

    try:
        bounded(schema or {"type": "object"})  # first: what is too deep or too long is not looked at any further
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        place = ".".join(str(step) for step in error.absolute_path)[:100]
        raise ApiError(
            400, f"This is no JSON Schema: {place}: {error.message[:200].rstrip('.')}.", param=param
        ) from None
    except SchemaError as error:
        raise ApiError(400, str(error), param=param) from None


def _json_shape(form: FormatBody) -> Shape:
    schema: dict[str, Any] = {}
    if form.type == "json_schema":
        if form.json_schema is None:
            raise ApiError(
                400, "response_format.json_schema is missing; put the schema there.", param="response_format"
            )
        schema = form.json_schema.schema_ or {}
        _check(schema, "response_format")
    try:
        return Shape(json_guide(schema or {"type": "object"}).text, schema=schema)
    except SchemaError as error:
        raise ApiError(400, str(error), param="response_format") from None
