"""Exemplars by skill, only for what the model finds hard."""

from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.adapt_mi import Shown
from gulliver.strategies.skills import by_skill, skills_of, tagged
from gulliver.tasks.base import Answer, Exemplar, Item, make_item
from gulliver.tasks.judges import Number
from gulliver.tasks.word_problems import BANK
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import ScriptedClient, number_item


class TestAdaptMI(StrategyContract):
    text = "adapt_mi(k=2, sure=0.5)"  # the fake's tokens have 0.82 each: nothing is hard


class TestSkillsForAll(StrategyContract):
    text = "adapt_mi(k=2, always=true)"


def percent_item() -> Item:
    question = "A shop cuts 20% from a price of $50. What is the new price?"
    return make_item("i", question, "40", Number(), exemplars=BANK)


def asked(tmp_path: Path, text: str, *replies: str) -> tuple[Answer, ScriptedClient]:
    client = ScriptedClient(replies)
    strategy: Strategy = parse_strategy(parse(text))
    return TestAdaptMI().answer(tmp_path, strategy, percent_item(), client)[0], client


def test_a_hard_item_is_asked_again_with_exemplars_of_its_skills(tmp_path: Path) -> None:
    answer, client = asked(tmp_path, "adapt_mi(k=3, sure=0.9)", "Answer: 30", "Answer: 40")
    assert (answer.value, client.asked) == ("40", 2)
    assert answer.detail == "hard (0.82); skills: shopping, percentages"
    easy, client = asked(tmp_path / "b", "adapt_mi(k=3, sure=0.8)", "Answer: 30", "Answer: 40")
    assert (easy.value, client.asked) == ("30", 1)
    assert easy.confidence == pytest.approx(0.8187, abs=1e-4)


def test_what_the_first_reply_shows_is_not_shown_again(tmp_path: Path) -> None:
    answer, _ = asked(tmp_path, "adapt_mi(sure=0.9, missing=true)", "It costs 50 dollars.\nAnswer: 30", "Answer: 40")
    assert "percentages" in answer.detail
    assert "shopping" not in answer.detail


@pytest.mark.parametrize(
    ("question", "skill"),
    [
        ("He saves 15 percent of it.", "percentages"),
        ("Half of the cake is gone.", "fractions"),
        ("Tom is 5 years older than Ann.", "ages"),
        ("What is the average of the three?", "averages"),
        ("Mix them in a ratio of 2:3.", "ratio"),
    ],
)
def test_marks_tell_a_skill(question: str, skill: str) -> None:
    assert skill in skills_of(question)


def test_exemplars_are_taken_skill_by_skill_and_filled_up() -> None:
    chosen = by_skill(BANK, ("ages", "ratio"), 3)
    assert [e.skills for e in chosen] == ["ages", "ratio", "ages"]
    assert by_skill(BANK, (), 2) == list(BANK[:2])
    assert len(set(by_skill(BANK, ("ages",), 10))) == 10


def test_own_tags_go_before_marks() -> None:
    assert tagged(Exemplar("Half of it?", "1", skills="ratio, units")) == ("ratio", "units")
    assert tagged(Exemplar("Half of it?", "1")) == ("fractions",)


def test_too_few_exemplars_are_a_sentence() -> None:
    with pytest.raises(TaskError, match="lower k"):
        parse_strategy(parse("adapt_mi(k=9)")).ask(number_item())
    with pytest.raises(SpecError):
        parse_strategy(parse("adapt_mi(k=0)"))


def test_the_first_reply_is_the_one_that_few_shot_gives() -> None:
    """So that fixed and adaptive exemplars share it in the store."""
    item = percent_item()
    fixed = parse_strategy(parse("few_shot(k=3, reasoning=true)")).ask(item)
    assert Shown(tuple(BANK[:3])).ask(item).prompt == fixed.prompt
