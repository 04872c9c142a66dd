"""The engine torch: alone or among others it says what transformers says, and each draw follows from its own seed."""

import asyncio
import importlib.util
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Client, Generate, Model, Reply, Request, Sampling, Score
from gulliver.models.engines.process import EngineProcess
from gulliver.models.gguf_rewrite import rewrite_readable
from gulliver.models.load import load_model
from tests.models.engine_contract import EngineContract, finished
from tests.models.tiny_torch import tiny_folder

PROMPTS = ["a", "Once upon a time", "1 + 1 = ", "The ship sailed past the island, " * 4, "To be", "x" * 90]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GULLIVER_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("OMP_NUM_THREADS", "1")
        folder = tiny_folder(tmp_path_factory.mktemp("weights") / "tiny")
        yield load_model(f"torch:dir:{folder}")


@pytest.fixture(scope="module")
def engine(tiny: Model) -> Any:
    from gulliver.models.engines.torch_engine import Torch

    return Torch(tiny)


@pytest.fixture(scope="module")
def tiny_client(tiny: Model) -> Iterator[EngineProcess]:
    client = EngineProcess(tiny)
    yield client
    asyncio.run(client.close())


@pytest.fixture(scope="module")
def smollm() -> Model:
    return load_model("torch:smollm2-135m")


@pytest.fixture(scope="module")
def smollm_client(smollm: Model) -> Iterator[EngineProcess]:
    client = EngineProcess(smollm)
    yield client
    asyncio.run(client.close())


class _Shared(EngineContract):
    """The contract, over one process that all tests share."""

    client: EngineProcess

    @asynccontextmanager
    async def opened(self, model: Model) -> AsyncIterator[Client]:
        yield self.client


class TestTorch(_Shared):
    most: ClassVar[int] = 40  # more than run at once

    @pytest.fixture
    def model(self, tiny: Model, tiny_client: EngineProcess) -> Model:
        self.client = tiny_client
        return tiny

    def test_it_states_its_peak_memory(self, model: Model) -> None:
        self.all(model, [self.request(model)])
        assert self.client.peak_memory() > 100e6  # torch alone takes as much


@pytest.mark.models
class TestTorchOnRealWeights(_Shared):
    @pytest.fixture
    def model(self, smollm: Model, smollm_client: EngineProcess) -> Model:
        self.client = smollm_client
        return smollm


@pytest.mark.models
def test_it_says_what_openvino_says_of_the_same_file(tmp_path: Path, smollm: Model) -> None:
    # Not of the Q4_1 file itself: openvino rounds its zero points, and is a tenth of a nat away.
    assert smollm.location is not None
    file = tmp_path / "smollm2.q8_0.gguf"
    rewrite_readable(smollm.location, file)
    score = Score("The capital of France is", " Paris")
    here, there = (
        asyncio.run(asked(model, score))
        for model in (load_model(f"torch:gguf:{file}"), replace(load_model(f"gguf:{file}"), options={"exact": True}))
    )
    assert here.prompt_tokens == there.prompt_tokens
    assert here.logprob == pytest.approx(there.logprob, abs=0.02)


async def asked(model: Model, request: Request) -> Reply:
    client = EngineProcess(model)
    try:
        return await client.ask(request)
    finally:
        await client.close()


def test_greedy_texts_are_those_of_transformers_alone_and_together(engine: Any) -> None:
    import torch

    together = finished(engine, *(Generate(prompt, Sampling(max_tokens=30)) for prompt in PROMPTS))
    for prompt, reply in zip(PROMPTS, together, strict=True):
        ids = torch.tensor([engine._encode(prompt)])
        wanted = engine._module.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=30, do_sample=False, eos_token_id=[1, 3],
            pad_token_id=0,
        )[0, ids.shape[1] :]  # fmt: skip
        assert reply.text == engine._decoded(wanted.tolist())
        assert reply.completion_tokens == len(wanted)
        assert finished(engine, Generate(prompt, Sampling(max_tokens=30)))[0].text == reply.text


def test_requests_of_other_lengths_that_come_and_go_leave_a_draw_as_it_is(engine: Any) -> None:
    wanted = Generate(PROMPTS[1], Sampling(max_tokens=40, temperature=1.0), seed=5)
    alone = finished(engine, wanted)[0]
    engine.submit(0, Generate("short", Sampling(max_tokens=3)))
    engine.submit(1, Generate("given up", Sampling(max_tokens=200)))
    engine.step()
    engine.submit(2, wanted)
    replies: dict[int, Reply] = {}
    for step in range(1000):
        replies.update(engine.step())
        if step == 4:
            engine.cancel(1)
            engine.submit(3, Generate("long " * 60, Sampling(max_tokens=9)))
        if not engine.busy():
            break
    assert set(replies) == {0, 2, 3}
    assert replies[2].text == alone.text
    assert replies[2].logprob == pytest.approx(alone.logprob, abs=1e-3)


def test_what_was_written_is_scored_as_it_was_written(engine: Any) -> None:
    requests = [Generate(prompt, Sampling(max_tokens=12)) for prompt in PROMPTS]
    written = finished(engine, *requests)
    plain = [pair for pair in zip(requests, written, strict=True) if pair[1].finish == "length"]
    assert len(plain) > 2
    scored = finished(engine, *(Score(request.prompt, reply.text) for request, reply in plain))
    for (_, reply), score in zip(plain, scored, strict=True):
        assert score.completion_tokens == reply.completion_tokens
        assert score.logprob == pytest.approx(reply.logprob, abs=1e-3)


def test_a_score_is_the_same_alone_and_among_others(engine: Any) -> None:
    scores = [Score(prompt, said) for prompt in PROMPTS for said in ("yes", "no, never", "")]
    together = finished(engine, *scores)
    assert [reply.logprob for reply in together[2::3]] == [0.0] * len(PROMPTS)
    for score, reply in zip(scores, together, strict=True):
        assert finished(engine, score)[0].logprob == pytest.approx(reply.logprob, abs=1e-3)


def test_draws_follow_the_distribution_of_the_next_token(engine: Any) -> None:
    draws = finished(engine, *(Generate("ab", Sampling(1, temperature=1.0), seed=n) for n in range(600)))
    by_text: dict[str, int] = {}
    for draw in draws:
        by_text[draw.text] = by_text.get(draw.text, 0) + 1
    text, count = max(by_text.items(), key=lambda pair: pair[1])
    logprob = finished(engine, Score("ab", text))[0].logprob
    assert logprob is not None
    share = math.exp(logprob)
    assert abs(count / 600 - share) < 4 * math.sqrt(share * (1 - share) / 600)


def test_cuts_leave_only_the_likeliest_tokens() -> None:
    import torch

    from gulliver.models.engines.torch_engine import drawn

    logprobs = torch.log(torch.tensor([0.1, 0.4, 0.2, 0.3]))
    at = [(n + 0.5) / 100 for n in range(100)]

    def seen(sampling: Sampling) -> set[int]:
        return {drawn(logprobs, sampling, chance) for chance in at}

    assert seen(Sampling(temperature=1.0)) == {0, 1, 2, 3}
    assert seen(Sampling(temperature=1.0, top_k=2)) == {1, 3}
    assert seen(Sampling(temperature=1.0, top_p=0.5)) == {1, 3}
    assert seen(Sampling(temperature=1.0, top_p=0.4)) == {1}
    assert seen(Sampling(temperature=0.01)) == {1}
    shares = [sum(drawn(logprobs, Sampling(temperature=1.0), chance) == token for chance in at) for token in range(4)]
    assert shares == pytest.approx([10, 40, 20, 30], abs=1)


def test_windows_of_attention_are_kept_when_rows_are_padded(tmp_path: Path, home: Path) -> None:
    from gulliver.models.engines.torch_engine import Torch

    folder = tiny_folder(
        tmp_path / "gemma", "gemma3_text", sliding_window=16, layer_types=["sliding_attention", "full_attention"]
    )
    engine = Torch(load_model(f"torch:dir:{folder}"))
    requests = [Generate(prompt, Sampling(max_tokens=20)) for prompt in PROMPTS]
    assert [r.text for r in finished(engine, *requests)] == [finished(engine, r)[0].text for r in requests]


def test_seconds_of_a_batch_add_up_to_the_time_it_took(engine: Any) -> None:
    import time

    began = time.perf_counter()
    replies = finished(engine, *(Generate(prompt, Sampling(max_tokens=30)) for prompt in PROMPTS))
    wall = time.perf_counter() - began
    assert 0 < sum(reply.seconds for reply in replies) <= wall
    assert all(reply.seconds > 0 for reply in replies)


def test_bf16_takes_half_the_room_and_is_another_model_to_the_store(tiny: Model) -> None:
    from gulliver.inference.keys import model_key
    from gulliver.models.engines.torch_engine import Torch

    half = load_model(f"{tiny.name}?precision=bf16")
    assert half.card.format.startswith("bf16, from F32")
    assert model_key(half) != model_key(tiny)
    reply = finished(Torch(half), Generate("Hello", Sampling(max_tokens=5)))[0]
    assert reply.completion_tokens > 0


def test_the_card_of_a_folder_is_read_without_the_weights(tiny: Model) -> None:
    card = tiny.card
    assert (card.layers, card.hidden, card.heads, card.kv_heads, card.head_dim) == (2, 32, 4, 2, 8)
    assert card.parameters == 2 * 100 * 32 + 2 * (32 * 32 * 2 + 2 * 16 * 32 + 3 * 32 * 64 + 2 * 32) + 32
    assert (card.context_length, card.vocabulary, card.eos, card.bos) == (512, 100, "</s>", "")
    assert card.chat_template is not None
    assert len(card.digest) == 64
    assert load_model(tiny.name).card == card


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch:openai:m@http://127.0.0.1:1/v1", "before a rung, hf:, gguf: or dir:"),
        ("torch:scripted:m", "before a rung, hf:, gguf: or dir:"),
        ("torch:smollm2-135m?precision=int8", "precision=fp32|bf16"),
        ("torch:smollm2-135m?speed=1", "has not"),
        ("torch:nothing", "is not a model"),
        ("torch:dir:/nowhere", "no folder"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(name: str, said: str, home: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(name)
    assert said in str(caught.value)


def test_a_missing_extra_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        load_model("torch:smollm2-135m")
    assert str(caught.value).endswith("pip install 'gulliver[torch]'")


def test_a_folder_that_is_damaged_is_refused_before_torch_starts(tmp_path: Path, home: Path) -> None:
    folder = tiny_folder(tmp_path / "tiny")
    name = f"torch:dir:{folder}"
    whole = (folder / "model.safetensors").read_bytes()
    for bad, said in [(whole[:-5], "bytes, not the"), (b"\xff" * 100, "no sense"), (b"", "no sense")]:
        (folder / "model.safetensors").write_bytes(bad)
        with pytest.raises(ModelError, match=said):
            load_model(name)
    (folder / "model.safetensors").write_bytes(whole)
    load_model(name)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        load_model(name)


def test_an_architecture_that_transformers_does_not_know_is_a_sentence(tmp_path: Path, home: Path) -> None:
    from gulliver.models.engines.torch_engine import Torch

    folder = tiny_folder(tmp_path / "odd")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"llama"', '"lilliput"'))
    with pytest.raises(ModelError, match=r"lilliput, which transformers .* cannot run; choose another model\.$"):
        Torch(load_model(f"torch:dir:{folder}"))
