"""The verdict on verified planning follows from how far plans work."""

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import SCALES
from gulliver.papers.plasma_2023 import PLANS, compared, judge, sound, steps_of
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.plans import goal_of, problem, reaches

TASK = load_task("plans", items=8)


def scores(verifier: float, search: float, large: float, items: int = 60) -> dict[tuple[str, str], list[float]]:
    """Two models' sound shares, by way: the same for both but alone."""

    def about(level: float, step: float) -> list[float]:
        return [level + step * (n % 3) for n in range(items)]

    same = {"search": about(search, 0.05), "verifier": about(verifier, 0.07)}
    alone = {"small": about(0.1, 0.02), "large": about(large, 0.02)}
    return {(m, w): found for m in alone for w, found in ({"plain": alone[m]} | same).items()}


def test_a_verifier_that_helps_the_small_model_to_keep_up_holds() -> None:
    rows, parts = compared(scores(0.6, 0.3, 0.5))
    assert judge(parts, 2)[0] == "holds"
    assert all(-1 <= m.low <= m.value <= m.high <= 1 for m in rows)


@pytest.mark.parametrize(("verifier", "search", "large"), [(0.6, 0.3, 0.9), (0.3, 0.6, 0.3)])
def test_falling_behind_or_harm_does_not_hold(verifier: float, search: float, large: float) -> None:
    assert judge(compared(scores(verifier, search, large))[1], 2)[0] == "does not hold here"


def test_few_plans_and_one_model_cannot_tell() -> None:
    assert judge(compared(scores(0.6, 0.58, 0.6, items=2))[1], 2)[0] == "cannot tell"
    one = {key: found for key, found in scores(0.6, 0.3, 0.5).items() if key[0] == "small"}
    assert judge(compared(one)[1], 1)[0] == "cannot tell"


@pytest.mark.parametrize("item", TASK.train[:8], ids=lambda item: str(item.id))
def test_a_verifier_is_taught_what_fits_and_what_does_not(item: object) -> None:
    labels = steps_of(item)  # type: ignore[arg-type]
    goal, missing = goal_of(item.fields), item.fields["missing"]  # type: ignore[attr-defined]
    for label in labels:
        steps = [line.partition(". ")[2] for line in label.solution.splitlines()]
        assert label.right == (not problem(goal, missing, steps))
    assert 4 <= sum(label.right for label in labels) < len(labels) / 2


def test_a_plan_is_sound_up_to_its_first_mistake() -> None:
    item = TASK.test[0]
    good = [s.solution.splitlines()[-1].partition(". ")[2] for s in steps_of(item) if s.right]
    goal, missing = goal_of(item.fields), item.fields["missing"]

    def share(steps: list[str], outcome: str = "wrong") -> float:
        return sound(item, ItemRecord("i", "", "", outcome, "\n".join(steps), ""))

    assert problem(goal, missing, good) == ""
    assert reaches(goal, missing, good)
    assert share(good) == 1.0
    assert share(good[:1]) == pytest.approx(1 / len(good))
    assert share([*good[:1], *good[:1], *good[1:]]) == pytest.approx(1 / (len(good) + 1))
    assert share([], "unreadable") == 0.0


def test_every_scale_has_a_plan() -> None:
    assert set(PLANS) == set(SCALES)
    recipe = PLANS["laptop"].recipe("m", "verifier")
    assert recipe == "m | plan_verify(n=3, keep=1, by=verifier, model=plasma-2023)"


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("plasma-2023").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.flops > 1e9
