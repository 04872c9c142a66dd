"""The verdict on planned programs follows from which items keep their conditions."""

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import SCALES
from gulliver.papers.discipl_2025 import ALONE, PLANS, WAYS, Plan, compared, costs, judge, met, written
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.studies.result import ItemRecord
from gulliver.tasks.base import make_item
from gulliver.tasks.constraints import Keeps

PLAN = Plan(("small", "medium"), "large", 40)


def rows(right: int, program: str = "") -> list[ItemRecord]:
    """So many of 40 items right, in turn from the first."""
    return [ItemRecord(str(i), "", "", "right" if i < right else "wrong", "", "The old glass", program, flops=2.0) for i in range(40)]  # fmt: skip


def records(program: int, drafts: int, planner: int) -> dict[tuple[str, str], list[ItemRecord]]:
    ways = {"program": rows(program, "def step"), "best of n": rows(drafts), ALONE: rows(1)}
    return {(m, way): ways[way] for m in PLAN.followers for way in WAYS} | {("large", ALONE): rows(planner)}


@pytest.mark.parametrize(
    ("program", "drafts", "planner", "said"),
    [
        (36, 8, 10, "holds"),
        (36, 36, 10, "cannot tell"),
        (8, 36, 10, "does not hold here"),
        (20, 2, 39, "does not hold here"),
        (20, 2, 21, "holds"),
        (20, 2, 24, "cannot tell"),
    ],
)
def test_the_verdict_follows_from_the_intervals(program: int, drafts: int, planner: int, said: str) -> None:
    found, parts = compared(records(program, drafts, planner), PLAN)
    assert len(found) == 4
    assert judge(parts, 40)[0] == said
    assert judge(parts, 1)[0] == "cannot tell"


def test_programs_that_were_used_conditions_and_costs_are_counted() -> None:
    all_ = records(20, 2, 21)
    (share,) = written(all_, PLAN)
    assert share.value == 1.0
    assert all(m.value == 2.0 for m in costs(all_))
    item = make_item("i", "q", None, Keeps(), fields={"keywords": ["glass", "moon"], "positions": {"2": "old"}})
    assert met(rows(1)[:1], [item]) == [pytest.approx(2 / 3)]


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_a_plan_of_recipes_that_can_be_read(scale: str) -> None:
    plan = PLANS[scale]  # type: ignore[index]
    made = plan.recipes()
    assert len(set(made.values())) == len(made)
    for text in made.values():
        parse_strategy(parse(text.partition("| ")[2]))
    others = [
        parse_strategy(parse(text.partition("| ")[2])).others for (_, way), text in made.items() if way == "program"
    ]
    assert set(others) == {(plan.planner,)}


@pytest.mark.models
def test_smoke_runs_on_real_models() -> None:
    finding = load_paper("discipl-2025").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.answers == 4
    assert finding.spent.flops > 1e9
