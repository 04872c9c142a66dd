"""Items put to a recipe: in order, and no more at a time than is good."""

import asyncio
from pathlib import Path

import pytest

from gulliver.inference import Session, Store
from gulliver.models.base import Client, Model, Reply, Request
from gulliver.models.engines import open_client
from gulliver.studies import asking
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import make_item
from gulliver.tasks.judges import Number

ITEMS = [make_item(f"sum-{k}", f"What is {k} + 1?", k + 1, Number()) for k in range(20)]


class Watched:
    """A client that notes how many ask at the same time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.now = self.most = 0

    async def ask(self, request: Request) -> Reply:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        return await self._client.ask(request)

    def peak_memory(self) -> int:
        return self._client.peak_memory()

    async def close(self) -> None:
        await self._client.close()


@pytest.mark.parametrize(("at_once", "most"), [(3, 3), (100, 20)])
def test_answers_come_in_order_from_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, most: int
) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", at_once)
    opened: list[Watched] = []

    def opener(model: Model) -> Client:
        opened.append(Watched(open_client(model)))
        return opened[-1]

    async def work() -> list[str]:
        async with Store(tmp_path / "store.sqlite") as store, Session(store, opener=opener) as session:
            return [asked.record.item for asked in await ask_items(parse_recipe("scripted:m | direct"), ITEMS, session)]

    assert asyncio.run(work()) == [item.id for item in ITEMS]
    assert opened[0].most == most


def test_nothing_asked_is_nothing(tmp_path: Path) -> None:
    async def work() -> int:
        async with Store(tmp_path / "store.sqlite") as store, Session(store) as session:
            return len(await ask_items(parse_recipe("scripted:m | direct"), [], session))

    assert asyncio.run(work()) == 0
