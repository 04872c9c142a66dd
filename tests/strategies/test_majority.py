from hypothesis import given
from hypothesis import strategies as st

from gulliver.strategies.majority import Majority
from gulliver.tasks.base import Answer
from tests.strategies.contract import StrategyContract


class TestMajority(StrategyContract):
    text = "cot | majority(n=5)"
    replies = ("Answer: 8", "Answer: 7", "I do not know", "Answer: 7.0", "Answer: 9")


class TestMajorityOfSampledDrafts(StrategyContract):
    text = "direct | sample(temperature=1.0) | majority(n=3)"
    replies = ("7",)


def test_drafts_without_an_answer_have_no_vote() -> None:
    answers = [Answer(status="unreadable"), Answer(status="unreadable"), Answer("4")]
    assert Majority(3).choose(answers).value == "4"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_the_winner_has_the_most_votes_and_came_first(values: list[int]) -> None:
    winner = Majority(len(values)).choose([Answer(v, text=str(i)) for i, v in enumerate(values)])
    most = max(values.count(v) for v in values)
    assert winner.votes == most == values.count(winner.value)
    assert winner.value == next(v for v in values if values.count(v) == most)
    assert int(winner.text) == values.index(winner.value)
