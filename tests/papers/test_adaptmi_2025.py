"""The verdict on adaptive skill exemplars follows from what was measured."""

import pytest

from gulliver.papers import load_paper
from gulliver.papers.adaptmi_2025 import PLANS, WAYS, compared, easy_items, judge
from gulliver.papers.base import SCALES
from gulliver.studies.result import ItemRecord


def records(right: range, hard: range = range(0), n: int = 100) -> list[ItemRecord]:
    return [
        ItemRecord(
            f"{i}",
            "?",
            "1",
            "right" if i in right else "wrong",
            "1",
            "1",
            detail="hard (0.5); skills: ages" if i in hard else "",
        )
        for i in range(n)
    ]


def test_always_hurting_easy_items_and_adaptive_winning_holds() -> None:
    ways = {
        "fixed": records(range(60)),
        "always": records(range(30, 70)),
        "adaptive": records(range(80), range(60, 100)),
    }
    rows, parts = compared({"m": ways})
    assert judge(parts)[0] == "holds"
    assert [round(m.value, 2) for m in rows] == [0.4, 0.5, 0.2, 0.4]
    assert rows[1].n == 60


def test_always_being_better_does_not_hold() -> None:
    ways = {"fixed": records(range(20)), "always": records(range(60)), "adaptive": records(range(25), range(90, 100))}
    assert judge(compared({"m": ways})[1])[0] == "does not hold here"


def test_little_difference_cannot_tell() -> None:
    ways = {"fixed": records(range(20)), "always": records(range(1, 21)), "adaptive": records(range(20), range(50))}
    rows, parts = compared({"a": ways, "b": ways})
    assert judge(parts)[0] == "cannot tell"
    assert rows[0].n == 200
    assert len(easy_items(ways["adaptive"])) == 50


def test_every_scale_has_a_plan() -> None:
    assert set(PLANS) == set(SCALES)
    assert all(set(plan.ways) <= set(WAYS) for plan in PLANS.values())


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("adaptmi-2025").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.answers == 9
