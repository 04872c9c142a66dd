"""The verdict follows from the intervals, and the searches differ in the look ahead alone."""

import json

import pytest

from gulliver.papers import Measurement, load_paper
from gulliver.papers.base import SCALES, report
from gulliver.papers.future_constrained_decoding_2023 import PLANS, WAYS, Plan, comparisons, items, judge
from gulliver.papers.means import difference, mean_of
from gulliver.papers.parts import above
from gulliver.studies.result import ItemRecord


def _m(low: float, high: float) -> Measurement:
    return Measurement("m", (low + high) / 2, low, high, 10)


UP, DOWN, OPEN = _m(0.1, 0.3), _m(-0.3, -0.1), _m(-0.1, 0.1)


@pytest.mark.parametrize(
    ("search", "plain", "verdict"),
    [
        ([UP, OPEN], [UP, UP], "holds"),
        ([UP, DOWN], [UP, UP], "cannot tell"),
        ([UP], [OPEN], "cannot tell"),
        ([DOWN, OPEN], [UP, DOWN], "does not hold here"),
        ([OPEN], [OPEN], "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_intervals(
    search: list[Measurement], plain: list[Measurement], verdict: str
) -> None:
    found, why = judge(search, plain)
    assert found == verdict
    assert why.lower().startswith(verdict)


def test_keywords_are_counted_and_paired() -> None:
    plan = Plan(("m",), 4)
    made = items(plan)
    texts = {
        "look ahead": [", ".join(item.fields["keywords"]) for item in made],
        "search": ["none"] * 4,
        "plain": ["none"] * 4,
    }
    records = {
        plan.recipe("m", way): [ItemRecord(str(i), "", "", "wrong", "", t) for i, t in enumerate(texts[way])]
        for way in WAYS
    }
    over_search, over_plain = comparisons(records, plan, made)
    assert [m.value for m in (*over_search, *over_plain)] == [1.0, 1.0]
    assert over_search[0].note == "share of keywords 1.00 and 0.00"


def test_the_two_searches_differ_in_the_weight_alone_and_items_are_always_the_same() -> None:
    plan = PLANS["laptop"]
    ahead, search = plan.recipe("m", "look ahead"), plan.recipe("m", "search")
    assert ahead.replace("weight=1.0", "weight=0.0") == search
    assert [item.question for item in items(plan)] == [item.question for item in items(plan)]
    assert all(word in items(plan)[0].question for word in items(plan)[0].fields["keywords"])
    assert set(PLANS) == set(SCALES)


def test_a_mean_has_students_interval_and_equal_scores_stay_unsure() -> None:
    found = mean_of("m", [0.0, 1.0, 0.0, 1.0])
    assert (found.value, found.n) == (0.5, 4)
    assert found.high - found.value == pytest.approx(3.1824 * (1 / 3) ** 0.5 / 2, abs=1e-3)
    assert above(difference("d", [1.0, 1.0], [1.0, 1.0])) is None
    assert above(difference("d", [1.0] * 20, [0.0] * 20)) is True


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    paper = load_paper("future-constrained-decoding-2023")
    data = json.loads(json.dumps(report(paper, paper.experiment("smoke", lambda _: None))))
    assert data["verdict"] in ("holds", "does not hold here", "cannot tell")
    assert data["spent"]["answers"] == 6
    assert all(m["value"] > 0 for m in data["measurements"] if m["name"].endswith("FLOPs an item"))
