"""The verdict follows from exactness and time; off-topic requests are counted apart."""

import json
import os

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.alone import seconds_alone, spread
from gulliver.papers.base import report
from gulliver.papers.slm_app_interactions_2024 import PLANS, Plan, assess, judge
from gulliver.studies.recipe import parse_recipe
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.app_calls import NOTHING


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


@pytest.mark.parametrize(
    ("exact", "quick", "verdict"),
    [
        (_m(0.1, 0.3), _m(0.1, 0.3), "holds"),
        (_m(-0.3, -0.1), _m(0.1, 0.3), "does not hold here"),
        (_m(0.1, 0.3), _m(1.1, 1.3), "does not hold here"),
        (_m(-0.1, 0.3), _m(0.1, 0.3), "cannot tell"),
        (_m(0.1, 0.3), _m(0.8, 1.3), "cannot tell"),
    ],
)
def test_the_verdict_follows_from_exactness_and_time(exact: Measurement, quick: Measurement, verdict: str) -> None:
    found, why = judge(exact, quick)
    assert found == verdict
    assert why.lower().startswith(verdict)


def record(right: bool) -> ItemRecord:
    return ItemRecord("i", "?", "", "right" if right else "wrong", "", "")


def test_off_topic_requests_are_counted_apart() -> None:
    plan = Plan("s", "l", "lora", 20, 3)
    items = list(load_task("app_calls(off_topic=0.4)", items=20).test)
    off = [item.target == NOTHING for item in items]
    records = {
        plan.tuned: [record(True)] * 20,
        plan.untuned: [record(False)] * 20,
        plan.prompted: [record(not one) for one in off],
    }
    told = assess(plan, items, records, {plan.tuned: [1.0, 2.0, 3.0], plan.prompted: [4.0, 4.0, 4.0]})
    by_name = {one.name: one for one in told}
    assert told[0].value == pytest.approx(sum(off) / 20)
    assert (told[1].value, told[1].low) == (0.5, 0.25)
    assert by_name[f"{plan.prompted}: share right, off topic"].value == 0.0
    assert by_name[f"{plan.prompted}: share right, on topic"].n == 20 - sum(off)
    assert by_name[f"{plan.tuned}: seconds of one item alone, p50"].value == 2.0


def test_one_by_one_nothing_comes_from_a_store_and_the_first_is_not_counted() -> None:
    items = spread(load_task("app_calls", items=20).test, 3)
    assert len(items) == 3
    seconds = seconds_alone(parse_recipe("scripted:m?latency=0.05 | calls"), items)
    assert len(seconds) == 2
    assert all(one >= 0.05 for one in seconds)


def test_every_recipe_of_every_scale_can_be_read() -> None:
    for plan in PLANS.values():
        assert len(plan.recipes) >= 2
        for text in plan.recipes:
            parse_recipe(text.replace(plan.large, "smollm2-135m"))


@pytest.mark.models
@pytest.mark.timeout(1800)
@pytest.mark.skipif("GULLIVER_SLOW" not in os.environ, reason="minutes with real weights; set GULLIVER_SLOW")
def test_the_smoke_scale_gives_a_finding() -> None:
    pytest.importorskip("torch")
    paper = load_paper("slm-app-interactions-2024")
    finding = paper.experiment("smoke", lambda _: None)
    assert json.loads(json.dumps(report(paper, finding)))["verdict"] in ("holds", "does not hold here", "cannot tell")
