"""A session of one request: its draws are numbered and seeded as in a study, and nothing is kept."""

import asyncio
from collections.abc import Mapping, Sequence

from gulliver.inference import Meter, Session, Used
from gulliver.inference.keys import model_key, seeded
from gulliver.models.base import Generate, Model, Reply, Request, Sampling
from gulliver.serving.engine import LiveEngine, OnText
from gulliver.serving.streamed import Detailed, Streamed

Engines = Mapping[str, LiveEngine]


class OneRequest(Session):
    """What strategies ask while serving. No store and no ledger, so that neither a prompt nor memory stays.

    Args:
        engines: by `model_key`.
        seed: with which draws are seeded; the study's gives the study's draws.
        on_text: hears the text of a single draft as it is written.
        wants_tokens: whether the tokens of a single draft are to be told.

    `tokens` are the last single draft's, each with its log-probability (nats), where the engine told them.
    """

    def __init__(self, engines: Engines, seed: int, on_text: OnText | None = None, wants_tokens: bool = False) -> None:
        self.seed = seed
        self._engines = engines
        self._on_text = on_text
        self._wants_tokens = wants_tokens
        self.tokens: tuple[tuple[str, float], ...] | None = None

    async def answer(
        self, model: Model, requests: Sequence[Request], draws: Sequence[int], meter: Meter
    ) -> list[Reply]:
        """One reply a request, in order.

        Raises:
            ApiError: the engine cannot answer.
        """
        engine = self._engines[model_key(model)]
        requests = [seeded(model, request, draw, self.seed) for request, draw in zip(requests, draws, strict=True)]
        if len(requests) == 1:  # no task of its own: each costs a turn of the event loop
            return [self._charge_one(model, await self._live(engine, requests[0], True), meter)]
        tasks = [asyncio.create_task(self._live(engine, request, False)) for request in requests]
        try:
            replies = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return [self._charge_one(model, reply, meter) for reply in replies]

    def _charge_one(self, model: Model, reply: Reply, meter: Meter) -> Reply:
        meter.cost = meter.cost + Used(model, reply).cost
        return reply

    async def written(self, model: Model, text: str, sampling: Sampling, meter: Meter) -> Reply:
        """What follows a text that is read as it stands: draw number 0.

        Raises:
            ApiError: the engine cannot answer.
        """
        return (await self.answer(model, [Generate(text, sampling)], [0], meter))[0]

    async def _live(self, engine: LiveEngine, request: Request, alone: bool) -> Reply:
        if not alone or not isinstance(request, Generate) or (self._on_text is None and not self._wants_tokens):
            return await engine.ask(request)
        heard = self._on_text is not None
        asked = Streamed(request.prompt, request.sampling, request.seed, text=heard, tokens=self._wants_tokens)
        reply = await engine.ask(asked, self._on_text)
        self.tokens = reply.tokens if isinstance(reply, Detailed) else None
        return reply
