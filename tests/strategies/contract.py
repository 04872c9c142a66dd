"""What every strategy must keep; a strategy's test inherits it and names its recipe text."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.inference import Meter, Session, Store
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.tasks.base import Answer, Item
from tests.strategies.fakes import NUMBERS, ScriptedClient, number_item


class StrategyContract:
    """Set `text` (the strategy as written), and `replies`, what the model says draw by draw."""

    text: ClassVar[str]
    replies: ClassVar[tuple[str, ...]] = ("Answer: 7",)

    def item(self, system: str = "") -> Item:
        """What is asked; a strategy that needs an item of another kind overrides it. Its right answer is 7."""
        return number_item(system)

    @pytest.fixture
    def strategy(self) -> Strategy:
        return parse_strategy(parse(self.text))

    def answer(self, tmp_path: Path, strategy: Strategy, item: Item, client: ScriptedClient) -> tuple[Answer, Meter]:
        async def body() -> tuple[Answer, Meter]:
            async with Store(tmp_path / "store.sqlite") as store, Session(store, 0, lambda _: client) as session:
                meter = Meter()
                return await strategy.answer(item, session.bind(NUMBERS, meter)), meter

        return asyncio.run(body())

    def test_it_reads_a_good_reply(self, tmp_path: Path, strategy: Strategy) -> None:
        answer, _ = self.answer(tmp_path, strategy, self.item(), ScriptedClient(self.replies))
        assert answer.status == "read"
        assert self.item().judge.right(answer.value, self.item())

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, self.item(), client)
        assert client.asked == strategy.draws

    def test_a_failed_request_is_an_answer_and_no_exception(self, tmp_path: Path, strategy: Strategy) -> None:
        answer, _ = self.answer(tmp_path, strategy, self.item(), ScriptedClient((), fail=True))
        assert answer.status == "failed"

    def test_nonsense_is_unreadable_and_a_cut_draft_truncated(self, tmp_path: Path, strategy: Strategy) -> None:
        nonsense, _ = self.answer(tmp_path / "a", strategy, self.item(), ScriptedClient(("no idea",)))
        cut, _ = self.answer(tmp_path / "b", strategy, self.item(), ScriptedClient(("well, let me",), finish="length"))
        assert (nonsense.status, cut.status) == ("unreadable", "truncated")

    def test_a_rerun_asks_nothing_and_answers_the_same(self, tmp_path: Path, strategy: Strategy) -> None:
        first, cost = self.answer(tmp_path, strategy, self.item(), ScriptedClient(self.replies))
        again = ScriptedClient(("Answer: 999",))
        second, cost_again = self.answer(tmp_path, strategy, self.item(), again)
        assert (first, cost.cost) == (second, cost_again.cost)
        assert again.asked == 0

    def test_the_question_reaches_the_model(self, strategy: Strategy) -> None:
        put = strategy.ask(self.item())
        assert "three and four" in put.prompt[-1].content

    def test_a_system_message_of_the_task_stays(self, strategy: Strategy) -> None:
        assert strategy.ask(self.item(system="Be brief.")).prompt[0].content == "Be brief."
