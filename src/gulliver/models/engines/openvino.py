"""OpenVINO GenAI on a CPU: continuous batching, no prefix cache.

The prefix cache of this engine corrupts requests that are submitted together behind a cached prefix whose length is no
multiple of 32 (seen with 2026.4.1), so it stays off.
"""

import math
import os
import time
from dataclasses import dataclass
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Embed, Generate, Model, Reply, Request, Score

SEQUENCES = 64
BATCHED_TOKENS = 2048
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "KV_CACHE_PRECISION": "f32"}


@dataclass
class _Active:
    handle: Any
    request: Request
    prompt_tokens: int
    scored_tokens: int = 0
    seconds: float = 0.0
    started: bool = False


class OpenVino:
    """An `Engine` over one GGUF file or OpenVINO IR folder. Option `exact` runs all in 32 bits: alone equals batched."""

    def __init__(self, model: Model) -> None:
        import openvino_genai as genai

        if model.location is None:
            raise ModelError(f"The model {model.name} has no file; give one with gguf:path or dir:path.")
        self._genai = genai
        self._context = model.card.context_length or 1 << 30
        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = _cache_gigabytes(model)
        scheduler.max_num_batched_tokens = BATCHED_TOKENS
        scheduler.max_num_seqs = SEQUENCES
        scheduler.enable_prefix_caching = False
        settings = dict(_EXACT) if model.options.get("exact") else {}
        self._pipeline = genai.ContinuousBatchingPipeline(os.fspath(model.location), scheduler, "CPU", settings)
        self._tokenizer = self._pipeline.get_tokenizer()
        self._active: dict[int, _Active] = {}
        self._refused: list[tuple[int, Reply]] = []
        self._number = 0

    def submit(self, key: int, request: Request) -> None:
        if isinstance(request, Embed):
            self._refuse(key, "This engine does not embed text; use an encoder.")
            return
        config = self._genai.GenerationConfig()
        config.eos_token_id = self._tokenizer.get_eos_token_id()
        config.logprobs = 1
        tokens = self._encode(request.prompt)
        scored = 0
        if isinstance(request, Score):
            continuation = self._encode(request.continuation)
            scored = len(continuation)
            tokens += continuation
            config.echo = True
            config.max_new_tokens = 1
            config.do_sample = False
        else:
            _set_sampling(config, request)
            config.max_new_tokens = min(config.max_new_tokens, self._context - len(tokens))
        if not tokens or len(tokens) >= self._context:
            why = f"the prompt has {len(tokens)} tokens and the model reads at most {self._context - 1}"
            self._refuse(key, f"The request does not fit: {why}.")
            return
        import numpy as np
        import openvino as ov

        self._number += 1
        handle = self._pipeline.add_request(self._number, ov.Tensor(np.array([tokens], dtype=np.int64)), config)
        self._active[key] = _Active(handle, request, len(tokens) - scored, scored)

    def step(self) -> list[tuple[int, Reply]]:
        finished, self._refused = self._refused, []
        if not self._active:
            return finished
        began = time.perf_counter()
        self._pipeline.step()
        spent = time.perf_counter() - began
        weights = {key: 1 if a.started else a.prompt_tokens + a.scored_tokens for key, a in self._active.items()}
        total = sum(weights.values())
        running = self._genai.GenerationStatus.RUNNING
        for key, active in list(self._active.items()):
            active.seconds += spent * weights[key] / total
            active.started = True
            if active.handle.get_status() != running:
                del self._active[key]
                finished.append((key, self._reply(active)))
        return finished

    def busy(self) -> bool:
        return bool(self._active or self._refused)

    def cancel(self, key: int) -> None:
        active = self._active.pop(key, None)
        if active is not None:
            active.handle.cancel()

    def _reply(self, active: _Active) -> Reply:
        if active.handle.get_status() != self._genai.GenerationStatus.FINISHED:
            return Reply(
                finish="failed",
                error="The engine gave this request up; lower max_tokens or the number of draws.",
                seconds=active.seconds,
            )
        output = active.handle.read_all()[0]
        if active.scored_tokens:
            # Entries: one for each prompt token (the first a dummy), then the one new token.
            kept = list(output.generated_log_probs)[: active.prompt_tokens + active.scored_tokens]
            if len(kept) != active.prompt_tokens + active.scored_tokens:
                return Reply(
                    finish="failed",
                    error=f"The engine returned {len(kept)} log-probabilities for {active.prompt_tokens + active.scored_tokens} tokens.",
                )
            score = float(sum(kept[-active.scored_tokens :]))
            return Reply(
                prompt_tokens=active.prompt_tokens,
                completion_tokens=active.scored_tokens,
                logprob=score,
                seconds=active.seconds,
            )
        ids = list(output.generated_ids)
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        assert isinstance(active.request, Generate)
        text = _before_stop(text, active.request.sampling.stop)
        cut = output.finish_reason == self._genai.GenerationFinishReason.LENGTH
        return Reply(
            text=text,
            finish="length" if cut else "stop",
            prompt_tokens=active.prompt_tokens,
            completion_tokens=len(ids),
            logprob=float(sum(output.generated_log_probs)),
            seconds=active.seconds,
        )

    def _encode(self, text: str) -> list[int]:
        if not text:
            return []
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return ids

    def _refuse(self, key: int, sentence: str) -> None:
        self._refused.append((key, Reply(finish="failed", error=sentence)))


def _set_sampling(config: Any, request: Generate) -> None:
    sampling = request.sampling
    config.max_new_tokens = sampling.max_tokens
    config.do_sample = sampling.temperature > 0
    if sampling.temperature > 0:
        config.temperature = sampling.temperature
        config.top_p = sampling.top_p
        if sampling.top_k:
            config.top_k = sampling.top_k
        config.rng_seed = request.seed
    if sampling.stop:
        config.stop_strings = set(sampling.stop)
        config.include_stop_str_in_output = False


def _before_stop(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop string: a token can reach past it."""
    places = [place for place in (text.find(mark) for mark in stop) if place >= 0]
    return text[: min(places)] if places else text


def _cache_gigabytes(model: Model) -> int:
    """Room for all sequences at about a thousand tokens each, two bytes a number; between 1 and 6."""
    card = model.card
    token = 2 * 2 * card.layers * card.kv_heads * card.head_dim
    return max(1, min(6, math.ceil(token * SEQUENCES * 1024 / 2**30)))
