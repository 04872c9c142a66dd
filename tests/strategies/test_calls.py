"""Functions are told, called in JSON, guided and repaired once."""

import asyncio
import json
from typing import Any

import pytest

from gulliver.errors import TaskError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Generate, Model, Reply, Request
from gulliver.models.chat import render
from gulliver.models.engines import open_client
from gulliver.models.guide import grammar
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.calls import call_problem
from gulliver.tasks.base import Answer, Item, judge
from gulliver.tasks.bfcl import FunctionCalls, _item
from gulliver.tasks.tool_calls import Function, executable, find_calls, functions_of, problem, tool_system
from tests.models.engine_contract import CARD, scripted
from tests.strategies.fakes import NUMBERS, ScriptedClient, number_item

ADD = {
    "name": "math.add",
    "description": "Adds.",
    "parameters": {
        "type": "dict",
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "float"},
            "how": {"type": "any", "description": "In any way."},
            "parts": {"type": "tuple", "items": {"type": "dict", "properties": {"x": {"type": "float"}}}},
        },
        "required": ["a", "b"],
    },
}
RIGHT = '<tool_call>\n{"name": "math.add", "arguments": {"a": 3, "b": 4.0}}\n</tool_call>'
WRONG = '<tool_call>\n{"name": "math.add", "arguments": {"a": "three", "b": 4.0}}\n</tool_call>'
FUNCTIONS = functions_of([ADD])


def item(category: str = "simple") -> Item:
    row: dict[str, Any] = {
        "id": "simple_0",
        "question": [[{"role": "user", "content": "What is 3 and 4?"}]],
        "function": [ADD],
        "category": category,
        "ground_truth": [{"math.add": {"a": [3], "b": [4.0]}}],
    }
    return _item(row, FunctionCalls(), 256)


def answered(text: str, client: Any, model: Model = NUMBERS, one: Item | None = None) -> tuple[Answer, Meter]:
    async def body() -> tuple[Answer, Meter]:
        async with Store("sqlite://") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            strategy = parse_strategy(parse(text))
            return await strategy.answer(one or item(), session.bind(model, meter)), meter

    return asyncio.run(body())


def test_a_call_that_is_valid_is_taken_as_it_is() -> None:
    answer, meter = answered("calls", client := ScriptedClient((RIGHT, WRONG)))
    assert judge(item(), answer).outcome == "right"
    assert (client.asked, meter.cost.requests) == (1, 1)


def test_a_call_that_is_not_valid_is_asked_for_once_more() -> None:
    answer, meter = answered("calls", client := ScriptedClient((WRONG, RIGHT)))
    assert judge(item(), answer).outcome == "right"
    assert (client.asked, meter.cost.requests) == (2, 2)
    answer, _ = answered("calls", client := ScriptedClient((WRONG, WRONG, RIGHT)))
    assert client.asked == 2
    assert judge(item(), answer).outcome == "wrong"
    answer, _ = answered("calls(repair=false)", client := ScriptedClient((WRONG, RIGHT)))
    assert client.asked == 1


def test_words_are_the_answer_that_nothing_fits_and_are_not_repaired() -> None:
    answer, _ = answered("calls", client := ScriptedClient(("No function fits.",)), one=item("irrelevance"))
    assert client.asked == 1
    assert judge(item("irrelevance"), answer).outcome == "right"


def test_a_guided_model_writes_a_valid_call() -> None:
    heard: list[Generate] = []
    client = open_client(scripted())

    class Heard:
        async def ask(self, request: Request) -> Reply:
            assert isinstance(request, Generate)
            heard.append(request)
            return await client.ask(request)

        def peak_memory(self) -> int:
            return 0

        async def close(self) -> None: ...

    answer, _ = answered("calls", Heard(), scripted())
    assert call_problem(answer.text, item()) == ""
    assert answer.value[0]["arguments"]["a"] == 3
    assert "root ::=" in grammar(heard[0].sampling.guide)
    assert "math.add" in heard[0].prompt
    assert "in the form [name(" not in heard[0].prompt  # the task's own form would contradict this one
    answered("calls(guided=false)", Heard(), scripted())
    assert heard[-1].sampling.guide == ""


def test_an_item_without_functions_is_refused() -> None:
    with pytest.raises(TaskError, match="no functions"):
        parse_strategy(parse("calls")).ask(number_item())


def test_the_benchmarks_types_become_json_schema() -> None:
    made = FUNCTIONS[0].parameters
    assert made["type"] == "object"
    assert made["properties"]["b"] == {"type": "number"}
    assert made["properties"]["how"] == {"description": "In any way."}
    assert made["properties"]["parts"]["items"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("call", "valid", "runs"),
    [
        ({"name": "math.add", "arguments": {"a": 1, "b": 2.5}}, True, True),
        ({"name": "math.add", "arguments": {"a": 1, "b": 2}}, True, True),
        ({"name": "math.add", "arguments": {"a": "1", "b": 2}}, False, True),
        ({"name": "math.add", "arguments": {"a": 1}}, False, False),
        ({"name": "math.add", "arguments": {"a": 1, "b": 2, "c": 3}}, False, False),
        ({"name": "math.sub", "arguments": {}}, False, False),
        ({"name": "math.add", "arguments": [1, 2]}, False, False),
        ("math.add(1, 2)", False, False),
    ],
)
def test_a_call_is_valid_by_its_schema_and_runs_by_its_names(call: Any, valid: bool, runs: bool) -> None:
    assert (problem(call, FUNCTIONS) == "") is valid
    assert executable(call, FUNCTIONS) is runs


def test_calls_are_found_in_their_marks_and_words_are_left_alone() -> None:
    assert find_calls(f"So: {RIGHT}", ["math.add"]) == ([json.loads(RIGHT.split("\n")[1])], "So:")
    assert find_calls("<tool_call>\nnonsense", ["f"])[0] == ["nonsense"]
    assert find_calls('{"name": "f", "arguments": {}}', ["f"])[0] == [{"name": "f", "arguments": {}}]
    assert find_calls('```json\n{"name": "f", "arguments": {}}\n```', ["f"])[0] == [{"name": "f", "arguments": {}}]
    assert find_calls('```json\n{"name": "Ulm"}\n```', ["f"])[0] == []
    assert find_calls('{"name": "Ulm"}', ["f"]) == ([], '{"name": "Ulm"}')


@pytest.mark.models
def test_functions_are_told_as_the_models_own_template_tells_them() -> None:
    from dataclasses import replace

    from gulliver.models import load_model
    from gulliver.models.base import Message
    from gulliver.models.chat import _compiled

    card = load_model("qwen2.5-coder-0.5b").card
    assert card.chat_template is not None
    tools = [Function("f", {"type": "object", "properties": {"a": {"type": "integer"}}}, "Does.")]
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    theirs = _compiled(card.chat_template).render(
        messages=turns, tools=[tool.told for tool in tools], add_generation_prompt=True
    )
    ours = render(replace(CARD, chat_template=card.chat_template), [Message("system", tool_system(tools, "Be brief.")), Message("user", "Hi")])  # fmt: skip
    assert ours == theirs
