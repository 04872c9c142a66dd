"""Equations instead of sentences."""

import pytest

from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.equation_only import equations_in, worked
from gulliver.tasks.base import Exemplar, make_item
from gulliver.tasks.gsm8k import EXEMPLARS
from gulliver.tasks.judges import Number
from gulliver.tasks.word_problems import BANK
from tests.strategies.contract import StrategyContract


class TestEquationOnly(StrategyContract):
    text = "equation_only"


class TestEquationOnlyVoted(StrategyContract):
    text = "equation_only(k=1) | majority(n=3)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The trays hold 4 * 12 = 48 rolls. So 48 - 34 = 14 are left.", ["4 * 12 = 48", "48 - 34 = 14"]),
        ("At 6 dollars that is (45 - 15) / 6 = 5.0 hours", ["(45 - 15) / 6 = 5.0"]),
        ("There are 3 dogs, so x = 3.", []),
        ("Of 1,200 men 1,200 / 2 = 600.", ["1,200 / 2 = 600"]),
    ],
)
def test_equations_are_found_in_words(text: str, found: list[str]) -> None:
    assert equations_in(text) == found


def test_an_exemplar_whose_equations_do_not_give_its_answer_is_not_shown() -> None:
    lost = Exemplar("Q", "10", "The others are 60 - 20 = 40. A quarter of them is 10.")
    assert worked([lost]) == []
    assert len(worked(EXEMPLARS)) == 5


def test_exemplars_show_equations_and_no_words() -> None:
    item = make_item("i", "What is three and four?", "7", Number(), exemplars=EXEMPLARS)
    put = parse_strategy(parse("equation_only(k=2)")).ask(item)
    assert [m.role for m in put.prompt] == ["user", "assistant"] * 2 + ["user"]
    assert put.prompt[1].content == "4 * 12 = 48\n31 + 3 = 34\n48 - 34 = 14\nAnswer: 14"


@pytest.mark.parametrize("exemplar", BANK, ids=lambda e: f"{e.skills} {e.answer}")
def test_every_equation_of_the_bank_is_true(exemplar: Exemplar) -> None:
    (_, lines), *_ = worked([exemplar])
    for line in lines:
        left, _, right = line.partition("=")
        assert eval(left) == pytest.approx(float(right))  # digits and signs alone: see `equations_in`
