"""From what strategies want to what engines compute: repeats removed, the store consulted, the ledger written."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field

from gulliver.inference.bound import BoundModel
from gulliver.inference.flops import forward_flops
from gulliver.inference.keys import model_key, request_keys, seeded
from gulliver.inference.store import Store
from gulliver.inference.types import NOTHING, Cost
from gulliver.models.base import Client, Model, Reply, Request
from gulliver.models.engines import open_client


@dataclass
class Meter:
    """What one item under one recipe cost. A request met again within the same recipe computes nothing new.

    `uses` holds the key of each request in the order charged.
    """

    seen: set[str] = field(default_factory=set)
    cost: Cost = NOTHING
    uses: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Used:
    """A request that a session used, without its text, and when it was first answered (0.0: in this session)."""

    model: Model
    reply: Reply
    created: float = 0.0

    @property
    def cost(self) -> Cost:
        return _cost(self.model, self.reply)


@dataclass
class Spending:
    """What a session really paid, in all and for each model by name, and how many requests it took from the store."""

    asked: int = 0
    replayed: int = 0
    cost: Cost = NOTHING
    models: dict[str, Cost] = field(default_factory=dict)

    def pay(self, model: Model, cost: Cost) -> None:
        """Count one request that was asked."""
        self.asked += 1
        self.cost = self.cost + cost
        self.models[model.name] = self.models.get(model.name, NOTHING) + cost


class _Flight:
    """A request under way and those who wait for it: each by a future of its own, so that one who gives up takes nothing
    along. A failure is handed over as it is, since it is nobody's fault if nobody waits any more."""

    def __init__(self, work: Coroutine[None, None, None]) -> None:
        self.task = asyncio.create_task(work)
        self._waiting: list[asyncio.Future[Reply | Exception]] = []

    def join(self) -> "asyncio.Future[Reply | Exception]":
        """What it comes to."""
        future: asyncio.Future[Reply | Exception] = self.task.get_loop().create_future()
        self._waiting.append(future)
        return future

    def cancel(self) -> None:
        """Give it up, and with it all who wait."""
        self.task.cancel()
        for future in self._waiting:
            future.cancel()

    def land(self, outcome: Reply | Exception) -> None:
        """Tell all who still wait."""
        for future in self._waiting:
            if not future.done():
                future.set_result(outcome)


class Session:
    """All requests of one study go through here. An engine opens when a request is not in the store.

    `ledger` holds each distinct request that was used, by its key.
    """

    def __init__(self, store: Store, seed: int = 0, opener: Callable[[Model], Client] = open_client) -> None:
        self.store = store
        self.seed = seed
        self.spending = Spending()
        self.ledger: dict[str, Used] = {}
        self._opener = opener
        self._flying: dict[str, _Flight] = {}
        self._clients: dict[str, tuple[Model, Client]] = {}

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        for flight in self._flying.values():
            flight.cancel()
        await asyncio.gather(*(flight.task for flight in self._flying.values()), return_exceptions=True)
        self._flying.clear()
        await self.keep_only()

    def bind(self, model: Model, meter: Meter | None = None, others: Mapping[str, Model] | None = None) -> BoundModel:
        """The model as one item sees it; `others` are further models that its recipe names, by name."""
        return BoundModel(self, model, meter or Meter(), others or {})

    def is_open(self, model: Model) -> bool:
        """Whether the model's engine is open."""
        return model_key(model) in self._clients

    async def keep_only(self, *models: Model) -> None:
        """Close the engines of all other models, after noting their peak memory."""
        wanted = {model_key(model) for model in models}
        for key in [key for key in self._clients if key not in wanted]:
            model, client = self._clients.pop(key)
            self.store.peak(model, client.peak_memory())
            await client.close()

    def peak_memory(self, model: Model) -> int:
        """Bytes at the highest ever seen of this model's process; 0 when it runs elsewhere."""
        open_now = self._clients.get(model_key(model))
        return self.store.peak(model, open_now[1].peak_memory() if open_now else 0)

    async def answer(
        self, model: Model, requests: Sequence[Request], draws: Sequence[int], meter: Meter
    ) -> list[Reply]:
        """One reply a request, in order; `draws` numbers each request's draw, which gets its seed here."""
        keys = request_keys(model, requests, draws, self.seed)
        # Those under way are joined before the look: one that lands meanwhile is neither here nor in what was read.
        awaited = {key: self._flying[key].join() for key in keys if key in self._flying}
        kept = await self.store.find([key for key in keys if key not in awaited])
        for key, request, draw in zip(keys, requests, draws, strict=True):
            if key in kept or key in awaited:
                continue
            if key not in self._flying:
                self._flying[key] = _Flight(self._ask(key, model, seeded(model, request, draw, self.seed)))
            awaited[key] = self._flying[key].join()
        self.spending.replayed += sum(key in kept for key in keys)
        landed = {key: await future for key, future in awaited.items()}
        replies = []
        for key in keys:
            reply = kept[key] if key in kept else landed[key]
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
            self._charge(meter, key, model, reply)
        return replies

    def replay(self, uses: Sequence[tuple[str, Reply]], model: Model, meter: Meter, created: float) -> None:
        """Charge requests whose texts were not kept, as when they were asked (at `created`, seconds of the epoch)."""
        self.spending.replayed += len(uses)
        for key, reply in uses:
            self.ledger.setdefault(key, Used(model, reply, created))
            self._charge(meter, key, model, reply)

    async def _ask(self, key: str, model: Model, request: Request) -> None:
        """Ask, keep the answer, and tell all who wait for it."""
        try:
            reply = await self._open(model).ask(request)
            self.spending.pay(model, _cost(model, reply))
            if reply.finish != "failed":  # one that failed is worth another try next time
                reply = await self.store.put(key, model, request, reply)
        except Exception as error:
            self._flying.pop(key).land(error)
        else:
            self._flying.pop(key).land(reply)

    def _open(self, model: Model) -> Client:
        key = model_key(model)
        if key not in self._clients:
            self._clients[key] = (model, self._opener(model))
        return self._clients[key][1]

    def _charge(self, meter: Meter, key: str, model: Model, reply: Reply) -> None:
        again = key in meter.seen
        meter.seen.add(key)
        meter.uses.append(key)
        if key not in self.ledger:
            self.ledger[key] = Used(model, reply.without_text())
        meter.cost = meter.cost + _cost(model, reply, again)


def _cost(model: Model, reply: Reply, again: bool = False) -> Cost:
    """One request's line of the ledger; met `again`, it computes nothing."""
    card = model.card
    read, written, cached = reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens
    naive = forward_flops(card, read, written)
    if again:
        return Cost(1, read, written, naive)
    computed = forward_flops(card, read, written, cached) if cached else naive
    money = None
    if card.price_prompt is not None and card.price_completion is not None:
        money = (reply.prompt_tokens * card.price_prompt + reply.completion_tokens * card.price_completion) / 1e6
    return Cost(1, read, written, naive, computed, reply.seconds, reply.joules, money)
