"""A scorer of a test: a number for each text."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gulliver.inference import BoundModel, Draft, Meter, Session, Store
from gulliver.models.base import Card, Model, Reply, Request, Score
from gulliver.strategies.scorers import Scorer
from gulliver.tasks.base import Item
from tests.strategies.fakes import NUMBERS, number_item

JUDGE = Model("judge", Card("judge", "verifier", "9" * 64, parameters=5, active_parameters=5), "verifier", "1")


class ScoringClient:
    """Says how likely a continuation is by a table; of an unknown one, that the request failed."""

    def __init__(self, table: dict[str, float]) -> None:
        self.table = table
        self.requests: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        assert isinstance(request, Score)
        found = next(
            (value for text, value in self.table.items() if text in request.prompt + request.continuation), None
        )
        if found is None:
            return Reply(finish="failed", error="too long")
        return Reply(prompt_tokens=4, completion_tokens=1, logprob=found)

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        pass


def scored(
    place: Path, scorer: Scorer, drafts: Sequence[Draft], client: ScoringClient, item: Item | None = None
) -> tuple[list[float], Meter]:
    async def body() -> tuple[list[float], Meter]:
        async with Store(place / "store.sqlite") as store, Session(store, 0, lambda _: client) as session:
            meter = Meter()
            lm: BoundModel = session.bind(NUMBERS, meter)
            return await scorer.score(item or number_item(), drafts, lm), meter

    return asyncio.run(body())
