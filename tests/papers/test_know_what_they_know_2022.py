"""The verdict on self-knowledge follows from what was measured."""

import random

import pytest

from gulliver.inference import Cost
from gulliver.papers import load_paper
from gulliver.papers.base import SCALES
from gulliver.papers.know_what_they_know_2022 import CHOICES, IK, NEW, PLANS, TRUE, Told, compared, judge
from gulliver.papers.sums import as_choice, products, sums
from gulliver.tasks.base import Answer
from gulliver.tasks.base import judge as judged

Said = tuple[list[float], list[bool]]


def told(knows: float, new_off: float, items: int = 400) -> Told:
    """A model whose confidence tells the truth in a share `knows` of items, and is off by `new_off` on a new task."""
    rng = random.Random(1)

    def said(off: float = 0.0) -> Said:
        truth = [rng.random() if rng.random() < knows else 0.5 for _ in range(items)]
        right = [rng.random() < t for t in truth]
        return [min(1.0, max(0.0, t + off)) for t in truth], right

    return Told({CHOICES: said(), TRUE: said(), IK: said(), NEW: said(new_off)}, Cost(), items)


def test_more_knowledge_and_a_head_that_is_off_hold() -> None:
    rows, parts = compared({"small": told(0.1, 0.0), "large": told(1.0, 0.3)})
    assert judge(parts, 2)[0] == "holds"
    assert len(rows) == 5


def test_less_knowledge_with_size_does_not_hold() -> None:
    _, parts = compared({"small": told(1.0, 0.0), "large": told(0.1, 0.3)})
    assert judge(parts, 2)[0] == "does not hold here"
    assert parts["P(True) improves with size"] is False


def test_equal_models_cannot_tell() -> None:
    _, parts = compared({"small": told(0.6, 0.0), "large": told(0.6, 0.3)})
    assert judge(parts, 2)[0] == "cannot tell"


def test_a_rung_that_is_never_right_is_passed_over_where_nothing_can_be_told_apart() -> None:
    never = ([0.1] * 400, [False] * 400)
    lost = Told({CHOICES: told(0.1, 0.0).said[CHOICES], TRUE: never, IK: never, NEW: never}, Cost(), 400)
    rows, parts = compared({"tiny": lost, "small": told(0.1, 0.0), "large": told(1.0, 0.3)})
    assert {row.name for row in rows if "less" in row.name} >= {
        "choices: Brier score, large less tiny",
        "P(True): AUROC, large less small",
    }
    assert parts["P(True) improves with size"] is True


def test_one_model_says_nothing_about_size() -> None:
    _, parts = compared({"small": told(0.6, 0.3)})
    said, why = judge(parts, 1)
    assert said == "cannot tell"
    assert "one model" in why


def test_generated_items_are_right_and_the_same_each_time() -> None:
    for made in (sums, products):
        items = made(30, "x")
        assert [i.question for i in items] == [i.question for i in made(30, "x")]
        assert len({i.question for i in items}) > 25
    item = next(i for i in sums(30, "x"))
    assert judged(item, Answer(str(eval(item.question.removeprefix("What is ").rstrip("?"))))).outcome == "right"
    choice = as_choice(item)
    assert len({line for line in choice.question.splitlines() if line[1:2] == "."}) == 4
    assert f"{choice.target}. {item.target}" in choice.question.splitlines()


def test_every_scale_has_a_plan() -> None:
    assert set(PLANS) == set(SCALES)


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("know-what-they-know-2022").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.flops > 1e9
    assert all(m.low <= m.value <= m.high for m in finding.measurements)
