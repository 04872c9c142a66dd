"""The verdict follows from schema, gap and cost; thresholds never see the items they are used on."""

import json

import numpy as np
import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import report
from gulliver.papers.routing import bootstrap, router, threshold
from gulliver.papers.slm_agents_survey_2025 import PLANS, Plan, assess, judge, validity
from gulliver.studies.recipe import parse_recipe
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import Item
from gulliver.tasks.bfcl import FunctionCalls, _item

VALID = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
WRONG = '<tool_call>\n{"name": "add", "arguments": {"a": "one"}}\n</tool_call>'
UNKNOWN = '<tool_call>\n{"name": "add", "arguments": {"b": 1}}\n</tool_call>'
ADD = {
    "name": "add",
    "description": "",
    "parameters": {"type": "dict", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
}


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


@pytest.mark.parametrize(
    ("schema", "closed", "cost", "gap", "verdict"),
    [
        (_m(0.1, 0.3), _m(0.6, 1.2), _m(0.1, 0.3), _m(0.05, 0.2), "holds"),
        (_m(0.1, 0.3), _m(0.0, 0.4), _m(0.1, 0.3), _m(0.05, 0.2), "does not hold here"),
        (_m(-0.3, -0.1), _m(0.6, 1.2), _m(0.1, 0.3), _m(0.05, 0.2), "does not hold here"),
        (_m(0.1, 0.3), _m(0.6, 1.2), _m(0.6, 0.9), _m(0.05, 0.2), "does not hold here"),
        (_m(0.1, 0.3), _m(0.2, 1.2), _m(0.1, 0.3), _m(0.05, 0.2), "cannot tell"),
        (_m(0.1, 0.3), _m(0.0, 0.4), _m(0.1, 0.3), _m(-0.1, 0.2), "cannot tell"),  # no gap to be closed
        (_m(-0.1, 0.1), _m(0.6, 1.2), _m(0.1, 0.3), _m(0.05, 0.2), "cannot tell"),
    ],
)
def test_the_verdict_follows_from_schema_gap_and_cost(
    schema: Measurement, closed: Measurement, cost: Measurement, gap: Measurement, verdict: str
) -> None:
    found, why = judge(schema, closed, cost, gap)
    assert found == verdict
    assert why.lower().startswith(verdict)


def item(number: int) -> Item:
    row = {"id": f"i{number}", "question": [[{"role": "user", "content": "?"}]], "function": [ADD], "category": "simple", "ground_truth": [{"add": {"a": [1]}}]}  # fmt: skip
    return _item(row, FunctionCalls(), 64)


def record(text: str, outcome: str, flops: float = 1.0) -> ItemRecord:
    return ItemRecord("i", "?", "", outcome, "", text, "", "", flops, 0.0)  # type: ignore[arg-type]


def test_validity_is_of_answers_that_call_and_were_not_cut() -> None:
    answers = [record(VALID, "right"), record(WRONG, "wrong"), record(UNKNOWN, "wrong"), record("No.", "wrong"), record(VALID[:30], "truncated")]  # fmt: skip
    valid, runs = validity("m", [item(n) for n in range(5)], answers)
    assert (valid.value, valid.n) == (pytest.approx(1 / 3), 3)
    assert runs.value == pytest.approx(2 / 3)  # of a wrong type, but with the right names
    assert "1 of all were cut" in valid.note


def test_a_threshold_sends_up_no_more_than_it_must() -> None:
    sure, small, large = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.ones(4)
    assert threshold(sure, small, large) == 0.8
    assert threshold(sure, large, large) == 0.0
    assert threshold(sure, np.zeros(4), large) == float("inf")


def test_items_are_routed_by_what_other_items_set_and_paid_for_twice_when_sent() -> None:
    small = [record("", "right" if n % 4 else "wrong", 1.0) for n in range(40)]
    large = [record("", "right", 10.0) for _ in range(40)]
    found = router([0.2 if n % 4 == 0 else 0.9 for n in range(40)], small, large)
    # Items wrong for the small are all in one half, so the other half's threshold sends nothing of them up.
    assert sum(found.sent) == 0
    mixed = [record("", "right" if n % 5 else "wrong", 1.0) for n in range(40)]
    found = router([0.2 if n % 5 == 0 else 0.9 for n in range(40)], mixed, large)
    assert all(found.right)
    assert sum(found.flops) == 40 + 10 * 8
    assert sum(found.shuffled) == pytest.approx(0.2 * 40 + 0.8 * 32)


def test_an_interval_of_a_ratio_holds_it() -> None:
    found = bootstrap("r", [np.ones(50), np.full(50, 4.0)], lambda a, b: b.sum() / a.sum())
    assert (found.value, found.low, found.high) == (4.0, 4.0, 4.0)


def test_everything_is_measured_from_the_answers() -> None:
    plan = Plan("s", "l", 8, 1)
    records = {
        plan.recipes[0]: [record(WRONG, "wrong", 1.0)] * 8,
        plan.recipes[1]: [record(VALID, "right", 1.5)] * 6 + [record(WRONG, "wrong", 1.5)] * 2,
        plan.recipes[2]: [record(VALID, "right", 10.0)] * 8,
    }
    told = assess(plan, [item(n) for n in range(8)], records, [0.9] * 6 + [0.1] * 2)
    assert told["closed"].value == pytest.approx(0.75)
    assert told["schema"].value == pytest.approx(0.75)
    assert told["cost"].value == pytest.approx((12 / 6) / 10)
    assert told["right fallback"].value == 1.0
    assert told["fallback flops"].value == pytest.approx((12 + 20) / 80)
    assert told["fallback less shuffled"].value == pytest.approx(1.0 - (0.25 * 1 + 0.75 * 0.75))


def test_every_recipe_of_every_scale_can_be_read() -> None:
    for plan in PLANS.values():
        for text in plan.recipes:
            parse_recipe(text.replace(plan.small, "scripted:m").replace(plan.large, "scripted:m"))


@pytest.mark.models
@pytest.mark.timeout(600)
def test_the_smoke_scale_gives_a_finding() -> None:
    paper = load_paper("slm-agents-survey-2025")
    finding = paper.experiment("smoke", lambda _: None)
    assert json.loads(json.dumps(report(paper, finding)))["verdict"] in ("holds", "does not hold here", "cannot tell")
