"""OpenVINO GenAI's own settings: the pipeline, one request's configuration, end tokens, how much cache."""

import os
from typing import Any

import numpy as np

from gulliver.errors import ModelError
from gulliver.models.base import Card, Generate, Model, Score
from gulliver.models.engines.tokens import ENDS
from gulliver.models.guide import grammar

SEQUENCES = 64
BATCHED_TOKENS = 512
BLOCK = 32
ROW, LONG_ROW = 512, 1024
"""Tokens of each sequence, read and written, for which there is room from the start, and at most when all are long."""
CACHE_BYTES = 6 << 30
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "KV_CACHE_PRECISION": "f32"}


def open_pipeline(model: Model, blocks: int, exact: bool, prefixes: bool) -> Any:
    """The model as a `ContinuousBatchingPipeline` with room for that many blocks of keys and values.

    Args:
        blocks: 0 takes room as it is needed, for a pipeline that keeps no prefixes.
        exact: all in 32 bits.
        prefixes: keep what was computed for later requests that begin alike.

    Raises:
        ModelError: the model has no file, or it is gone.
    """
    import openvino_genai as genai

    if model.location is None:
        raise ModelError(f"{model.name} has no file; give one with gguf:path or dir:path.")
    if not model.location.exists():
        raise ModelError(f"{model.name} is not at {model.location} any more; fetch it again.")
    scheduler = genai.SchedulerConfig()
    scheduler.num_kv_blocks = blocks
    scheduler.max_num_batched_tokens = BATCHED_TOKENS
    scheduler.max_num_seqs = SEQUENCES
    scheduler.enable_prefix_caching = prefixes
    settings = dict(_EXACT) if exact else {}
    return genai.ContinuousBatchingPipeline(os.fspath(model.location), scheduler, "CPU", settings)


def configuration(request: Generate | Score, new_tokens: int, ends: list[int]) -> Any:
    """One request's `GenerationConfig`; `ends`: tokens that end a text, the stated one first."""
    import openvino_genai as genai

    config = genai.GenerationConfig()
    config.apply_chat_template = False
    if ends:
        config.eos_token_id = ends[0]
        config.stop_token_ids = set(ends)
    config.logprobs = 1
    config.max_new_tokens = new_tokens
    if isinstance(request, Score):
        config.echo = True
        return config
    sampling = request.sampling
    if sampling.guide:
        config.structured_output_config = genai.StructuredOutputConfig(grammar=grammar(sampling.guide))
    if sampling.temperature > 0:
        config.do_sample = True
        config.temperature = sampling.temperature
        config.top_p = sampling.top_p
        if sampling.top_k:
            config.top_k = sampling.top_k
        config.rng_seed = request.seed
    stop = {mark for mark in sampling.stop if mark}
    if stop:
        # Included, since the engine drops whole tokens: what stands before the mark in its token would go too.
        config.stop_strings = stop
        config.include_stop_str_in_output = True
    return config


def end_tokens(tokenizer: Any) -> list[int]:
    """Tokens that end a text: the one that the file states, then those that chat models were taught."""
    stated = int(tokenizer.get_eos_token_id())
    vocabulary = {_bytes(token): number for token, number in tokenizer.get_vocab().items()}
    known = [vocabulary[name.encode()] for name in ENDS if name.encode() in vocabulary]
    return list(dict.fromkeys(number for number in (stated, *known) if number >= 0))


def tensor(tokens: list[int]) -> Any:
    """Ids of shape (1, tokens)."""
    import openvino as ov

    return ov.Tensor(np.array([tokens], dtype=np.int64))


def cache_blocks(card: Card, number_bytes: int, longest: int = 0) -> int:
    """Blocks of 32 tokens to ask for: room for all sequences at 512 tokens, or for one request of `longest`, within 6 GiB.

    In a long run the engine takes all that it was given, since it keeps what it computed until it needs the room.
    `number_bytes`: of one key or value; 2 is an upper bound for the 8-bit default.
    """
    token = 2 * number_bytes * card.layers * card.kv_heads * card.head_dim or 1 << 16
    wanted = max(SEQUENCES * ROW, longest)
    return max(8, min(wanted, CACHE_BYTES // token) // BLOCK)


def _bytes(token: str | bytes) -> bytes:
    return token.encode("utf-8", "replace") if isinstance(token, str) else token
