"""The scripted model: as good, as slow and as unreliable as it is told, alike in and out of a process."""

import asyncio
import math
import time
from dataclasses import replace

import pytest

from gulliver.errors import ModelError
from gulliver.models.base import Generate, Model, Reply, Sampling, Score
from gulliver.models.engines import open_client, open_engine
from gulliver.models.engines.scripted import scripted_reply
from tests.models.engine_contract import CARD, EngineContract, scripted


def say(model: Model, prompt: str, seed: int = 0, **sampling: object) -> Reply:
    return scripted_reply(model, Generate(prompt, Sampling(**sampling), seed))  # type: ignore[arg-type]


class TestScriptedHere(EngineContract):
    @pytest.fixture
    def model(self) -> Model:
        return scripted(accuracy=0.5, latency=0.001, tokens=12)


class TestScriptedInAProcess(EngineContract):
    @pytest.fixture
    def model(self, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Model:
        monkeypatch.setenv("GULLIVER_HOME", str(tmp_path_factory.mktemp("home")))
        return scripted(accuracy=0.5, latency=0.001, tokens=12, process=True)


def test_it_adds_the_last_sum_and_reasons_when_told_to() -> None:
    assert say(scripted(), "1 + 1 = 2. What is 20+22?").text == "42"
    assert say(scripted(), "Think step by step: 20 + 22").text == "20 plus 22 makes 42.\nAnswer: 42"
    assert say(scripted(), "Which colour?").text in ("red", "green", "blue")


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_its_accuracy_is_the_stated_one(temperature: float) -> None:
    texts = [say(scripted(accuracy=0.7), f"{n} + 5", n, temperature=temperature).text for n in range(2000)]
    right = sum(text == str(n + 5) for n, text in enumerate(texts))
    assert abs(right / 2000 - 0.7) < 4 * math.sqrt(0.7 * 0.3 / 2000)
    assert all(1 <= int(text) - n - 5 <= 9 for n, text in enumerate(texts) if text != str(n + 5))


def test_shares_of_failed_and_unreadable_replies_are_the_stated_ones() -> None:
    replies = [say(scripted(failures=0.2, unreadable=0.25), f"{n} + 5") for n in range(2000)]
    failed = sum(reply.finish == "failed" for reply in replies)
    unreadable = sum(reply.text == "I do not know." for reply in replies)
    assert abs(failed / 2000 - 0.2) < 0.04
    assert abs(unreadable / (2000 - failed) - 0.25) < 0.05


def test_another_model_errs_elsewhere() -> None:
    one = scripted(accuracy=0.5)
    other = replace(one, card=replace(CARD, digest="e" * 64))
    assert [say(one, f"{n} + 1").text for n in range(40)] != [say(other, f"{n} + 1").text for n in range(40)]


def test_scores_are_the_probabilities_of_its_own_draws() -> None:
    model = scripted(accuracy=0.5, unreadable=0.2)
    assert scripted_reply(model, Score("2 + 2", "4")).logprob == pytest.approx(math.log(0.8 * 0.5))
    assert scripted_reply(model, Score("2 + 2", "5")).logprob == pytest.approx(math.log(0.8 * 0.5 / 9))
    draws = [say(model, "2 + 2", seed, temperature=1.0) for seed in range(20)]
    assert {draw.logprob for draw in draws if draw.text == "4"} == {scripted_reply(model, Score("2 + 2", "4")).logprob}


def test_latency_passes_for_all_together() -> None:
    async def run() -> tuple[float, list[Reply]]:
        client = open_client(scripted(latency=0.1))
        began = time.perf_counter()
        replies = await asyncio.gather(*(client.ask(Generate(f"{n} + 1", Sampling())) for n in range(50)))
        return time.perf_counter() - began, list(replies)

    took, replies = asyncio.run(run())
    assert 0.1 <= took < 1.0
    assert {reply.seconds for reply in replies} == {0.1}


def test_options_written_as_text_are_understood() -> None:
    assert type(open_client(scripted(process="true"))).__name__ == "EngineProcess"
    assert type(open_client(scripted(process="false"))).__name__ == "ScriptedClient"


def test_an_engine_that_does_not_exist_is_named() -> None:
    model = replace(scripted(), engine="abacus")
    for opening in (open_client, open_engine):
        with pytest.raises(ModelError, match="no engine 'abacus'"):
            opening(model)
