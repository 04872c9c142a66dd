"""What every engine must do, whatever runs the model; an engine's test inherits `EngineContract`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, ClassVar, TypeVar

from gulliver.models.base import Card, Client, Embed, Generate, Message, Model, Reply, Request, Sampling
from gulliver.models.chat import render
from gulliver.models.engines import open_client

Result = TypeVar("Result")
CARD = Card("script", "scripted", "d" * 64, parameters=1000, active_parameters=1000)
QUESTION = "What is 17 + 25? Think step by step."


def scripted(**options: float | str | bool) -> Model:
    """A scripted model with these options."""
    return Model("script", CARD, "scripted", "1", options=options)


def finished(engine: Any, *requests: Request) -> list[Reply]:
    """All of them together, to their ends."""
    for key, request in enumerate(requests):
        engine.submit(key, request)
    replies: dict[int, Reply] = {}
    while engine.busy():
        replies.update(engine.step())
    return [replies[key] for key in range(len(requests))]


class EngineContract:
    """Set `model` in a fixture; override `opened` to keep one engine for several tests.

    Attributes:
        replays: the same request and seed give the same text, also among others.
        most: how many requests `test_many_wait_at_once` sends.
    """

    replays: ClassVar[bool] = True
    most: ClassVar[int] = 40

    @asynccontextmanager
    async def opened(self, model: Model) -> AsyncIterator[Client]:
        client = open_client(model)
        try:
            yield client
        finally:
            await client.close()

    def using(self, model: Model, body: Callable[[Client], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with self.opened(model) as client:
                return await body(client)

        return asyncio.run(run())

    def request(self, model: Model, question: str = QUESTION, seed: int = 0, **sampling: object) -> Generate:
        messages = (Message("user", question),)
        if model.engine == "endpoint":
            prompt = json.dumps([asdict(message) for message in messages])
        else:
            prompt = render(model.card, messages)
        return Generate(prompt, Sampling(**{"max_tokens": 24, **sampling}), seed)  # type: ignore[arg-type]

    def all(self, model: Model, requests: list[Generate]) -> list[Reply]:
        async def body(client: Client) -> list[Reply]:
            return list(await asyncio.gather(*(client.ask(request) for request in requests)))

        return self.using(model, body)

    def test_it_answers_with_text_and_what_it_took(self, model: Model) -> None:
        reply = self.all(model, [self.request(model)])[0]
        assert reply.finish in ("stop", "length"), reply.error
        assert reply.text
        assert reply.prompt_tokens > 0
        assert reply.completion_tokens > 0
        assert reply.seconds > 0

    def test_the_same_request_gets_the_same_reply_alone_and_among_others(self, model: Model) -> None:
        alone = self.all(model, [self.request(model, temperature=1.0, seed=7)])[0]
        others = [self.request(model, f"What is {n} + {n * n}?", temperature=1.0, seed=n) for n in range(8)]
        among = self.all(model, [*others, self.request(model, temperature=1.0, seed=7)])[-1]
        assert (among.prompt_tokens, among.finish != "failed") == (alone.prompt_tokens, True)
        if self.replays:
            assert among.text == alone.text

    def test_draws_with_other_seeds_differ(self, model: Model) -> None:
        draws = self.all(model, [self.request(model, temperature=1.0, seed=seed) for seed in range(16)])
        assert len({draw.text for draw in draws}) > 1

    def test_greedy_takes_no_notice_of_the_seed(self, model: Model) -> None:
        if self.replays:
            one, two = (self.all(model, [self.request(model, seed=seed)])[0] for seed in (1, 2))
            assert one.text == two.text

    def test_the_length_limit_cuts_and_says_so(self, model: Model) -> None:
        short, longer = self.all(model, [self.request(model, max_tokens=limit) for limit in (2, 5)])
        assert (short.finish, short.completion_tokens) == ("length", 2)
        assert (longer.finish, longer.completion_tokens) == ("length", 5)
        assert len(short.text) < len(longer.text)

    def test_a_stop_string_ends_the_text_before_it(self, model: Model) -> None:
        whole = self.all(model, [self.request(model)])[0].text
        mark = whole[len(whole) // 2 :][:3]
        reply = self.all(model, [self.request(model, stop=(mark,))])[0]
        assert reply.finish == "stop"
        assert reply.text == whole[: whole.index(mark)]

    def test_a_longer_prompt_counts_more_tokens(self, model: Model) -> None:
        short, longer = self.all(model, [self.request(model), self.request(model, QUESTION * 5)])
        assert longer.prompt_tokens > 2 * short.prompt_tokens

    def test_what_it_cannot_do_is_a_failed_reply_with_a_sentence(self, model: Model) -> None:
        async def body(client: Client) -> tuple[Reply, Reply]:
            return await client.ask(Embed("a text")), await client.ask(self.request(model))

        refused, next_one = self.using(model, body)
        assert refused.finish == "failed"
        assert refused.error.endswith(".")
        assert next_one.finish != "failed"

    def test_giving_one_up_leaves_the_others_unharmed(self, model: Model) -> None:
        async def body(client: Client) -> tuple[Reply, list[asyncio.Task[Reply]]]:
            await client.ask(self.request(model))
            given_up = [asyncio.ensure_future(client.ask(self.request(model, max_tokens=200))) for _ in range(3)]
            kept = asyncio.ensure_future(client.ask(self.request(model)))
            await asyncio.sleep(0)
            for task in given_up:
                task.cancel()
            await asyncio.gather(*given_up, return_exceptions=True)
            return await kept, given_up

        reply, given_up = self.using(model, body)
        assert reply.finish != "failed"
        assert all(task.cancelled() for task in given_up)

    def test_many_wait_at_once_and_each_gets_its_own(self, model: Model) -> None:
        requests = [self.request(model, f"What is {n} + {n}?", max_tokens=8) for n in range(self.most)]
        replies = self.all(model, requests)
        assert len(replies) == self.most
        assert all(reply.finish != "failed" for reply in replies)
        assert len({reply.text for reply in replies}) > 1
