"""Small first, larger when unsure: who answers, what it costs, and how a recipe names both models."""

import asyncio
from pathlib import Path

import pytest

import gulliver
from gulliver.errors import GulliverError, ModelError, SpecError, TaskError
from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.models.base import Card, Model
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.cascade import Cascade
from gulliver.studies import measure
from gulliver.studies.config import make_study
from gulliver.studies.preparing import prepare
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Answer, Item, Task, make_item
from gulliver.tasks.judges import Number
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, ScriptedClient

BIG = Model("big", Card("big", "fake", "b" * 64, parameters=100, active_parameters=100), "scripted", "1")


def put(path: Path, text: str, item: Item, *clients: ScriptedClient) -> tuple[Answer, Meter]:
    """One item, the small model by the first client and the larger by the last."""

    async def body() -> tuple[Answer, Meter]:
        def opener(model: Model) -> ScriptedClient:
            return clients[-1] if model is BIG else clients[0]

        async with Store(path / "store.sqlite") as store, Session(store, 0, opener) as session:
            meter = Meter()
            lm = session.bind(NUMBERS, meter, {"big": BIG})
            return await parse_strategy(parse(text)).answer(item, lm), meter

    return asyncio.run(body())


class TestCascade(StrategyContract):
    text = "cascade(to=big, threshold=0.8)"

    def answer(self, tmp_path: Path, strategy: Strategy, item: Item, client: ScriptedClient) -> tuple[Answer, Meter]:
        return put(tmp_path, strategy.text, item, client)


class TestCascadeOfVotes(TestCascade):
    text = "cot | cascade(to=big, threshold=0.6, n=4)"


def test_a_sure_model_answers_alone_and_an_unsure_one_hands_over(tmp_path: Path) -> None:
    item, small, large = TestCascade().item(), ScriptedClient(("Answer: 5",)), ScriptedClient(("Answer: 7",))
    # The fake's five tokens have exp(-1 / 5) = 0.82 each.
    own, cheap = put(tmp_path / "a", "cascade(to=big, threshold=0.8)", item, small, large)
    assert (own.value, large.asked) == ("5", 0)
    assert own.confidence == pytest.approx(0.8187, abs=1e-4)
    other, dear = put(tmp_path / "b", "cascade(to=big, threshold=0.9)", item, small, large)
    assert (other.value, large.asked) == ("7", 1)
    assert dear.cost.flops_computed == pytest.approx(11 * cheap.cost.flops_computed, rel=0.01)
    assert dear.cost.requests == 2


def test_votes_that_disagree_hand_over(tmp_path: Path) -> None:
    small = ScriptedClient(("Answer: 5", "Answer: 6", "Answer: 5", "no idea"))
    large = ScriptedClient(("Answer: 7",))
    text = "cascade(to=big, threshold={}, n=4, to_n=2)"
    assert put(tmp_path, text.format(0.5), TestCascade().item(), small, large)[0].value == "5"
    assert put(tmp_path, text.format(0.6), TestCascade().item(), small, large)[0].value == "7"
    assert (small.asked, large.asked) == (4, 2)


def test_its_parts_are_written_as_recipes() -> None:
    assert Cascade("big", n=4).parts == ("majority(n=4)", "greedy")
    assert Cascade("big", by="p_true", to_n=3).parts == ("p_true", "majority(n=3)")
    assert Cascade("big", by="likelihood").parts == ("likelihood", "likelihood")


@pytest.mark.parametrize(
    "text", ["cascade(n=0)", "cascade(threshold=2)", "cascade(by=mood)", "cascade(by=p_true, n=4)"]
)
def test_options_are_checked(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))


def test_choices_are_needed_where_choices_are_compared() -> None:
    with pytest.raises(TaskError, match="choices"):
        parse_strategy(parse("cascade(to=big, by=likelihood)")).ask(TestCascade().item())


def sums(count: int) -> Task:
    judge = Number()
    test = [make_item(f"{n}", f"What is {n} + {n + 1}?", str(2 * n + 1), judge) for n in range(count)]
    return Task("sums", test, digest="0" * 64)


SMALL, LARGE = "scripted:small?accuracy=0.5", "scripted:large?accuracy=1"


def test_a_recipe_loads_both_models_and_a_study_opens_both(tmp_path: Path) -> None:
    recipe = parse_recipe(f"{SMALL} | cot | cascade(to='{LARGE}', n=4, threshold=0.9)")
    assert [model.name for model in recipe.models] == [SMALL, LARGE]
    records = measure([recipe.text, f"{SMALL} | cot", f"{LARGE} | cot"], sums(40), store=tmp_path / "s.sqlite")
    right = {text: sum(r.outcome == "right" for r in found) for text, found in records.items()}
    assert right[f"{SMALL} | cot"] < right[recipe.text] <= right[f"{LARGE} | cot"] == 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scripted:a | cascade", "say which"),
        ("scripted:a | cascade(to='scripted:a')", "which is the model it starts with"),
    ],
)
def test_a_recipe_says_what_is_wrong_with_its_second_model(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        parse_recipe(text)


def test_a_model_that_no_recipe_names_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with Store(tmp_path / "s.sqlite") as store, Session(store) as session:
            session.bind(NUMBERS, Meter()).other("big")

    with pytest.raises(ModelError, match="name it in the recipe"):
        asyncio.run(body())


def test_prices_are_needed_for_both_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    (tmp_path / "t.jsonl").write_text('{"a": 1, "sum": 3}\n')
    study = {
        "study": {"recipes": [f"{SMALL} | cascade(to='{LARGE}')"], "target": 0.5, "cheap": "money", "floors": False},
        "task": {"file": str(tmp_path / "t.jsonl"), "template": "{{ a }} + 2?", "target": "sum", "judge": "number"},
        "prices": {SMALL: [1.0, 2.0]},
    }
    with pytest.raises(GulliverError, match="large"):
        prepare(make_study(study), load_model)


def test_without_texts_a_rerun_replays_both_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path))
    rows = "\n".join(f'{{"a": {n}, "b": {n + 2}, "sum": {2 * n + 2}}}' for n in range(20))
    (tmp_path / "t.jsonl").write_text(rows)
    study = {
        "study": {
            "recipes": [f"{SMALL} | cot | cascade(to='{LARGE}', n=4, threshold=0.9)"], "target": 0.5,
            "floors": False, "keep_text": False,
        },
        "task": {"file": str(tmp_path / "t.jsonl"), "template": "{{ a }} + {{ b }}?", "target": "sum", "judge": "number"},
    }  # fmt: skip
    first, again = gulliver.find(study), gulliver.find(study)
    assert again.result.spent.asked == 0
    assert first.result.recipes[0].flops_computed == again.result.recipes[0].flops_computed > 0
    assert {model["name"] for model in first.result.run.models} == {SMALL, LARGE}
