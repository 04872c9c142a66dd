"""Draft, criticise, rewrite."""

from pathlib import Path

import pytest

from gulliver.errors import SpecError
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import ScriptedClient, number_item


class TestSelfRefine(StrategyContract):
    text = "self_refine(rounds=2)"

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        """Unless the critic is satisfied before."""
        replies = ("Answer: 7", "The second step is wrong.", "Answer: 8", "The sum is wrong.", "Answer: 9")
        client = ScriptedClient(replies)
        answer, _ = self.answer(tmp_path, strategy, self.item(), client)
        assert (client.asked, answer.value, answer.detail) == (strategy.draws, "9", "2 critiques")


class TestSelfRefineAfterCot(TestSelfRefine):
    text = "cot | self_refine"


@pytest.mark.parametrize(
    ("replies", "value", "asked"),
    [
        (("Answer: 7", "I see no mistakes.", "Answer: 8"), "7", 2),
        (("Answer: 6", "3 + 4 is not 6.", "Answer: 7", "No mistakes."), "7", 4),
        (("Answer: 6", "3 + 4 is not 6.", "I give up"), "6", 3),
        (("no idea", "It has no answer.", "Answer: 7", "No errors here."), "7", 4),
    ],
)
def test_it_stops_when_satisfied_and_keeps_what_can_be_read(
    tmp_path: Path, replies: tuple[str, ...], value: str, asked: int
) -> None:
    client = ScriptedClient(replies)
    answer, _ = TestSelfRefine().answer(tmp_path, parse_strategy(parse("self_refine")), number_item(), client)
    assert (answer.value, client.asked) == (value, asked)


def test_options_are_checked() -> None:
    with pytest.raises(SpecError, match="at least 1"):
        parse_strategy(parse("self_refine(rounds=0)"))
