"""PAL's verdict follows from what was measured."""

import json

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import SCALES, report
from gulliver.papers.pal_2022 import PLANS, RUNGS, Plan, comparisons, judge, recipe
from gulliver.papers.running import share_right
from gulliver.studies.result import ItemRecord


def _records(right: list[int], n: int = 100) -> list[ItemRecord]:
    return [ItemRecord(f"{i}", "?", "1", "right" if i in right else "wrong", "1", "1") for i in range(n)]


def _m(low: float, high: float) -> Measurement:
    return Measurement("difference", (low + high) / 2, low, high, 100)


UP, DOWN, OPEN = _m(0.1, 0.3), _m(-0.3, -0.1), _m(-0.1, 0.1)


@pytest.mark.parametrize(
    ("gains", "passes", "verdict"),
    [
        ([OPEN, UP, UP], [UP], "holds"),
        ([OPEN, UP, UP], [OPEN], "cannot tell"),
        ([DOWN, UP, UP], [UP], "cannot tell"),
        ([OPEN, OPEN, DOWN], [OPEN], "does not hold here"),
        ([OPEN, UP, UP], [DOWN], "does not hold here"),
        ([UP], [], "cannot tell"),
        ([OPEN], [], "cannot tell"),
        ([DOWN], [], "does not hold here"),
    ],
)
def test_the_verdict_follows_from_the_intervals(
    gains: list[Measurement], passes: list[Measurement], verdict: str
) -> None:
    found, why = judge(gains, passes)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_comparisons_pair_the_same_items() -> None:
    small, large = "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"
    records = {
        "gsm8k": {
            recipe(small, "cot"): _records([*range(20)]),
            recipe(small, "pal"): _records([*range(60)]),
            recipe(large, "cot"): _records([*range(30)]),
            recipe(large, "pal"): _records([*range(70)]),
        }
    }
    gains, passes = comparisons(records, Plan((small, large), (("gsm8k", 100),)))
    assert [round(m.value, 2) for m in gains] == [0.4, 0.4]
    assert [round(m.value, 2) for m in passes] == [0.3]
    assert "only pal right 30, only cot right 0" in passes[0].note
    assert judge(gains, passes)[0] == "holds"


def test_more_comparisons_widen_each_interval() -> None:
    model = "smollm2-135m"
    answers = {recipe(model, "cot"): _records([*range(20)]), recipe(model, "pal"): _records([*range(10, 40)])}
    plan = Plan((model,), (("a", 100), ("b", 100)))
    alone, _ = comparisons({"a": answers}, plan)
    together, _ = comparisons({"a": answers, "b": answers}, plan)
    assert together[0].low < alone[0].low <= alone[0].value == together[0].value


def test_what_could_not_be_judged_is_counted_as_not_right() -> None:
    records = [*_records([0], 2), ItemRecord("x", "?", "1", "truncated", "", "")]
    share = share_right("cot", records)
    assert share.value == pytest.approx(1 / 3)
    assert share.note == "1 truncated"


def test_every_scale_has_a_plan_and_laptop_has_the_three_rungs() -> None:
    assert set(PLANS) == set(SCALES)
    assert PLANS["laptop"].models == RUNGS


@pytest.mark.models
def test_smoke_runs_on_a_real_model_and_reports() -> None:
    paper = load_paper("pal-2022")
    said: list[str] = []
    finding = paper.experiment("smoke", said.append)
    data = json.loads(json.dumps(report(paper, finding)))
    assert list(data) == ["paper", "scale", "verdict", "measurements", "sentence", "published", "spent", "run_on"]
    assert data["verdict"] == "cannot tell"  # four items cannot exclude chance
    assert all(m["n"] == 4 and -1 <= m["low"] <= m["value"] <= m["high"] <= 1 for m in data["measurements"])
    assert data["spent"]["answers"] == 8
    assert data["spent"]["flops"] > 1e9
    assert data["run_on"]["models"][0]["name"] == "smollm2-135m"
    assert said
