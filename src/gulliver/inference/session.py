"""From what strategies want to what engines compute: repeats removed, the store consulted, the ledger written."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gulliver.inference.bound import BoundModel
from gulliver.inference.flops import forward_flops
from gulliver.inference.store import Store, model_key, request_key, seeded
from gulliver.inference.types import Cost
from gulliver.models.base import Client, Model, Reply, Request
from gulliver.models.engines import open_client


@dataclass
class Meter:
    """What one item under one recipe cost. A request met again within the same recipe computes nothing new.

    `uses` holds the key of each request in the order charged.
    """

    seen: set[str] = field(default_factory=set)
    cost: Cost = field(default_factory=Cost)
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
    cost: Cost = field(default_factory=Cost)
    models: dict[str, Cost] = field(default_factory=dict)

    def pay(self, model: Model, cost: Cost) -> None:
        """Count one request that was asked."""
        self.asked += 1
        self.cost = self.cost + cost
        self.models[model.name] = self.models.get(model.name, Cost()) + cost


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
        self._flying: dict[str, asyncio.Task[Reply]] = {}
        self._clients: dict[str, tuple[Model, Client]] = {}

    async def __aenter__(self) -> "Session":
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._flying.values():
            task.cancel()
        await asyncio.gather(*self._flying.values(), return_exceptions=True)
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
        keys = [request_key(model, request, draw, self.seed) for request, draw in zip(requests, draws, strict=True)]
        # Those under way are held before the look: one that lands meanwhile is neither here nor in what was read.
        tasks = {key: self._flying[key] for key in keys if key in self._flying}
        kept = await self.store.find([key for key in keys if key not in tasks])
        for key, request, draw in zip(keys, requests, draws, strict=True):
            if key in kept or key in tasks:
                continue
            task = self._flying.get(key)
            if task is None:
                task = asyncio.create_task(self._ask(key, model, seeded(model, request, draw, self.seed)))
                self._flying[key] = task
                task.add_done_callback(partial(self._landed, key))
            tasks[key] = task
        self.spending.replayed += sum(key in kept for key in keys)
        if tasks:
            # Waited for, not awaited: an item given up must not take along an answer that another item waits for.
            await asyncio.wait(tasks.values())
        replies = [kept[key] if key in kept else tasks[key].result() for key in keys]
        for key, reply in zip(keys, replies, strict=True):
            self._charge(meter, key, model, reply)
        return replies

    def replay(self, uses: Sequence[tuple[str, Reply]], model: Model, meter: Meter, created: float) -> None:
        """Charge requests whose texts were not kept, as when they were asked (at `created`, seconds of the epoch)."""
        self.spending.replayed += len(uses)
        for key, reply in uses:
            self.ledger.setdefault(key, Used(model, reply, created))
            self._charge(meter, key, model, reply)

    async def _ask(self, key: str, model: Model, request: Request) -> Reply:
        reply = await self._open(model).ask(request)
        self.spending.pay(model, _cost(model, reply))
        if reply.finish == "failed":  # worth another try next time
            return reply
        return await self.store.put(key, model, request, reply)

    def _landed(self, key: str, task: "asyncio.Task[Reply]") -> None:
        self._flying.pop(key, None)
        if not task.cancelled():
            task.exception()  # looked at, so that a task that nobody waits for any more is not reported as lost

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
