"""Requests to an application: calls are read and compared, and test wordings are never learned."""

import pytest

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import load_task
from gulliver.tasks.app_calls import NOTHING
from gulliver.tasks.app_calls_grammar import FUNCTIONS, HELD_OUT, OFF_TOPIC, TEMPLATES
from gulliver.tasks.base import Item, judge
from gulliver.tasks.tool_calls import functions_of, problem


def said(item: Item, text: str, finish: str = "stop") -> str:
    return judge(item, item.read(Draft(text, finish))).outcome  # type: ignore[arg-type]


def test_every_target_is_right_and_keeps_its_schema() -> None:
    task = load_task("app_calls", items=60)
    functions = functions_of(FUNCTIONS)
    for item in [*task.test, *task.train, *task.dev]:
        assert said(item, item.target) == "right"
        for call in item.read(Draft(item.target)).value:
            assert problem(call, functions) == ""
    assert sum(item.target == NOTHING for item in task.test) == pytest.approx(12, abs=8)
    assert len({item.question for item in [*task.test, *task.train, *task.dev]}) == 60 + 400 + 40


def test_other_forms_of_the_call_are_right_and_other_calls_are_not() -> None:
    item = next(i for i in load_task("app_calls", items=40).test if i.target.startswith("move_stock"))
    call = item.read(Draft(item.target)).value[0]
    as_json = '<tool_call>\n{"name": "move_stock", "arguments": %s}\n</tool_call>'
    import json

    assert said(item, as_json % json.dumps(call["arguments"])) == "right"
    assert said(item, as_json % json.dumps(call["arguments"] | {"quantity": 1})) == "wrong"
    assert said(item, f"[{item.target}, {item.target}]") == "wrong"
    assert said(item, "I cannot do that.") == "wrong"
    assert said(item, "move_stock(item=") == "unreadable"
    assert said(item, "move", "length") == "truncated"


def test_off_topic_is_answered_by_calling_nothing() -> None:
    item = next(i for i in load_task("app_calls", items=40).test if i.target == NOTHING)
    for text in ("off_topic", "off_topic()", "I can only help with the warehouse."):
        assert said(item, text) == "right"
    assert said(item, "order_status(order=4711)") == "wrong"


def test_wordings_of_test_items_are_held_out() -> None:
    task = load_task("app_calls(off_topic=0.5)", items=80)
    heads = [wording.split("{")[0] for part in (*TEMPLATES.values(), OFF_TOPIC) for wording in part[-HELD_OUT:]]
    learned = {item.question for item in task.train}
    assert all(any(item.question.startswith(head) for head in heads) for item in task.test)
    assert not learned & {item.question for item in task.test}


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(TaskError, match="share"):
        load_task("app_calls(off_topic=2)")
