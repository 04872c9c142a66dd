"""What a model knows, said beforehand from the question."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gulliver.cli.app import app
from gulliver.errors import ModelError, StudyError
from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.spec import parse
from gulliver.strategies import p_ik, parse_strategy
from gulliver.strategies.heads import Head, fit_head, load_head, save_head
from gulliver.studies import knowing
from gulliver.studies.cascading import parts_of
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Task, make_item
from gulliver.tasks.judges import Number

MODEL = "scripted:some?accuracy=0.5"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    p_ik._heads.cache_clear()
    return tmp_path


class Encoder:
    """A vector that tells whether a question's first number is even."""

    flops_per_token = 2.0

    def embed(self, texts: list[str]) -> np.ndarray:
        even = [int("".join(c for c in text.split("+")[0] if c.isdigit())) % 2 == 0 for text in texts]
        return np.array([[1.0 if e else -1.0, 0.0] for e in even])

    def tokens(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def test_a_head_learns_what_tells_and_says_the_share_where_nothing_does() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 6))
    truth = 1 / (1 + np.exp(-2 * rows[:, 0]))
    shares = rng.binomial(4, truth) / 4
    head = fit_head("h", "d", "t", rows, shares)
    said = np.array([head.chance(row) for row in rows])
    assert np.abs(said - truth).mean() < 0.06
    flat = fit_head("h", "d", "t", rows, np.zeros(400))
    assert flat.chance(rows[0]) == pytest.approx(1 / 402)
    with pytest.raises(ValueError, match="at least 10"):
        fit_head("h", "d", "t", rows[:5], shares[:5])


def test_a_head_is_read_back_as_it_was_saved() -> None:
    head = Head("h", "d", "t", 20, (0.0,), (1.0,), (2.0,), -1.0)
    assert load_head(str(save_head(head))) == load_head("h") == head
    with pytest.raises(ModelError, match="gulliver head"):
        load_head("none")


def test_it_answers_with_the_heads_confidence_and_keeps_silent_below_the_least(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gulliver.strategies.heads.load_encoder", Encoder)
    digest = load_model(MODEL).card.digest
    save_head(Head("even", digest, "t", 20, (0.0,) * 4, (1.0,) * 4, (3.0, 0.0, 0.0, 0.0), 0.0))
    save_head(Head("other", "x" * 64, "t", 20, (0.0,) * 4, (1.0,) * 4, (3.0, 0.0, 0.0, 0.0), 0.0))

    async def put(text: str, number: int) -> tuple[str, float | None, float]:
        recipe = parse_recipe(f"{MODEL} | cot | {text}")
        item = make_item("i", f"What is {number} + 5?", str(number + 5), Number())
        async with Store(home / "s.sqlite") as store, Session(store) as session:
            meter = Meter()
            answer = await recipe.strategy.answer(item, session.bind(recipe.model, meter))
            return answer.status, answer.confidence, meter.cost.requests

    assert asyncio.run(put("p_ik(head=even)", 4)) == ("read", pytest.approx(0.9526, abs=1e-4), 2)
    assert asyncio.run(put("p_ik(head=even, least=0.5)", 3)) == ("unreadable", pytest.approx(0.0474, abs=1e-4), 1)
    with pytest.raises(ModelError, match="another model"):
        asyncio.run(put("p_ik(head=other)", 3))
    with pytest.raises(ModelError, match="needs a trained head"):
        parse_strategy(parse("p_ik")).ask(make_item("i", "What is 1 + 1?", "2", Number()))


def test_a_head_is_trained_on_the_train_split(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gulliver.strategies.heads.load_encoder", Encoder)
    items = [make_item(f"{n}", f"What is {n} + 5?", str(n + 5 if n % 2 == 0 else -1), Number()) for n in range(40)]
    task = Task("sums", items[:1], train=items)
    head = knowing.train_head("scripted:able?accuracy=1 | cot", task, "even", store=home / "s.sqlite")
    chances = [head.chance([side, 0.0, 0.0, 0.0]) for side in (1.0, -1.0)]
    assert head.items == 40
    assert chances[0] > 0.8
    assert chances[1] < 0.2
    with pytest.raises(StudyError, match="train file"):
        knowing.train_head(f"{MODEL} | cot", Task("few", items[:5]), "x")
    with pytest.raises(StudyError, match="single draws"):
        knowing.train_head(f"{MODEL} | cot | majority(n=3)", task, "x")


def test_the_command_trains_keeps_and_names_a_head(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gulliver.strategies.heads.load_encoder", Encoder)
    rows = "\n".join(json.dumps({"q": f"What is {n} + 4?", "a": n + 4}) for n in range(500))
    (home / "sums.jsonl").write_text(rows)
    (home / "sums.toml").write_text(
        f'[study]\ntarget = 0.5\nrecipes = ["{MODEL} | cot"]\n[task]\nfile = "sums.jsonl"\ntemplate = "{{{{ q }}}}"\ntarget = "a"\njudge = "number"\n'
    )
    given = ["head", f"{MODEL} | cot", "--task", str(home / "sums.toml"), "--name", "sums", "-n", "20", "--draws", "1"]
    told = CliRunner().invoke(app, [*given, "--json"], catch_exceptions=False)
    data = json.loads(told.stdout)
    assert (data["head"], data["items"]) == ("sums", 20)
    assert load_head(data["file"]) == load_head("sums")
    assert "p_ik(head=sums)" in CliRunner().invoke(app, given, catch_exceptions=False).stdout


def test_a_cascade_by_the_head_asks_the_first_model_only_where_it_is_sure(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gulliver.strategies.heads.load_encoder", Encoder)
    save_head(Head("even", load_model(MODEL).card.digest, "t", 20, (0.0,) * 4, (1.0,) * 4, (3.0, 0.0, 0.0, 0.0), 0.0))
    large = "scripted:large?accuracy=1"
    recipe = parse_recipe(f"{MODEL} | cot | cascade(to='{large}', by=p_ik, head=even, threshold=0.5)")

    async def put(number: int) -> tuple[float | None, list[str]]:
        item = make_item("i", f"What is {number} + 5?", str(number + 5), Number())
        async with Store(home / "s.sqlite") as store, Session(store) as session:
            answer = await recipe.strategy.answer(item, session.bind(recipe.model, Meter(), recipe.others))
            return answer.confidence, [used.model.name for used in session.ledger.values()]

    assert asyncio.run(put(4)) == (pytest.approx(0.9526, abs=1e-4), [MODEL, MODEL])
    assert asyncio.run(put(3)) == (None, [MODEL, large])
    small, _ = parts_of(recipe)
    assert small.text == f"{MODEL} | cot | p_ik(head=even)"
    with pytest.raises(ModelError, match="needs a trained head"):
        parse_strategy(parse("cascade(to=x, by=p_ik)")).ask(make_item("i", "What is 1 + 1?", "2", Number()))
