"""Every generator is a task; answers are read and scored, and nothing a model wrote is evaluated."""

import contextlib
import json
from typing import Any

import pytest

from gulliver.errors import MissingExtra
from gulliver.inference.types import Draft
from gulliver.tasks import Item, judge, load_task, task_names
from gulliver.tasks.gym import _factory, generators
from gulliver.tasks.gym_answers import harmless, said

# Their questions are made by search: a second or more for each.
SLOW = frozenset({"knight_swap"})


def outcome(item: Item, text: str) -> str:
    return judge(item, item.read(Draft(text))).outcome


def test_all_generators_are_there() -> None:
    assert len(generators()) == 105  # 106 in the package; `composite` mixes others and has no questions of its own


@pytest.mark.parametrize("name", [name for name in generators() if name not in SLOW])
def test_a_generator_makes_an_item_and_accepts_its_own_answer(name: str) -> None:
    item = load_task(f"gym:{name}", items=1).test[0]
    assert item.question
    assert json.dumps(item.question)
    assert item.judge.answer_only in item.prompt[-1].content
    if item.target:
        mark = "Answer:\n" if "\n" in item.target else "Answer: "
        assert outcome(item, item.target) == "right"
        assert outcome(item, f"Let me think about this.\n{mark}{item.target}") == "right"
    assert outcome(item, "") == "unreadable"
    assert outcome(item, "I have no idea how this could be done") in ("wrong", "unreadable")


class TestGsmSymbolic:
    task = load_task("gym:gsm_symbolic", items=200, seed=1)

    def test_it_is_a_generated_task_of_numbers(self) -> None:
        assert self.task.generated
        assert not self.task.labels
        assert {item.judge.kind for item in self.task.test} == {"number"}
        assert (len(self.task.test), len(self.task.train), len(self.task.dev)) == (200, 100, 100)

    def test_right_wrong_and_unreadable_are_told_apart(self) -> None:
        for item in self.task.test[:50]:
            assert outcome(item, f"That makes 3 + 4.\nAnswer: {item.target}") == "right"
            assert outcome(item, f"Answer: {float(item.target) + 1}") == "wrong"
            assert outcome(item, f"Answer: -{item.target}") == ("right" if item.target == "0" else "wrong")
            assert outcome(item, "I do not know") == "unreadable"

    def test_a_seed_gives_the_same_questions_again_and_another_others(self) -> None:
        again, other = (
            load_task("gym:gsm_symbolic", items=200, seed=1),
            load_task("gym:gsm_symbolic", items=200, seed=2),
        )
        assert [item.question for item in again.test] == [item.question for item in self.task.test]
        assert again.digest == self.task.digest != other.digest
        assert len({item.question for item in other.test} & {item.question for item in self.task.test}) < 5

    def test_splits_share_no_questions(self) -> None:
        test, train, dev = (
            {item.question for item in part} for part in (self.task.test, self.task.train, self.task.dev)
        )
        assert not test & train
        assert not test & dev
        assert not train & dev

    def test_fewer_items_are_the_first_of_more(self) -> None:
        few = load_task("gym:gsm_symbolic", items=5, seed=1)
        assert [item.question for item in few.test] == [item.question for item in self.task.test[:5]]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    _factory.cache_clear()
    with pytest.raises(MissingExtra, match=r"gulliver\[gym\]"):
        load_task("gym:gsm_symbolic")
    assert "gsm8k" in task_names()
    assert not any(name.startswith("gym:") for name in task_names())
    _factory.cache_clear()


def test_options_of_the_generator_are_taken() -> None:
    task = load_task("gym:chain_sum(min_terms=2, max_terms=2, size=3, seed=9)")
    assert len(task.test) == 3
    assert all(item.question.count("+") + item.question.count(" - ") == 1 for item in task.test)


@pytest.mark.parametrize(
    ("written", "lines", "answer"),
    [
        ("Answer: blue", False, "blue"),
        ("<answer>blue</answer>", False, "blue"),
        ("It is <answer>\n1 2\n3 4\n</answer>.", True, "1 2\n3 4"),
        ("Answer:\n1 2\n3 4", True, "1 2\n3 4"),
        ("```\n1 2\n3 4\n```", True, "1 2\n3 4"),
        ("1 2\n3 4", True, "1 2\n3 4"),
        ("The answer is blue.", False, "blue"),
        ("Answer: [1, 2]", False, "[1, 2]"),
        ("", False, None),
        ("\n", True, None),
    ],
)
def test_answers_are_read(written: str, lines: bool, answer: str | None) -> None:
    assert said(written, lines) == answer


@pytest.mark.parametrize(
    "answer",
    [
        "1 2 3",
        "[[1, 2], [3, 4]]",
        "['a', 'b']",
        "-3*x**2 + sin(x) + C",
        "x**2/2",
        "(98 - 54)*6",
        "_ Q _\n_ _ Q",
        "0x3eb2",
        "1*3*5 + 9",
    ],
)
def test_plain_answers_reach_a_scorer_that_evaluates(answer: str) -> None:
    assert harmless(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "__import__('os').system('id')",
        "open('/etc/passwd').read()",
        "().__class__",
        "[x for x in y]",
        "(lambda: 1)()",
        "exec('1')",
        "sin('x')",
        "f(x)",
        "x.y",
        "9**9**9**9",
        "x**(9*9*9*9)",
        "exp(exp(exp(99)))",
        "factorial(99999999)",
        "(" * 500 + ")" * 500,
        "1" * 2000,
        "\0",
    ],
)
def test_no_other_answer_does(answer: str) -> None:
    assert not harmless(answer)


@pytest.mark.parametrize(
    "name",
    [
        "string_insertion",
        "spiral_matrix",
        "binary_matrix",
        "n_queens",
        "simple_integration",
        "countdown",
        "puzzle24",
        "polynomial_multiplication",
        "intermediate_integration",
    ],
)
def test_what_a_model_wrote_is_not_evaluated(name: str, tmp_path: Any) -> None:
    target = tmp_path / "written"
    item = load_task(f"gym:{name}", items=1).test[0]
    for attack in (
        f"open({str(target)!r}, 'w')",
        f"[open({str(target)!r}, 'w')]",
        f"__import__('pathlib').Path({str(target)!r}).touch()",
    ):
        with contextlib.suppress(Exception):
            assert not item.judge.right(attack, item)
    assert not target.exists()
