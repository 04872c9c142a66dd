import asyncio
from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Meter, Session, Store
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.judges import Exact, Number
from tests.retrieval.conftest import letters, source  # noqa: F401
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, SUMS, ScriptedClient


@pytest.mark.usefixtures("letters")
class TestRetrieve(StrategyContract):
    text = "retrieve(k=2)"

    @pytest.fixture
    def strategy(self, source: Path) -> Strategy:  # noqa: F811
        return parse_strategy(parse(f"retrieve(k=2, source={str(source)!r}, size=12, overlap=0)"))


class TestRetrieveThenReason(TestRetrieve):
    @pytest.fixture
    def strategy(self, source: Path) -> Strategy:  # noqa: F811
        return parse_strategy(parse(f"retrieve(k=2, by=bm25, source={str(source)!r}) | cot | majority(n=4)"))


def _item(**more: object) -> Item:
    return make_item("q", "Who keeps the lighthouse?", "Magda Voss", Exact(), **more)


def _strategy(source: Path, more: str = "") -> Strategy:  # noqa: F811
    return parse_strategy(parse(f"retrieve(k=1, by=bm25, size=12, overlap=0, source={str(source)!r}{more})"))


def test_the_passage_stands_before_the_question(source: Path) -> None:  # noqa: F811
    put = _strategy(source).ask(_item(system="Be brief."))
    said = put.prompt[-1].content
    assert said.index("whale oil") < said.index("Who keeps the lighthouse?")
    assert "[1] lamps: " in said
    assert "[2]" not in said


def test_options_are_compared_after_the_passage(source: Path) -> None:  # noqa: F811
    put = _strategy(source).ask(_item(cloze="The keeper of the lighthouse is", choices=("Magda", "Tobias")))
    assert put.cloze.startswith("[1] ")
    assert put.cloze.endswith("The keeper of the lighthouse is")


def test_exemplars_may_follow(source: Path) -> None:  # noqa: F811
    asked = make_item("q", "Who keeps the lighthouse?", "7", Number(), exemplars=SUMS)
    put = parse_strategy(parse(f"retrieve(k=1, by=bm25, source={str(source)!r}) | few_shot(k=2)")).ask(asked)
    assert "whale oil" in put.prompt[-1].content
    assert all("whale" not in message.content for message in put.prompt[:-1])


def test_a_column_can_be_searched_for(source: Path) -> None:  # noqa: F811
    put = _strategy(source, ", query=topic").ask(_item(fields={"topic": "rye bread"}))
    assert "overnight" in put.prompt[-1].content
    with pytest.raises(TaskError, match="column 'topic', which item q lacks"):
        _strategy(source, ", query=topic").ask(_item())


def test_with_nothing_found_the_question_stands_alone(source: Path) -> None:  # noqa: F811
    asked = make_item("q", "Zzz?", "x", Exact())
    assert _strategy(source).ask(asked) == asked


def test_a_missing_source_is_said(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            Store(tmp_path / "s.sqlite") as store,
            Session(store, 0, lambda _: ScriptedClient(("x",))) as session,
        ):
            await parse_strategy(parse("retrieve")).answer(_item(), session.bind(NUMBERS, Meter()))

    with pytest.raises(TaskError, match="something to search"):
        asyncio.run(body())


@pytest.mark.parametrize("options", ["k=0", "by=sparse", "via=titles", "size=10, overlap=10"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(f"retrieve({options})"))


def test_what_is_read_is_told_by_content(source: Path) -> None:  # noqa: F811
    """So that an outcome whose texts were not kept is not replayed for a source that has changed."""
    strategy = _strategy(source)
    before = strategy.material
    assert before
    (source / "lamps.txt").write_text("The lighthouse is dark.", encoding="utf-8")
    after = strategy.material
    assert after != before
    assert parse_strategy(parse("cot")).material == ""
    for text in ("grounded", "rationale_rank"):
        named = parse_strategy(parse(f"{text}(size=40, by=bm25, source={str(source)!r})"))
        assert named.material
        assert parse_strategy(parse(text)).material == ""


def test_an_outcome_without_texts_is_asked_again_when_the_source_has_changed(source: Path) -> None:  # noqa: F811
    from gulliver.studies.recipe import parse_recipe
    from gulliver.studies.unkept import judgement_key

    recipe = parse_recipe(f"scripted:x | retrieve(by=bm25, source={str(source)!r})")
    before = judgement_key(recipe, _item(), 0)
    assert judgement_key(recipe, _item(), 0) == before
    (source / "lamps.txt").write_text("The lighthouse is dark.", encoding="utf-8")
    assert judgement_key(recipe, _item(), 0) != before
