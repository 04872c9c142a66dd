import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from gulliver.errors import TaskError
from gulliver.inference import Draft
from gulliver.models import load_model
from gulliver.models.base import Message, Sampling
from gulliver.models.guide import read_guide
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.constrained import Constrained
from gulliver.studies import measure
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.judges import Choice, Exact, JsonSchema, Number
from tests.strategies.contract import StrategyContract


class TestConstrained(StrategyContract):
    text = "constrained(temperature=0.8) | majority(n=4)"


class Seen:
    """Notes how it was asked."""

    def __init__(self) -> None:
        self.sampling = Sampling()

    async def draws(self, prompt: Sequence[Message], n: int, sampling: Sampling, *, start: int = 0) -> list[Draft]:
        self.sampling = sampling
        return [Draft("7") for _ in range(n)]


def _guided(item: Item, strategy: Constrained | None = None) -> dict[str, object]:
    lm = Seen()
    asyncio.run((strategy or Constrained()).draw(item, lm, 1))  # type: ignore[arg-type]
    return dict(read_guide(lm.sampling.guide).schema)


def test_the_shape_follows_from_the_judge(tmp_path: Path) -> None:
    assert _guided(make_item("n", "?", "7", Number()))["type"] == "number"
    assert _guided(make_item("c", "?", "a", Choice(("a", "b"))))["enum"] == ["a", "b"]
    assert _guided(make_item("c", "?", "x", Choice(), choices=("x", "y")))["enum"] == ["x", "y"]
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    (tmp_path / "s.json").write_text(json.dumps(schema), encoding="utf-8")
    for item in (make_item("j", "?", json.dumps(schema), JsonSchema()), make_item("j", "?", "", JsonSchema(str(tmp_path / "s.json")))):  # fmt: skip
        assert "n" in _guided(item)["properties"]  # type: ignore[operator]
    assert "n" in _guided(make_item("t", "?", "x", Exact()), Constrained(str(tmp_path / "s.json")))["properties"]  # type: ignore[operator]


def test_without_a_shape_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"schema='FILE\.json'"):
        _guided(make_item("t", "?", "x", Exact()))
    with pytest.raises(TaskError, match="cannot be read as JSON"):
        _guided(make_item("t", "?", "x", Exact()), Constrained(str(tmp_path / "none.json")))


def test_it_stands_where_drafts_are_drawn() -> None:
    made = parse_strategy(parse("cot | constrained"))
    assert isinstance(made.drawing, Constrained)


@pytest.mark.models
def test_a_small_model_that_would_talk_gives_a_label() -> None:
    assert load_model("smollm2-135m").engine == "openvino"
    asked = [make_item(f"l{i}", f"Is {text} a colour or a fruit?", label, Choice(("colour", "fruit"))) for i, (text, label) in enumerate([("blue", "colour"), ("pear", "fruit")])]  # fmt: skip
    (rows,) = measure(["smollm2-135m | constrained"], Task("labels", asked)).values()
    assert all(json.loads(row.text) in ("colour", "fruit") for row in rows)
    assert all(row.outcome in ("right", "wrong") for row in rows)
