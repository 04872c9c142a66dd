import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Meter, Session, Store
from gulliver.models.base import Reply, Request, Score
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.tasks.base import Answer, Item, judge, make_item
from gulliver.tasks.judges import Choice
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, SUMS, ScriptedClient, number_item


def choice_item(system: str = "") -> Item:
    return make_item("sum-1", "What is three and four?", "7", Choice(("7", "12")), system=system, exemplars=SUMS)


class Scorer:
    """Gives each continuation the log-probability and tokens it is told to, and keeps what it was asked."""

    def __init__(self, values: Mapping[str, tuple[float, int]]) -> None:
        self.values = values
        self.asked: list[Score] = []

    async def ask(self, request: Request) -> Reply:
        assert isinstance(request, Score)
        self.asked.append(request)
        logprob, tokens = self.values[request.continuation.strip()]
        return Reply(prompt_tokens=5, completion_tokens=tokens, logprob=logprob, seconds=0.1)

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass


def choose(tmp_path: Path, item: Item, values: Mapping[str, tuple[float, int]], text: str) -> tuple[Answer, Scorer]:
    client = Scorer(values)

    async def body() -> Answer:
        async with Store(tmp_path / "store.sqlite") as store, Session(store, 0, lambda _: client) as session:
            return await parse_strategy(parse(text)).answer(item, session.bind(NUMBERS, Meter()))

    return asyncio.run(body()), client


class TestLikelihood(StrategyContract):
    text = "likelihood"

    def item(self, system: str = "") -> Item:
        return choice_item(system)

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        """One request a choice; what it says is a guess, since items differ."""
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, self.item(), client)
        assert (client.asked, strategy.draws) == (2, 4)

    def test_nonsense_is_unreadable_and_a_cut_draft_truncated(self, tmp_path: Path, strategy: Strategy) -> None:
        """Nothing is written, so nothing can be unreadable."""
        answer, _ = self.answer(tmp_path, strategy, self.item(), ScriptedClient(("no idea",)))
        assert answer.status == "read"


class TestLikelihoodAfterExemplars(TestLikelihood):
    text = "few_shot(k=2) | likelihood"


OPTIONS = Item(
    "i", "q", "B", Choice(("A", "B")), (), Choice().read, choices=("runs off", "sleeps"), cloze="The dog"
)  # fmt: skip
VALUES = {"runs off": (-4.0, 2), "sleeps": (-3.6, 1), "A": (-1.0, 1), "B": (-2.0, 1)}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("likelihood", "A"),  # 4.0 / 8 bytes against 3.6 / 6
        ("likelihood(normalise=none)", "B"),
        ("likelihood(normalise=tokens)", "A"),
        ("likelihood(normalise=bytes)", "A"),
    ],
)
def test_options_continue_the_bare_text_and_their_label_is_the_answer(tmp_path: Path, text: str, label: str) -> None:
    answer, client = choose(tmp_path, OPTIONS, VALUES, text)
    assert answer.value == label
    assert {(score.prompt, score.continuation) for score in client.asked} == {
        ("The dog", " runs off"),
        ("The dog", " sleeps"),
    }
    assert judge(OPTIONS, answer).outcome == ("right" if label == "B" else "wrong")


def test_after_another_prompt_the_labels_are_scored_as_its_reply(tmp_path: Path) -> None:
    item = OPTIONS.ask(*make_item("i", "Which?", "B", Choice(("A", "B"))).prompt)
    answer, client = choose(tmp_path, item, VALUES, "likelihood")
    assert answer.value == "A"
    assert [score.continuation for score in client.asked] == ["A", "B"]
    assert "Which?" in client.asked[0].prompt


def test_options_without_labels_are_answers_themselves(tmp_path: Path) -> None:
    item = make_item("i", "Which?", "sleeps", Choice(), choices=("runs off", "sleeps"))
    answer, _ = choose(tmp_path, item, VALUES, "likelihood")
    assert (answer.value, judge(item, answer).outcome) == ("sleeps", "right")


def test_an_item_without_choices_is_said_before_anything_is_asked() -> None:
    with pytest.raises(TaskError, match="sum-1 has none"):
        parse_strategy(parse("likelihood")).ask(number_item())


def test_a_normalisation_there_is_not_is_refused() -> None:
    with pytest.raises(SpecError, match="normalise must be"):
        parse_strategy(parse("likelihood(normalise=words)"))
