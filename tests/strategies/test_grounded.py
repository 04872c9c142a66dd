import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import ModelError, SpecError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.grounded import Grounded
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Contains
from tests.retrieval.conftest import letters, source  # noqa: F401
from tests.strategies.contract import StrategyContract

OPTIONS = "by=bm25, size=12, overlap=0"


class TestGrounded(StrategyContract):
    text = "grounded"

    @pytest.fixture
    def strategy(self, source: Path) -> Strategy:  # noqa: F811
        (source / "sum.txt").write_text(
            "What is three and four? Seven, said she.\n\nThree and four were there.", encoding="utf-8"
        )
        return parse_strategy(parse(f"grounded(k=2, n=2, {OPTIONS}, source={str(source)!r})"))


class Writer:
    """Makes something up at first, then says what the passage says, less smoothly."""

    def __init__(self, tells: bool = True) -> None:
        self.seen: list[str] = []
        self.tells = tells

    async def draws(self, prompt: Sequence[Message], n: int, sampling: Sampling) -> list[Draft]:
        self.seen.append(prompt[-1].content)
        said = ["Captain Nemo, surely.", "Magda Voss climbs 212 steps."]
        return [Draft(said[i % 2], "stop", i, 5, -1.0 - i if self.tells else None) for i in range(n)]


def test_the_draft_that_rests_on_its_passage_wins(source: Path) -> None:  # noqa: F811
    lm = Writer()
    item = make_item("q", "Who is the keeper of the lighthouse of Orran?", "Magda Voss", Contains())
    strategy = Grounded(2, 2, str(source), "bm25", 12, 0)
    answer = asyncio.run(strategy.answer(item, lm))  # type: ignore[arg-type]
    assert answer.value == "Magda Voss climbs 212 steps."
    assert answer.detail.startswith("from lamps.txt")
    assert len(lm.seen) == 2
    assert all("[1]" in said and "[2]" not in said for said in lm.seen)  # one passage at a time
    smooth = asyncio.run(replace(strategy, weight=50.0).answer(item, lm))  # type: ignore[arg-type]
    assert smooth.value == "Captain Nemo, surely."


def test_log_probabilities_are_needed_only_where_they_are_weighed(source: Path) -> None:  # noqa: F811
    item = make_item("q", "Who is the keeper of the lighthouse?", "Magda Voss", Contains())
    strategy = Grounded(1, 2, str(source), "bm25", 12, 0)
    with pytest.raises(ModelError, match="weight=0"):
        asyncio.run(strategy.answer(item, Writer(tells=False)))  # type: ignore[arg-type]
    assert asyncio.run(replace(strategy, weight=0.0).answer(item, Writer(tells=False))).status == "read"  # type: ignore[arg-type]


@pytest.mark.parametrize("options", ["n=0", "weight=-1", "k=0", "by=sparse", "temperature=0"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(f"grounded({options})"))
