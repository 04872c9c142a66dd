"""Function calls are read without being run, and matched by the benchmark's rules."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks.base import Item, judge, make_item
from gulliver.tasks.bfcl import FILES, FunctionCalls, make
from gulliver.tasks.bfcl_calls import read_calls
from gulliver.tasks.bfcl_match import call_matches

AREA = {
    "name": "geo.area",
    "parameters": {
        "type": "dict",
        "properties": {
            "base": {"type": "integer"},
            "height": {"type": "float"},
            "unit": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "where": {"type": "dict"},
            "exact": {"type": "boolean"},
        },
        "required": ["base", "height"],
    },
}
WANTED = {
    "base": [10],
    "height": [5.0],
    "unit": ["square cm", ""],
    "tags": [["a", "b"], ""],
    "where": [{"city": ["New York", "NY"], "zip": ["", 1]}, ""],
    "exact": [True, ""],
}
CALL = {"name": "geo.area", "arguments": {"base": 10, "height": 5}}


def item(category: str = "simple") -> Item:
    fields = {"functions": [AREA], "category": category}
    return make_item("b", "The area?", [{"geo.area": WANTED}], FunctionCalls(), fields=fields)


def outcome(written: str, category: str = "simple", finish: str = "stop") -> str:
    return judge(item(category), item(category).read(Draft(written, finish))).outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    [
        "[geo.area(base=10, height=5)]",
        "geo.area(base=10, height=5.0)",
        "geo.area(base=10, height=2 + 3)",
        "`[geo.area(base=10, height=5)]`",
        "[geo.area(base=10, height=5)",
        "Sure:\n```python\ngeo.area(base=10,\n  height=5)\n```\nThat computes it.",
        "I would call geo.area(base=10, height=5, unit='square (cm)'[:0] or 'Square-cm') now.",
        '{"name": "geo.area", "arguments": {"base": 10, "height": 5}}',
        '[{"name": "geo.area", "parameters": {"base": 10, "height": 5}}]',
        '{"geo.area": {"base": 10, "height": 5}}',
        '{"function": {"name": "geo.area", "arguments": "{\\"base\\": 10, \\"height\\": 5}"}}',
        '<tool_call>\n{"name": "geo.area", "arguments": {"base": 10, "height": 5}}\n</tool_call>',
    ],
)
def test_calls_as_models_write_them_are_read(written: str) -> None:
    (call,) = read_calls(written, ["geo.area"])
    assert (call["name"], call["arguments"]["base"], call["arguments"]["height"]) == ("geo.area", 10, 5)


def test_several_calls_are_read_in_order() -> None:
    for written in ("[f(a=1), g(b='x')]", "f(a=1)\ng(b='x')", '{"name": "f", "arguments": {"a": 1}} {"g": {"b": "x"}}'):
        calls = read_calls(written, ["f", "g"])
        assert [(call["name"], call["arguments"]) for call in calls] == [("f", {"a": 1}), ("g", {"b": "x"})]


def test_nothing_is_run(tmp_path: Any) -> None:
    mark = tmp_path / "ran"
    written = f"[geo.area(base=__import__('pathlib').Path({str(mark)!r}).touch(), height=9**9**9)]"
    (call,) = read_calls(written, ["geo.area"])
    assert not mark.exists()
    assert call["arguments"]["height"] == "9 ** 9 ** 9"


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ({}, True),
        ({"unit": "SQUARE cm."}, True),
        ({"unit": "square m"}, False),
        ({"tags": ["A", "b"]}, True),
        ({"tags": ["b", "a"]}, False),
        ({"tags": ("a", "b")}, False),
        ({"where": {"city": "ny"}}, True),
        ({"where": {"city": "ny", "zip": 1}}, True),
        ({"where": {"zip": 1}}, False),
        ({"where": {"city": "ny", "land": "us"}}, False),
        ({"exact": True}, True),
        ({"exact": 1}, False),
        ({"base": 10.0}, False),
        ({"base": "10"}, False),
        ({"colour": "red"}, False),
    ],
)
def test_a_call_is_right_by_the_published_rules(more: dict[str, Any], right: bool) -> None:
    call = {"name": "geo.area", "arguments": {**CALL["arguments"], **more}}  # type: ignore[dict-item]
    assert call_matches(call, AREA, WANTED) is right


def test_a_needed_parameter_and_the_name_are_needed() -> None:
    assert not call_matches({"name": "geo.area", "arguments": {"base": 10}}, AREA, WANTED)
    assert not call_matches({**CALL, "name": "area"}, AREA, WANTED)
    assert not call_matches(CALL, AREA, {**WANTED, "exact": [True]})


def test_calls_that_go_together_match_in_any_order_each_once() -> None:
    fields = {"functions": [AREA], "category": "parallel"}
    wanted = [{"geo.area": {"base": [n], "height": [1.0]}} for n in (1, 2)]
    both = make_item("b", "Two areas?", wanted, FunctionCalls(), fields=fields)
    said = {
        "[geo.area(base=2, height=1), geo.area(base=1, height=1)]": "right",
        "[geo.area(base=1, height=1), geo.area(base=1, height=1)]": "wrong",
        "[geo.area(base=1, height=1)]": "wrong",
    }
    assert {text: judge(both, both.read(Draft(text))).outcome for text in said} == said


@pytest.mark.parametrize(
    ("written", "category", "finish", "says"),
    [
        ("[geo.area(base=10, height=5)]", "simple", "stop", "right"),
        ("[geo.area(base=11, height=5)]", "simple", "stop", "wrong"),
        ("No function fits.", "simple", "stop", "wrong"),
        ("No function fits.", "irrelevance", "stop", "right"),
        ("[]", "irrelevance", "stop", "right"),
        ("[geo.area(base=10, height=5)]", "live_irrelevance", "stop", "wrong"),
        ("[geo.area(base=10, height=", "irrelevance", "stop", "right"),
        ("[geo.area(base=10, height=", "simple", "stop", "unreadable"),
        ("[geo.area(base=10, height=", "simple", "length", "truncated"),
        ("", "simple", "stop", "unreadable"),
        ("[geo.area(base=99)]", "live_relevance", "stop", "right"),
        ("I cannot.", "live_relevance", "stop", "wrong"),
    ],
)
def test_no_call_unreadable_and_cut_are_told_apart(written: str, category: str, finish: str, says: str) -> None:
    assert outcome(written, category, finish) == says


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text('geo.area(base=10, height=[{\'"x"}])<tool_call>`:1')))
def test_whatever_is_written_nothing_is_raised(written: str) -> None:
    for call in read_calls(written, ["geo.area"]):
        assert isinstance(call["name"], str)
        assert isinstance(call["arguments"], dict)


def test_a_category_there_is_not_is_said() -> None:
    with pytest.raises(TaskError, match="no category java; it has: simple, multiple"):
        make(categories=["simple", "java"])


@pytest.mark.models
def test_every_category_has_as_many_items_as_published_and_its_possible_answers_are_right() -> None:
    sizes = {name: len(make(categories=name).test) for name in FILES}
    assert sizes == {
        "simple": 400, "multiple": 200, "parallel": 200, "parallel_multiple": 200, "irrelevance": 240, "live_simple": 258,
        "live_multiple": 1053, "live_parallel": 16, "live_parallel_multiple": 24, "live_irrelevance": 884, "live_relevance": 16,
    }  # fmt: skip
    for one in make(categories=["simple", "multiple"]).test:
        ((name, possible),) = one.target[0].items()
        said = {key: next((value for value in values if value != ""), "") for key, values in possible.items()}
        if any(isinstance(value, dict | list) or value == "" for value in said.values()):
            continue  # the accepted values of a dict are lists themselves
        written = f"[{name}({', '.join(f'{key}={value!r}' for key, value in said.items())})]"
        assert judge(one, one.read(Draft(written))).outcome == "right"


@pytest.mark.models
def test_a_conversation_of_several_turns_is_put_as_one() -> None:
    several = [one for one in make(categories="live_irrelevance").test if len(one.prompt) > 2]
    assert len(several) == 9
    assert all(one.prompt[0].role == "system" for one in several)
    assert all("assistant:" in one.question or one.question.count("user:") > 1 for one in several)
