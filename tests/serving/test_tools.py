"""Tools, formats and log-probabilities through the official client: guided, checked, repaired once, or the fallback's."""

import json
from collections.abc import Iterator

import jsonschema
import openai
import pytest
from pydantic import BaseModel

from tests.serving.place import Place, serving

RECIPE = "scripted:m?accuracy=0.6&latency=0.05 | cot"
VOTE = f"{RECIPE}@sample | majority(n=5)"
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    },
}
OTHER = {"type": "function", "function": {"name": "other"}}
SUM = [{"role": "user", "content": "What is 3 + 4?"}]
WORDS = [{"role": "user", "content": "Who are you?"}]


class City(BaseModel):
    name: str
    people: int


def test_a_tool_is_called_with_arguments_that_keep_its_schema(server: Place) -> None:
    reply = server.client().chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD], parallel_tool_calls=False)  # type: ignore[call-overload]
    choice = reply.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.function.name == "add"
    assert json.loads(call.function.arguments) == {"a": 3, "b": 4}
    assert choice.model_extra["gulliver"]["repaired"] is False


def test_words_where_no_tool_fits_and_a_call_where_one_must_come(server: Place) -> None:
    client = server.client()
    free = client.chat.completions.create(model=RECIPE, messages=WORDS, tools=[ADD]).choices[0]  # type: ignore[call-overload]
    assert free.finish_reason == "stop"
    assert free.message.content in ("red", "green", "blue")
    assert not free.message.tool_calls
    named = {"type": "function", "function": {"name": "other"}}
    for choice, wanted in (("required", {"add", "other"}), (named, {"other"})):
        must = client.chat.completions.create(model=RECIPE, messages=WORDS, tools=[ADD, OTHER], tool_choice=choice)  # type: ignore[call-overload]
        assert {call.function.name for call in must.choices[0].message.tool_calls} <= wanted
    none = client.chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD], tool_choice="none").choices[0]  # type: ignore[call-overload]
    assert none.message.content.startswith("3 plus 4")


def test_what_a_tool_returned_is_read(server: Place) -> None:
    client = server.client()
    call = client.chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD]).choices[0].message  # type: ignore[call-overload]
    told = [{"role": "tool", "tool_call_id": one.id, "content": "seven"} for one in call.tool_calls]
    turns = [*SUM, call.model_dump(exclude_none=True), *told]
    after = client.chat.completions.create(model=RECIPE, messages=turns, tools=[ADD])  # type: ignore[call-overload]
    assert after.choices[0].finish_reason in ("stop", "tool_calls")
    free = client.chat.completions.create(model=RECIPE, messages=turns)  # type: ignore[call-overload]
    assert "7" in free.choices[0].message.content or free.choices[0].message.content


def test_a_stream_of_calls_makes_the_same_calls(server: Place) -> None:
    client = server.client()
    whole = client.chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD]).choices[0].message.tool_calls  # type: ignore[call-overload]
    made: dict[int, dict[str, str]] = {}
    reasons = []
    for piece in client.chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD], stream=True):  # type: ignore[call-overload]
        reasons.append(piece.choices[0].finish_reason)
        for part in piece.choices[0].delta.tool_calls or []:
            call = made.setdefault(part.index, {"name": part.function.name, "arguments": ""})
            call["arguments"] += part.function.arguments
    assert list(made.values()) == [call.function.model_dump() for call in whole]
    assert len(made) == 2  # the script calls once for each number
    assert reasons[-1] == "tool_calls"


def test_an_answer_keeps_the_schema_also_in_a_stream(server: Place) -> None:
    client = server.client()
    parsed = client.chat.completions.parse(model=RECIPE, messages=SUM, response_format=City)  # type: ignore[arg-type]
    assert parsed.choices[0].message.parsed == City(name=parsed.choices[0].message.parsed.name, people=3)  # type: ignore[union-attr]
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": City.model_json_schema()}}
    pieces = client.chat.completions.create(model=RECIPE, messages=SUM, response_format=form, stream=True)  # type: ignore[call-overload]
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
    jsonschema.validate(json.loads(text), City.model_json_schema())
    plain = client.chat.completions.create(model=VOTE, messages=SUM, response_format={"type": "json_object"})
    assert isinstance(json.loads(plain.choices[0].message.content or ""), dict)


def test_a_json_that_is_cut_says_so_and_a_call_that_is_cut_does_not_leave(server: Place) -> None:
    client = server.client()
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": City.model_json_schema()}}
    cut = client.chat.completions.create(model=RECIPE, messages=SUM, response_format=form, max_tokens=2)  # type: ignore[call-overload]
    assert cut.choices[0].finish_reason == "length"
    with pytest.raises(openai.BadRequestError, match="cut by the length limit") as refused:
        client.chat.completions.create(model=RECIPE, messages=SUM, tools=[ADD], max_tokens=4)  # type: ignore[call-overload]
    assert refused.value.code == "length"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [ADD, ADD]}, "tools"),
        ({"tools": [ADD], "tool_choice": "sometimes"}, "tool_choice"),
        ({"tools": [ADD], "tool_choice": {"type": "function", "function": {"name": "none"}}}, "tool_choice"),
        ({"tools": [ADD], "response_format": {"type": "json_object"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"pattern": "(a+)+$"}}}}, "response_format"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"multipleOf": "x"}}}}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"$ref": "http://x/y"}}}]}, "tools"),
    ],
)  # fmt: skip
def test_what_cannot_be_promised_is_refused_in_a_sentence(server: Place, more: dict[str, object], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        server.client().chat.completions.create(model=RECIPE, messages=SUM, **more)  # type: ignore[call-overload]
    assert refused.value.param == param
    assert refused.value.body["message"].endswith(".")  # type: ignore[index]


def test_each_token_says_how_likely_it_was(server: Place) -> None:
    client = server.client()
    reply = client.chat.completions.create(model=RECIPE, messages=SUM, logprobs=True)  # type: ignore[call-overload]
    rows = reply.choices[0].logprobs.content
    assert "".join(row.token for row in rows) == reply.choices[0].message.content
    assert len(rows) == reply.usage.completion_tokens
    assert sum(row.logprob for row in rows) == pytest.approx(reply.choices[0].model_extra["gulliver"]["logprob"])
    old = client.completions.create(model=RECIPE, prompt="1 + 1", logprobs=0).choices[0]
    assert "".join(old.logprobs.tokens) == old.text  # type: ignore[union-attr,arg-type]
    pieces = client.chat.completions.create(model=RECIPE, messages=SUM, logprobs=True, stream=True)  # type: ignore[call-overload]
    told = [row.token for piece in pieces if piece.choices[0].logprobs for row in piece.choices[0].logprobs.content]
    assert told == [row.token for row in rows]


def test_several_drafts_have_no_log_probabilities_of_tokens(server: Place) -> None:
    with pytest.raises(openai.BadRequestError, match="several drafts"):
        server.client().chat.completions.create(model=VOTE, messages=SUM, logprobs=True)  # type: ignore[call-overload]
    with pytest.raises(openai.BadRequestError, match="not written"):
        server.client().completions.create(model=RECIPE, prompt="a", logprobs=2)


BROKEN = "scripted:small?unguided=0.6 | direct"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with serving(tmp_path_factory.mktemp("broken"), BROKEN, "--fallback", "scripted:large | direct", "--threshold", "0.1") as place:  # fmt: skip
        yield place


def test_what_breaks_off_is_repaired_once_and_else_the_fallback_answers(broken: Place) -> None:
    seen = set()
    client = broken.client()
    for number in range(12):
        question = [{"role": "user", "content": f"What is {number} + 1?"}]
        reply = client.chat.completions.create(model=BROKEN, messages=question, tools=[ADD], parallel_tool_calls=False)  # type: ignore[call-overload]
        told = reply.choices[0].model_extra["gulliver"]
        for call in reply.choices[0].message.tool_calls:
            jsonschema.validate(json.loads(call.function.arguments), ADD["function"]["parameters"])  # type: ignore[index]
        seen.add((told["answered_by"], told["repaired"]))
    assert seen == {("recipe", False), ("recipe", True), ("fallback", False)}


def test_without_a_fallback_it_is_an_error_that_says_what_is_wrong(broken: Place) -> None:
    told = []
    for number in range(12):
        try:
            question = [{"role": "user", "content": f"What is {number} + 1?"}]
            broken.client().chat.completions.create(
                model=f"{BROKEN}@direct", messages=question, tools=[ADD], parallel_tool_calls=False
            )  # type: ignore[call-overload]
        except openai.InternalServerError as error:
            told.append(error)
    assert told
    assert all(error.status_code == 502 and error.code == "invalid_output" for error in told)
    assert "what was wrong" in str(told[0])
