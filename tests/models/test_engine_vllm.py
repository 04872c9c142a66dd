"""The engine vllm asks for what vLLM documents. No GPU here: its classes are stand-ins (`fake_vllm`), and it has never run."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Card, Embed, Generate, Model, Sampling, Score
from gulliver.models.guide import grammar, json_guide
from gulliver.models.load import load_model
from tests.models import fake_vllm
from tests.models.engine_contract import finished
from tests.models.tiny_torch import tiny_folder

pytest.importorskip("torch", reason="torch is not installed")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def engine(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    package = fake_vllm.module()
    monkeypatch.setitem(sys.modules, "vllm", package)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", package.sampling_params)
    from gulliver.models.engines.vllm_engine import Vllm

    card = Card("vllm:dir:tiny", "tiny", "d" * 64, context_length=512)
    return Vllm(Model("vllm:dir:tiny", card, "vllm", "0.11", weights, {"precision": "bf16"}))


def test_it_opens_the_folder_with_prefix_caching_and_runs_no_code_that_came_along(engine: Any, weights: Path) -> None:
    args = engine._engine.args
    assert (args.model, args.dtype, args.enable_prefix_caching) == (str(weights), "bfloat16", True)
    assert args.load_format == "safetensors"
    assert not hasattr(args, "trust_remote_code")


def test_a_draw_has_its_own_seed_and_says_what_it_took(engine: Any) -> None:
    draws = [Generate("Once upon a time, there was", Sampling(5, temperature=1.0, top_k=9), seed=n) for n in (1, 2)]
    one, two = finished(engine, *draws)
    assert (one.text, two.text) == ("bbbbb", "ccccc")
    assert (one.finish, one.completion_tokens, one.prompt_tokens, one.cached_tokens) == ("length", 5, 27, 16)
    assert one.logprob == -2.5
    assert one.seconds > 0


def test_what_is_asked_for_arrives_as_vllm_has_it(engine: Any) -> None:
    guide = json_guide({"type": "integer", "minimum": 0, "maximum": 9}).text
    engine.submit(0, Generate("How many?", Sampling(9, 0.5, 0.9, 40, ("\n", ""), guide), seed=(1 << 64) - 1))
    ids, params, _ = engine._engine.requests["0"]
    assert len(ids) == 9
    assert (params.max_tokens, params.temperature, params.top_p, params.top_k) == (9, 0.5, 0.9, 40)
    assert (params.stop, params.logprobs, params.prompt_logprobs) == (["\n"], 0, None)
    assert params.seed == (1 << 63) - 1
    assert params.structured_outputs.grammar == grammar(guide)
    assert params.output_kind is fake_vllm.RequestOutputKind.FINAL_ONLY
    assert engine._tokenizer.get_vocab()["<|im_end|>"] in params.stop_token_ids


def test_a_stop_string_ends_the_text_before_it(engine: Any) -> None:
    reply = finished(engine, Generate("x", Sampling(5, stop=("aaa",))))[0]
    assert (reply.text, reply.finish) == ("", "stop")


def test_a_score_is_the_sum_over_the_continuation(engine: Any) -> None:
    reply = finished(engine, Score("ab", "cd"))[0]
    ids = engine._encode("abcd")
    assert reply.logprob == pytest.approx(-(ids[2] + ids[3]) / 10)
    assert (reply.prompt_tokens, reply.completion_tokens) == (2, 2)


def test_giving_one_up_aborts_it_and_leaves_the_others(engine: Any) -> None:
    engine.submit(0, Generate("a", Sampling(50)))
    engine.submit(1, Generate("b", Sampling(2)))
    engine.step()
    engine.cancel(0)
    assert engine._engine.aborted == ["0"]
    assert [key for key, _ in engine.step()] == [1]
    assert not engine.busy()


def test_what_it_cannot_do_is_a_failed_reply_with_a_sentence(engine: Any) -> None:
    refused, too_long = finished(engine, Embed("a text"), Generate("x" * 600, Sampling()))
    assert "encoder" in refused.error
    assert "at most 511" in too_long.error


def test_a_missing_extra_and_a_name_without_weights_are_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'gulliver\[vllm\]'"):
        load_model("vllm:dir:/nowhere")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    with pytest.raises(ModelError, match="vllm:dir:path"):
        load_model("vllm:smollm2-135m")
    with pytest.raises(ModelError, match=r"precision=bf16\|fp16\|fp32"):
        load_model("vllm:dir:/nowhere?precision=int8")
