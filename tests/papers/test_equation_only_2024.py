"""Problems for very small models are right, and the verdict on equations follows from what was measured."""

import random
from typing import Any

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import SCALES
from gulliver.papers.equation_only_2024 import PLANS, Plan, judge, of_prompted, of_taught
from gulliver.papers.tiny_reasoners import Job, problem, teach, vocabulary
from gulliver.studies.result import ItemRecord


def test_both_worked_answers_of_a_problem_lead_to_its_answer() -> None:
    rng = random.Random(0)
    words = vocabulary()
    for _ in range(200):
        one = problem(rng)
        value = None
        for step in one.equations.split(" . "):
            left, _, right = step.strip(" .").partition(" = ")
            assert eval(left) == int(right)  # made here: numbers and signs
            assert value is None or int(left.split()[0]) == value
            value = int(right)
        assert value == one.answer
        assert str(one.answer) in one.words.split()
        assert {*one.question.split(), *one.words.split(), *one.equations.split()} <= set(words)
        assert len(one.words.split()) > 0


def done(small: tuple[int, int], large: tuple[int, int], n: int = 300) -> dict[str, dict[str, Any]]:
    """Right answers (with equations, with words) of two sizes."""
    found = {}
    for width, depth, counts in ((32, 1, small), (64, 2, large)):
        for way, count in zip(("equations", "words"), counts, strict=True):
            right = [i < count for i in range(n)]
            found[f"w{width}d{depth}-s0-{way}"] = {"right": right, "parameters": width * 100, "answer_tokens": 10.0}
    return found


PLAN = Plan(("m",), 100, ((32, 1), (64, 2)), (0,), 1, 300)


def asked(equations: int, words: int) -> dict[str, dict[str, list[ItemRecord]]]:
    def some(count: int) -> list[ItemRecord]:
        return [ItemRecord(f"{i}", "?", "1", "right" if i < count else "wrong", "1", "1") for i in range(100)]

    return {"m": {"equations": some(equations), "words": some(words)}}


@pytest.mark.parametrize(
    ("small", "large", "prompted", "said"),
    [
        ((200, 100), (280, 270), (30, 10), "holds"),
        ((200, 100), (280, 270), (30, 30), "cannot tell"),
        ((100, 200), (280, 270), (30, 10), "does not hold here"),
        ((200, 100), (280, 100), (30, 10), "does not hold here"),
    ],
)
def test_the_verdict_follows(
    small: tuple[int, int], large: tuple[int, int], prompted: tuple[int, int], said: str
) -> None:
    rows, parts = of_taught(done(small, large), PLAN)
    more, others = of_prompted(asked(*prompted))
    assert judge(parts | others)[0] == said
    assert all(m.low <= m.value <= m.high for m in (*rows, *more))


def test_every_scale_has_a_plan_with_a_smallest_size() -> None:
    assert set(PLANS) == set(SCALES)
    assert all(list(plan.shapes) == sorted(plan.shapes) for plan in PLANS.values())


def test_a_very_small_model_is_taught_and_asked_unseen_problems() -> None:
    pytest.importorskip("torch")
    found = teach(Job(32, 1, "equations", 0, 3, batch=4, examples=40, test=4))
    assert found["test"] == len(found["right"]) == 4
    assert found["flops"] == 6 * found["parameters"] * found["tokens"] > 0


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("equation-only-2024").experiment("smoke", lambda _: None)
    assert finding.verdict in ("cannot tell", "does not hold here")
    assert finding.spent.flops > 1e9
