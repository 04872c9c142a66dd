"""OpenVINO on real weights: what it says is what the model would, alone or in company."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar

import pytest

from gulliver.errors import ModelError
from gulliver.models.base import Card, Client, Generate, Model, Reply, Sampling, Score
from gulliver.models.engines.openvino_parts import BLOCK, CACHE_BYTES, ROW, SEQUENCES, cache_blocks
from gulliver.models.engines.process import EngineProcess
from gulliver.models.engines.tokens import before_stop
from gulliver.models.load import load_model
from tests.models.engine_contract import QUESTION, EngineContract

STORY = "The ship sailed past island number {}, where small people tied the giant down with a thousand threads. "


@pytest.fixture(scope="module")
def smollm() -> Model:
    return replace(load_model("smollm2-135m"), options={"exact": True})


@pytest.fixture(scope="module")
def engine(smollm: Model) -> Iterator[EngineProcess]:
    client = EngineProcess(smollm)
    yield client
    asyncio.run(client.close())


@pytest.fixture(scope="module")
def plain(smollm: Model) -> Iterator[EngineProcess]:
    """The same engine, asked one at a time and without a prefix cache."""
    client = EngineProcess(replace(smollm, options={"exact": True, "prefix_cache": "false"}))
    yield client
    asyncio.run(client.close())


def asked(engine: EngineProcess, *requests: Generate | Score) -> list[Reply]:
    async def run() -> list[Reply]:
        return list(await asyncio.gather(*(engine.ask(request) for request in requests)))

    return asyncio.run(run())


@pytest.mark.models
class TestOpenVino(EngineContract):
    most: ClassVar[int] = 80  # more than run at once

    @pytest.fixture
    def model(self, smollm: Model) -> Model:
        return smollm

    @pytest.fixture(autouse=True)
    def _keep(self, engine: EngineProcess) -> None:
        self.engine = engine

    @asynccontextmanager
    async def opened(self, model: Model) -> AsyncIterator[Client]:
        yield self.engine

    def ask(self, *requests: Generate | Score) -> list[Reply]:
        return asked(self.engine, *requests)

    def test_a_greedy_text_is_scored_as_it_was_generated(self, model: Model) -> None:
        request = self.request(model, max_tokens=16)
        written = self.ask(request)[0]
        scored = self.ask(Score(request.prompt, written.text))[0]
        assert written.logprob is not None
        assert scored.completion_tokens == written.completion_tokens
        assert scored.prompt_tokens == written.prompt_tokens
        assert scored.logprob == pytest.approx(written.logprob, abs=0.02)

    def test_a_likelier_continuation_scores_higher(self) -> None:
        likely, unlikely = self.ask(
            Score("The capital of France is", " Paris"), Score("The capital of France is", " cheese")
        )
        assert likely.logprob is not None
        assert unlikely.logprob is not None
        assert unlikely.logprob < likely.logprob < 0

    def test_long_prompts_are_answered_alike_alone_and_together(self) -> None:
        prompts = ["".join(STORY.format(i * n) for i in range(10)) + "Then" + " and then" * n for n in range(12)]
        requests = [Generate(prompt, Sampling(max_tokens=4)) for prompt in prompts]
        together = self.ask(*requests)
        alone = [self.ask(request)[0] for request in requests]
        assert min(reply.prompt_tokens for reply in alone) > 200
        for one, other in zip(alone, together, strict=True):
            assert one.text == other.text
            assert one.logprob == pytest.approx(other.logprob, abs=0.02)

    def same(self, requests: list[Generate], alone: list[Reply]) -> None:
        """Each request gives in company what it gave alone."""
        for one, other in zip(alone, self.ask(*requests), strict=True):
            assert other.text == one.text
            assert other.logprob == pytest.approx(one.logprob, abs=0.02)

    def test_what_begins_alike_is_computed_once_and_says_the_same(self, plain: EngineProcess) -> None:
        """The trap of engines.md: 24 prompts of 300 + n tokens together, also behind a warmed, unaligned prefix."""
        shared = "".join(STORY.format(i) for i in range(13))
        requests = [Generate(f"{shared}Then{' and then' * n}", Sampling(max_tokens=4)) for n in range(1, 25)]
        alone = [asked(plain, request)[0] for request in requests]
        self.same(requests, alone)
        assert sum(reply.cached_tokens for reply in self.ask(*requests)) > 24 * 256
        other = "".join(STORY.format(i + 100) for i in range(13))
        self.ask(Generate(other, Sampling(max_tokens=1)))  # ends within a block
        requests = [Generate(f"{other}Then{' and then' * n}", Sampling(max_tokens=4)) for n in range(1, 7)]
        self.same(requests, [asked(plain, request)[0] for request in requests])

    def test_turns_that_go_on_from_one_text_say_the_same_together(self, plain: EngineProcess) -> None:
        first = Generate(STORY.format(500) * 2, Sampling(max_tokens=11))
        text = first.prompt + self.ask(first)[0].text
        turns = [Generate(f"{text} {word}", Sampling(max_tokens=4)) for word in ("And", "But", "Then", "So", "Yet")]
        self.same(turns, [asked(plain, request)[0] for request in turns])

    def test_options_behind_one_question_are_scored_as_alone(self, plain: EngineProcess) -> None:
        question = STORY.format(700) * 3
        options = [Score(question, f" The giant {word}.") for word in ("slept", "woke up and broke all threads", "ate")]
        options.append(Score(question, " The giant slept. And slept" + " and slept" * 30))
        options.append(Score(question, " The giant slept. And slept" + " and slept" * 30 + " on"))
        alone = [asked(plain, option)[0].logprob for option in options]
        assert [reply.logprob for reply in self.ask(*options)] == pytest.approx(alone, abs=0.02)
        again = [self.ask(option)[0].logprob for option in options]  # now also behind what was scored before
        assert again == pytest.approx(alone, abs=0.02)

    def test_no_token_is_added_to_a_prompt(self) -> None:
        assert self.ask(Generate("Hello", Sampling(max_tokens=1)))[0].prompt_tokens == 1
        assert self.ask(Generate("<|im_start|>Hello", Sampling(max_tokens=1)))[0].prompt_tokens == 2

    def test_the_end_token_ends_the_text_and_is_not_in_it(self, model: Model) -> None:
        reply = self.ask(self.request(model, "Say hello.", max_tokens=200))[0]
        assert reply.finish == "stop"
        assert "<|" not in reply.text

    def test_what_stands_before_a_stop_string_in_its_token_is_kept(self, model: Model) -> None:
        whole = self.ask(self.request(model, "Tell me of ships."))[0].text
        place = next(i for i in range(6, len(whole)) if whole[i - 1 : i + 1].isalpha())  # inside a word
        reply = self.ask(self.request(model, "Tell me of ships.", stop=(whole[place : place + 4],)))[0]
        assert reply.text == whole[: whole.index(whole[place : place + 4])]

    def test_a_prompt_longer_than_the_context_is_a_failed_reply(self, model: Model) -> None:
        long, short = self.ask(
            Generate("word " * (model.card.context_length + 10), Sampling()), self.request(model, max_tokens=2)
        )
        assert long.finish == "failed"
        assert str(model.card.context_length - 1) in long.error
        assert short.finish == "length"

    def test_an_empty_prompt_and_no_tokens_are_failed_replies(self, model: Model) -> None:
        assert self.ask(Generate("", Sampling()))[0].finish == "failed"
        assert self.ask(self.request(model, max_tokens=0))[0].finish == "failed"
        assert "surrogate" in self.ask(Generate("\ud800", Sampling()))[0].error

    def test_shares_of_the_busy_time_add_up_to_it(self, model: Model) -> None:
        began = time.perf_counter()
        replies = self.ask(*(self.request(model, f"What is {n} + 1?") for n in range(16)))
        wall = time.perf_counter() - began
        assert 0.5 * wall < sum(reply.seconds for reply in replies) <= wall

    def test_what_is_given_up_in_mid_text_makes_room(self, model: Model) -> None:
        async def run() -> Reply:
            tasks = [asyncio.create_task(self.engine.ask(self.request(model, max_tokens=2000))) for _ in range(70)]
            await asyncio.sleep(1.0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return await asyncio.wait_for(self.engine.ask(self.request(model)), 20)

        assert asyncio.run(run()).finish != "failed"

    def test_a_killed_engine_gives_a_sentence_and_the_next_request_works(self, model: Model) -> None:
        async def run() -> Reply:
            waiting = asyncio.create_task(self.engine.ask(self.request(model, QUESTION, max_tokens=2000)))
            await asyncio.sleep(0.5)
            assert self.engine._child is not None
            os.kill(self.engine._child.process.pid, signal.SIGKILL)
            with pytest.raises(ModelError, match="SIGKILL"):
                await waiting
            return await self.engine.ask(self.request(model))

        assert asyncio.run(run()).finish != "failed"


def test_the_cache_holds_every_sequence_or_one_long_request_within_its_limit() -> None:
    small = Card("s", "f", "d", layers=30, kv_heads=3, head_dim=64, context_length=8192)
    assert cache_blocks(small, 2) * BLOCK == SEQUENCES * ROW
    assert cache_blocks(small, 2, 131_072) * BLOCK == 131_072
    large = replace(small, layers=80, kv_heads=8, head_dim=128)
    assert CACHE_BYTES * 0.99 < cache_blocks(large, 4) * BLOCK * 2 * 4 * 80 * 8 * 128 <= CACHE_BYTES


def test_text_is_cut_before_the_first_of_several_stop_strings() -> None:
    assert before_stop("one two three", ("three", "two")) == "one "
    assert before_stop("one", ("", "x")) == "one"
