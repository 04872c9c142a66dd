"""Plans are judged by what their steps need and give."""

import pytest

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import load_task
from gulliver.tasks.base import judge
from gulliver.tasks.plans import TEST_GOALS, Goal, goal_of, goals, problem, reaches, step_of

TEA = goals()[0]
WITH_KETTLE = [TEA.steps[i].text for i in (0, 1, 4, 5, 6)]
WITH_POT = [TEA.steps[i].text for i in (2, 3, 4, 5, 6)]


def found(goal: Goal, missing: str) -> list[list[str]]:
    """All plans that work, grown step by step."""
    open_, good = [list[str]()], []
    while open_:
        plan = open_.pop()
        grown = [[*plan, step.text] for step in goal.steps]
        grown = [steps for steps in grown if not problem(goal, missing, steps)]
        good += [steps for steps in grown if reaches(goal, missing, steps)]
        open_ += grown
    return good


@pytest.mark.parametrize("goal", goals(), ids=lambda goal: goal.name)
def test_every_goal_can_be_reached_without_either_tool_and_not_without_both(goal: Goal) -> None:
    assert len(goal.tools) == 2
    tool = {step.text: step.tool for step in goal.steps}
    assert {tool[step] for plan in found(goal, "") for step in plan} == {"", *goal.tools}
    for missing, other in (goal.tools, goal.tools[::-1]):
        plans = found(goal, missing)
        assert plans
        assert all({tool[step] for step in plan} == {"", other} for plan in plans)


def test_what_is_wrong_with_a_plan_is_said() -> None:
    assert reaches(TEA, "", WITH_KETTLE)
    assert reaches(TEA, "kettle", WITH_POT)
    assert problem(TEA, "kettle", WITH_KETTLE) == "'fill the kettle with water' cannot be done without the kettle."
    assert problem(TEA, "", WITH_KETTLE[1:]) == "'switch the kettle on and wait' comes too early."
    assert problem(TEA, "", [*WITH_KETTLE, WITH_KETTLE[0]]) == "'fill the kettle with water' is not needed twice."
    assert problem(TEA, "", ["iron the dry shirt"]) == "'iron the dry shirt' does nothing for a cup of black tea."
    assert not problem(TEA, "", WITH_KETTLE[:3])
    assert not reaches(TEA, "", WITH_KETTLE[:-1])
    # Water in the pot too would do no harm, and nothing for the tea.
    assert not reaches(TEA, "", [WITH_POT[0], *WITH_KETTLE])


def test_replies_are_read_by_line_and_judged() -> None:
    item = next(i for i in load_task("plans", items=8).test if i.fields["goal"] == TEA.name)
    plan = WITH_POT if item.fields["missing"] == "kettle" else WITH_KETTLE
    written = "\n".join(f"{n}. {step.capitalize()}." for n, step in enumerate(plan, 1))
    assert judge(item, item.read(Draft(written))).outcome == "right"
    assert judge(item, item.read(Draft(written + "\n6. drink it"))).outcome == "wrong"
    assert judge(item, item.read(Draft("no idea"))).outcome == "unreadable"
    other = WITH_KETTLE if plan is WITH_POT else WITH_POT
    assert judge(item, item.read(Draft("\n".join(other)))).outcome == "wrong"


def test_the_task_is_told_by_its_seed_and_trains_on_other_goals() -> None:
    task, again, other = load_task("plans"), load_task("plans"), load_task("plans", seed=1)
    assert [i.question for i in task.test] == [i.question for i in again.test]
    assert [i.question for i in task.test] != [i.question for i in other.test]
    assert task.digest == again.digest
    assert len(task.test) == 40
    tested = {i.fields["goal"] for i in task.test}
    assert len(tested) == TEST_GOALS
    assert not tested & {i.fields["goal"] for i in (*task.train, *task.dev)}
    assert all(f"There is no {i.fields['missing']}." in i.question for i in task.test)
    plain = load_task("plans(what_if=false)", items=4)
    assert not any("There is no" in i.question for i in plain.test)


def test_lines_name_steps_whatever_their_marks() -> None:
    assert step_of("  3) Take the tea bag OUT.", WITH_KETTLE) == "take the tea bag out"
    assert step_of("- take the tea", WITH_KETTLE) is None
    with pytest.raises(TaskError, match="no goal"):
        goal_of({})
