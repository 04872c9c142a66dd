"""A real model goes on with what was begun as if it had never stopped."""

import asyncio
from pathlib import Path

import pytest

from gulliver.inference import Meter, Session, Store
from gulliver.models import load_model
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number

MODEL = "smollm2-135m?exact=true"


@pytest.mark.models
def test_a_reply_in_two_parts_is_the_reply_and_a_tree_of_two_steps_ends(tmp_path: Path) -> None:
    item = make_item("sum", "What is 3 + 4?", "7", Number(), max_tokens=24)

    async def work() -> tuple[str, str, str, int]:
        async with Store(tmp_path / "s.sqlite") as store, Session(store, 0) as session:
            lm = session.bind(load_model(MODEL))
            whole = await lm.generate("Count from one to twenty in words.", max_tokens=16)
            first = await lm.generate("Count from one to twenty in words.", max_tokens=8)
            rest = await lm.generate("Count from one to twenty in words.", max_tokens=8, begun=first.text)
            meter = Meter()
            search = parse_strategy(parse("cot | rebase(n=2, depth=2, step=12, border=line)"))
            answer = await search.answer(item, session.bind(load_model(MODEL), meter))
            return whole.text, first.text + rest.text, answer.status, meter.cost.requests

    whole, parts, status, requests = asyncio.run(work())
    assert parts == whole
    assert status in ("read", "truncated", "unreadable")
    assert 2 <= requests <= 4
