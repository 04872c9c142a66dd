"""The engine llamacpp: any GGUF as it is; what begins alike is computed once and says what it would have said alone.

Where xllamacpp is not installed (it is no part of `dev`'s core), these tests are skipped.
"""

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import gguf
import pytest

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Client, Generate, Model, Reply, Request, Sampling, Score
from gulliver.models.engines.process import EngineProcess
from gulliver.models.guide import json_guide
from gulliver.models.load import load_model
from tests.models.engine_contract import EngineContract, finished
from tests.models.tiny_causal import tiny_causal

HERE = importlib.util.find_spec("xllamacpp") is not None
needs_llamacpp = pytest.mark.skipif(not HERE, reason="xllamacpp is not installed: pip install 'gulliver[llamacpp]'")
PROMPTS = ["a", "Once upon a time", "1 + 1 = ", "The ship sailed past the island, " * 4, "To be", "x" * 90]
STORY = "The ship sailed past island number {}, where small people tied the giant down. "
AWKWARD = [
    "Hello  world",
    " \n\n\tx",
    "ünïcödé 東京 🐑",
    "12345.678",
    "it's we'll",
    "<|im_start|>user\nHi<|im_end|>\n",
    "a\u0301",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GULLIVER_HOME", str(tmp_path_factory.mktemp("home")))
        path = tiny_causal(
            tmp_path_factory.mktemp("weights") / "tiny.gguf", "llama", gguf.GGMLQuantizationType.F32, context=1024
        )
        yield load_model(f"llamacpp:gguf:{path}")


@pytest.fixture(scope="module")
def engine(tiny: Model) -> Any:
    from gulliver.models.engines.llamacpp import LlamaCpp

    return LlamaCpp(tiny)


@pytest.fixture(scope="module")
def plain(tiny: Model) -> Any:
    """The same without sequence copies."""
    from gulliver.models.engines.llamacpp import LlamaCpp

    return LlamaCpp(load_model(f"{tiny.name}?prefix_cache=false"))


@pytest.fixture(scope="module")
def tiny_client(tiny: Model) -> Iterator[EngineProcess]:
    client = EngineProcess(tiny)
    yield client
    asyncio.run(client.close())


@pytest.fixture(scope="module")
def smollm() -> Model:
    # Without copies a request alone gets the same reply again; that copies are right is told by 32 bits, and below by torch.
    return load_model("llamacpp:smollm2-135m?prefix_cache=false")


@pytest.fixture(scope="module")
def smollm_client(smollm: Model) -> Iterator[EngineProcess]:
    client = EngineProcess(smollm)
    yield client
    asyncio.run(client.close())


class _Shared(EngineContract):
    client: EngineProcess

    @asynccontextmanager
    async def opened(self, model: Model) -> AsyncIterator[Client]:
        yield self.client


@needs_llamacpp
class TestLlamaCpp(_Shared):
    most: ClassVar[int] = 40  # more than run at once

    @pytest.fixture
    def model(self, tiny: Model, tiny_client: EngineProcess) -> Model:
        self.client = tiny_client
        return tiny


@needs_llamacpp
@pytest.mark.models
class TestLlamaCppOnRealWeights(_Shared):
    # Where tokens lie in the cache and how many rows there are changes the last bit of sums, and activations in 8 bits make
    # that some hundredths of a nat, so that a sampled text may turn.
    replays: ClassVar[bool] = False

    @pytest.fixture
    def model(self, smollm: Model, smollm_client: EngineProcess) -> Model:
        self.client = smollm_client
        return smollm

    def test_a_score_is_nearly_the_same_alone_and_among_others(self, model: Model) -> None:
        scores = [Score(f"The ship sailed past island number {n}", " and came home in the evening.") for n in range(8)]

        async def alone(client: Client) -> list[Reply]:
            return [await client.ask(score) for score in scores[:2]]

        async def together(client: Client) -> list[Reply]:
            return list(await asyncio.gather(*(client.ask(score) for score in scores)))

        for one, other in zip(self.using(model, alone), self.using(model, together), strict=False):
            assert one.logprob == pytest.approx(other.logprob, abs=0.05 * one.completion_tokens)


@needs_llamacpp
@pytest.mark.models
def test_a_draw_alone_from_an_empty_cache_gives_the_same_text_again(smollm: Model) -> None:
    from gulliver.models.engines.llamacpp import LlamaCpp

    engine = LlamaCpp(smollm)
    draws: list[Request] = [Generate("Once upon a time", Sampling(16, temperature=1.0), seed=n) for n in (3, 4)]
    first, again = ([finished(engine, draw)[0] for draw in draws] for _ in range(2))
    assert [(reply.text, reply.logprob) for reply in first] == [(reply.text, reply.logprob) for reply in again]


@needs_llamacpp
@pytest.mark.models
def test_tokens_and_log_probabilities_are_those_of_transformers_in_32_bits() -> None:
    import torch
    import transformers

    from gulliver.models.engines.llamacpp import LlamaCpp
    from gulliver.training.weights import load_causal

    smollm = load_model("llamacpp:smollm2-135m")
    assert smollm.location is not None
    made = LlamaCpp(smollm)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
        str(smollm.location.parent), gguf_file=smollm.location.name
    )
    for text in [*AWKWARD, *PROMPTS]:
        assert made._weights.encode(text) == tokenizer(text, add_special_tokens=False).input_ids, text
    module = load_causal(smollm.location)
    pairs = [("The capital of France is", " Paris"), ("The capital of France is", " cheese and wine")]
    told = finished(made, *(Score(*pair) for pair in pairs))
    for (prompt, said), reply in zip(pairs, told, strict=True):
        ids = made._weights.encode(prompt + said)
        with torch.no_grad():
            logprobs = module(torch.tensor([ids])).logits[0].float().log_softmax(-1)
        wanted = sum(float(logprobs[at - 1, ids[at]]) for at in range(reply.prompt_tokens, len(ids)))
        assert reply.completion_tokens == len(ids) - reply.prompt_tokens
        assert reply.logprob == pytest.approx(wanted, abs=0.1 * reply.completion_tokens)


@needs_llamacpp
def test_it_computes_what_torch_computes(tiny: Model, engine: Any) -> None:
    import torch

    from gulliver.training.weights import load_causal

    assert tiny.location is not None
    module = load_causal(tiny.location)
    prompt, said = "small people tied", " the giant down"
    ids = engine._weights.encode(prompt + said)
    with torch.no_grad():
        logprobs = module(torch.tensor([ids])).logits[0].log_softmax(-1)
    reply = finished(engine, Score(prompt, said))[0]
    wanted = sum(float(logprobs[at - 1, ids[at]]) for at in range(reply.prompt_tokens, len(ids)))
    assert reply.logprob == pytest.approx(wanted, abs=0.002 * len(ids))


@needs_llamacpp
def test_texts_and_scores_are_the_same_alone_together_and_without_copies(engine: Any, plain: Any) -> None:
    requests: list[Request] = [Generate(prompt, Sampling(max_tokens=20)) for prompt in PROMPTS]
    requests += [Score(prompt, said) for prompt in PROMPTS for said in ("yes", "no, never")]
    together, without = finished(engine, *requests), finished(plain, *requests)
    for request, one, other in zip(requests, together, without, strict=True):
        alone = finished(engine, request)[0]
        assert one.text == other.text == alone.text
        assert one.logprob == pytest.approx(other.logprob, abs=0.02)
        assert one.logprob == pytest.approx(alone.logprob, abs=0.02)


@needs_llamacpp
def test_sixteen_draws_are_the_first_of_sixty_four(engine: Any) -> None:
    draws: list[Request] = [Generate("Once upon", Sampling(12, temperature=1.0), seed=n) for n in range(64)]
    many, few = finished(engine, *draws), finished(engine, *draws[:16])
    assert [reply.text for reply in few] == [reply.text for reply in many[:16]]
    assert len({reply.text for reply in many}) > 32


@needs_llamacpp
def test_what_begins_alike_is_computed_once(engine: Any, plain: Any) -> None:
    shared = STORY.format(1) * 2
    requests: list[Request] = [Generate(f"{shared}Then {n}", Sampling(max_tokens=3)) for n in range(12)]
    replies, without = finished(engine, *requests), finished(plain, *requests)
    begun = len(engine._weights.encode(f"{shared}Then "))
    assert sum(reply.cached_tokens >= begun - 1 for reply in replies) == 11
    assert [reply.text for reply in replies] == [reply.text for reply in without]
    assert sum(reply.cached_tokens for reply in without) == 0


@needs_llamacpp
def test_options_are_scored_behind_one_question(engine: Any, plain: Any) -> None:
    options: list[Request] = [Score(f"Q: {STORY}", f"The giant {word}.") for word in ("slept", "woke up", "ate")]
    replies, alone = finished(engine, *options), [finished(plain, option)[0] for option in options]
    assert [reply.logprob for reply in replies] == pytest.approx([reply.logprob for reply in alone], abs=0.02)
    assert sorted(reply.cached_tokens > 0 for reply in replies) == [False, True, True]


@needs_llamacpp
def test_what_was_written_is_scored_as_it_was_written(engine: Any) -> None:
    for prompt in PROMPTS:
        written = finished(engine, Generate(prompt, Sampling(max_tokens=8)))[0]
        again = finished(engine, Score(prompt, written.text))[0]
        if written.finish == "length" and again.completion_tokens == written.completion_tokens:
            assert again.logprob == pytest.approx(written.logprob, abs=0.05)


@needs_llamacpp
def test_a_full_cache_drops_what_finished_requests_left(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    from gulliver.models.engines import llamacpp

    monkeypatch.setattr(llamacpp, "CACHE_BYTES", 0)  # room for 512 tokens
    small = llamacpp.LlamaCpp(tiny)
    texts = [STORY.format(n)[n:] * 2 for n in range(8)] + [STORY.format(9)[9:] * 5]  # with what is kept, over 512
    replies = [finished(small, Generate(text, Sampling(max_tokens=4)))[0] for text in texts]
    assert all(reply.finish != "failed" for reply in replies)
    assert sum(reply.prompt_tokens for reply in replies) > 1024
    too_long = finished(small, Generate("word " * 200, Sampling()))[0]
    assert too_long.finish == "failed"
    assert "at most 511" in too_long.error


@needs_llamacpp
def test_giving_up_in_mid_text_frees_its_sequence(engine: Any) -> None:
    for key in range(50):
        engine.submit(key, Generate(f"{key} ships", Sampling(max_tokens=300)))
    for _ in range(3):
        engine.step()
    for key in range(50):
        engine.cancel(key)
    assert not engine.busy()
    assert finished(engine, Generate("And now", Sampling(max_tokens=3)))[0].completion_tokens == 3


@needs_llamacpp
def test_flash_attention_is_an_option(tiny: Model, engine: Any) -> None:
    from gulliver.models.engines.llamacpp import LlamaCpp

    request = Score("small people tied", " the giant down")
    flash = finished(LlamaCpp(load_model(f"{tiny.name}?flash=true")), request)[0]
    assert flash.logprob == pytest.approx(finished(engine, request)[0].logprob, abs=0.1)


@needs_llamacpp
def test_a_guide_is_kept(engine: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"type": "integer", "minimum": 0, "maximum": 9}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }  # fmt: skip
    sampling = Sampling(120, temperature=1.0, guide=json_guide(schema).text)
    for reply in finished(engine, *(Generate("Who?", sampling, seed=n) for n in range(4))):
        assert reply.finish == "stop"
        assert set(json.loads(reply.text)) == {"name", "age"}


@needs_llamacpp
def test_a_file_is_run_in_the_types_that_it_has(tmp_path: Path, home: Path) -> None:
    from gulliver.models.engines.llamacpp import LlamaCpp

    model = load_model(f"llamacpp:gguf:{tiny_causal(tmp_path / 'q5.gguf', kind=gguf.GGMLQuantizationType.Q5_0)}")
    assert "Q5_0" in model.card.format
    assert finished(LlamaCpp(model), Generate("Hello", Sampling(max_tokens=3)))[0].completion_tokens == 3


@needs_llamacpp
def test_a_release_with_other_structures_is_refused() -> None:
    from gulliver.models.engines.llamacpp_library import check_layout, library

    model, context = library().llama_model_default_params(), library().llama_context_default_params()
    check_layout(model, context)
    context.n_threads = 0
    with pytest.raises(ModelError, match=r"does not know the structures of xllamacpp .* run: pip install"):
        check_layout(model, context)


@needs_llamacpp
def test_a_damaged_file_is_a_sentence(tiny: Model, tmp_path: Path) -> None:
    from dataclasses import replace

    from gulliver.models.engines.llamacpp import LlamaCpp

    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelError, match="cannot read"):
        LlamaCpp(replace(tiny, location=broken))
    with pytest.raises(ModelError, match="not at"):
        LlamaCpp(replace(tiny, location=tmp_path / "gone.gguf"))


def test_a_missing_extra_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        load_model("llamacpp:smollm2-135m")
    assert str(caught.value).endswith("pip install 'gulliver[llamacpp]'")


@needs_llamacpp
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llamacpp:openai:m@http://127.0.0.1:1/v1", "before a rung, hf: or gguf:"),
        ("llamacpp:gguf:/nowhere.gguf", "no file"),
        ("llamacpp:smollm2-135m?speed=1", "has not"),
        ("llamacpp:nothing", "is not a model"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(name: str, said: str, home: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(name)
    assert said in str(caught.value)
