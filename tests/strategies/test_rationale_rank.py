import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gulliver.errors import GulliverError, SpecError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.rationale_rank import RationaleRank, combined
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Contains
from tests.retrieval.conftest import letters, source  # noqa: F401
from tests.strategies.contract import StrategyContract


class TestRationaleRank(StrategyContract):
    text = "rationale_rank(n=2)"
    replies = ("Three is a number.", "So is four.", "Answer: 7")


class TestRationaleRankWithPassages(StrategyContract):
    text = "rationale_rank"
    replies = ("Three is a number.", "So is four.", "Answer: 7")

    @pytest.fixture
    def strategy(self, source: Path) -> Strategy:  # noqa: F811
        (source / "sum.txt").write_text("What is three and four? Seven, said she.", encoding="utf-8")
        return parse_strategy(parse(f"rationale_rank(n=2, k=1, by=bm25, size=12, source={str(source)!r})"))


class Reader:
    """Writes one rationale, believes what names Magda, and answers with all it was shown."""

    def __init__(self, rationale: str) -> None:
        self.rationale = rationale
        self.shown = ""
        self.asked: list[str] = []

    def other(self, name: str) -> "Reader":
        self.asked.append(name)
        return self

    async def draws(self, prompt: Sequence[Message], n: int, sampling: Sampling) -> list[Draft]:
        return [Draft(self.rationale, "stop", i, 5, -1.0) for i in range(n)]

    async def weigh(self, prompt: Sequence[Message], continuations: Sequence[str]) -> list[Draft]:
        sure = -0.1 if "Magda" in prompt[0].content else -3.0
        return [Draft("Yes", logprob=sure), Draft("No", logprob=-3.1 - sure)]

    async def generate(self, prompt: Sequence[Message], *, max_tokens: int, stop: Sequence[str]) -> Draft:
        self.shown = prompt[-1].content
        return Draft(self.shown)


def _ask(source: Path, rationale: str, **options: object) -> Reader:  # noqa: F811
    lm = Reader(rationale)
    item = make_item("q", "Who is the keeper?", "Magda Voss", Contains())
    strategy = RationaleRank(k=1, source=str(source), by="bm25", size=12, **options)  # type: ignore[arg-type]
    asyncio.run(strategy.answer(item, lm))  # type: ignore[arg-type]
    return lm


def test_only_what_is_believed_is_shown(source: Path) -> None:  # noqa: F811
    assert "whales wrote it" not in _ask(source, "I think whales wrote it.").shown
    both = _ask(source, "The keeper is Magda.").shown
    assert "The keeper is Magda." in both
    assert "Its keeper is Magda Voss" in both


def test_another_model_may_write(source: Path) -> None:  # noqa: F811
    assert _ask(source, "x", writer="large").asked == ["large"]
    assert RationaleRank(writer="large").others == ("large",)
    assert RationaleRank().others == ()


@pytest.mark.parametrize(
    ("way", "scores", "used"),
    [
        ("either", (0.6, 0.7), (True, True)),
        ("either", (0.6, 0.1), (True, False)),
        ("either", (0.2, 0.7), (False, True)),
        ("either", (0.2, 0.1), (True, True)),
        ("max", (0.2, 0.7), (False, True)),
        ("rationale", (0.6, 0.9), (True, False)),
        ("rationale", (0.4, 0.1), (False, True)),
        ("both", (0.0, 0.0), (True, True)),
    ],
)
def test_combining_follows_the_scores(way: str, scores: tuple[float, float], used: tuple[bool, bool]) -> None:
    assert combined(way, *scores, 0.5) == used


def test_a_ranker_that_is_not_there_is_said_before_anything_is_spent() -> None:
    with pytest.raises(GulliverError, match="no ranker"):
        parse_strategy(parse("rationale_rank(ranker='nowhere.json')")).ask(make_item("q", "?", "x", Contains()))


@pytest.mark.parametrize("options", ["n=0", "combine=none", "threshold=2"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="combine one of"):
        parse_strategy(parse(f"rationale_rank({options})"))
