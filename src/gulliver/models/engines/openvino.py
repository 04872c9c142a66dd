"""OpenVINO GenAI on a CPU: continuous batching, no prefix cache.

The prefix cache of this engine corrupts requests that are submitted together behind a cached prefix whose length is no
multiple of 32 (seen with 2026.4.1), so it stays off. What runs at once is chosen here, so that no request is ever put
aside half done for want of cache.
"""

import os
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from gulliver.errors import ModelError
from gulliver.models.base import Card, Generate, Model, Reply, Request, Score
from gulliver.models.engines import is_on
from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.tokens import ENDS, before_stop, tokenise
from gulliver.models.guide import grammar

SEQUENCES = 64
BATCHED_TOKENS = 512
BLOCK = 32
CACHE_BYTES = 6 << 30
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "KV_CACHE_PRECISION": "f32"}


@dataclass
class _Row:
    """A request on its way; `unread`: tokens of its prompt (and what is scored) not yet computed."""

    request: Generate | Score
    tokens: list[int]
    prompt_tokens: int
    new_tokens: int
    unread: int
    handle: Any = None

    @property
    def blocks(self) -> int:
        return -(-(len(self.tokens) + self.new_tokens) // BLOCK)


class OpenVino:
    """An `Engine` over one GGUF file or OpenVINO IR folder. Option `exact` runs all in 32 bits: alone equals batched."""

    def __init__(self, model: Model) -> None:
        import openvino_genai as genai

        if model.location is None:
            raise ModelError(f"{model.name} has no file; give one with gguf:path or dir:path.")
        if not model.location.exists():
            raise ModelError(f"{model.name} is not at {model.location} any more; fetch it again.")
        exact = is_on(model, "exact")
        self._genai = genai
        self._blocks = cache_blocks(model.card, 4 if exact else 2)
        self._most = min(model.card.context_length or 1 << 30, self._blocks * BLOCK)
        scheduler = genai.SchedulerConfig()
        scheduler.num_kv_blocks = self._blocks
        scheduler.max_num_batched_tokens = BATCHED_TOKENS
        scheduler.max_num_seqs = SEQUENCES
        scheduler.enable_prefix_caching = False
        settings = dict(_EXACT) if exact else {}
        self._pipeline = genai.ContinuousBatchingPipeline(os.fspath(model.location), scheduler, "CPU", settings)
        self._tokenizer = self._pipeline.get_tokenizer()
        self._ends = self._end_tokens()
        self._queue: deque[tuple[int, _Row]] = deque()
        self._active: dict[int, _Row] = {}
        self._refused: list[tuple[int, Reply]] = []
        self._number = 0
        self._shares = Shares()
        self._energy = EnergyMeter()

    def submit(self, key: int, request: Request) -> None:
        made = tokenise(request, self._encode, self._most, guides=True)
        if isinstance(made, Reply):
            self._refused.append((key, made))
            return
        new = made.new or 1  # with none, the engine returns memory that nobody wrote
        self._queue.append((key, _Row(made.request, made.ids, made.prompt, new, len(made.ids))))

    def step(self) -> list[tuple[int, Reply]]:
        finished, self._refused = self._refused, []
        self._admit()
        if not self._active:
            return finished
        weights = self._weights()
        self._energy.since()
        began = time.perf_counter()
        self._pipeline.step()
        self._shares.charge(weights, time.perf_counter() - began, self._energy.since())
        running = self._genai.GenerationStatus.RUNNING
        for key, row in list(self._active.items()):
            if row.handle.get_status() != running:
                del self._active[key]
                finished.append((key, self._reply(key, row)))
        return finished

    def busy(self) -> bool:
        return bool(self._active or self._queue or self._refused)

    def cancel(self, key: int) -> None:
        row = self._active.pop(key, None)
        if row is None:
            self._queue = deque(waiting for waiting in self._queue if waiting[0] != key)
            return
        row.handle.cancel()
        self._shares.take(key)
        if not self._active and self._pipeline.has_non_finished_requests():
            self._pipeline.step()  # what is cancelled leaves at the next step

    def _admit(self) -> None:
        """Hand over what fits: sequences, cache for their longest outcome, and prompt tokens of one step."""
        free = self._blocks - sum(row.blocks for row in self._active.values())
        room = BATCHED_TOKENS - sum(max(1, row.unread) for row in self._active.values())
        while self._queue and len(self._active) < SEQUENCES:
            key, row = self._queue[0]
            if row.blocks > free or (room <= 0 and self._active):
                break
            self._queue.popleft()
            free -= row.blocks
            room -= row.unread
            self._number += 1
            row.handle = self._pipeline.add_request(self._number, self._tensor(row.tokens), self._config(row))
            self._active[key] = row

    def _weights(self) -> dict[int, float]:
        """Tokens that each active request has computed in the coming step: one, or its part of the prompts' room."""
        weights: dict[int, float] = {key: 1 for key, row in self._active.items() if not row.unread}
        room = BATCHED_TOKENS - len(weights)
        for key, row in self._active.items():
            if row.unread:
                part = max(0, min(row.unread, room))
                row.unread -= part
                room -= part
                weights[key] = part
        return weights

    def _reply(self, key: int, row: _Row) -> Reply:
        seconds, joules = self._shares.take(key)
        ids: list[int] = []
        logprobs: list[float] = []
        reason = self._genai.GenerationFinishReason.NONE
        while row.handle.can_read():  # not read_all(), which can wait for ever
            for output in row.handle.read().values():
                ids += output.generated_ids
                logprobs += output.generated_log_probs
                reason = output.finish_reason
        common = Reply(prompt_tokens=row.prompt_tokens, seconds=seconds, joules=joules)
        if row.handle.get_status() != self._genai.GenerationStatus.FINISHED:
            return replace(common, finish="failed", error="The engine gave this request up; ask again.")
        if isinstance(row.request, Score):
            # One entry for each token read (the first a dummy), then the one new token's.
            if len(logprobs) != len(row.tokens) + 1:
                told = f"The engine returned {len(logprobs)} log-probabilities for {len(row.tokens)} tokens; report it."
                return replace(common, finish="failed", error=told)
            scored = logprobs[row.prompt_tokens : len(row.tokens)]
            return replace(common, completion_tokens=len(scored), logprob=float(sum(scored)))
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        whole = replace(
            common,
            text=before_stop(text, row.request.sampling.stop),
            finish="length" if reason == self._genai.GenerationFinishReason.LENGTH else "stop",
            completion_tokens=len(ids),
            logprob=float(sum(logprobs)),
        )
        return self._told(row.request, whole, ids, logprobs)

    def _told(self, request: Generate, reply: Reply, ids: list[int], logprobs: list[float]) -> Reply:
        """The reply, and in a server what it says of single tokens."""
        return reply

    def _config(self, row: _Row) -> Any:
        config = self._genai.GenerationConfig()
        config.apply_chat_template = False
        if self._ends:
            config.eos_token_id = self._ends[0]
            config.stop_token_ids = set(self._ends)
        config.logprobs = 1
        config.max_new_tokens = row.new_tokens
        if isinstance(row.request, Score):
            config.echo = True
            return config
        sampling = row.request.sampling
        if sampling.guide:
            config.structured_output_config = self._genai.StructuredOutputConfig(grammar=grammar(sampling.guide))
        if sampling.temperature > 0:
            config.do_sample = True
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            if sampling.top_k:
                config.top_k = sampling.top_k
            config.rng_seed = row.request.seed
        stop = {mark for mark in sampling.stop if mark}
        if stop:
            # Included, since the engine drops whole tokens: what stands before the mark in its token would go too.
            config.stop_strings = stop
            config.include_stop_str_in_output = True
        return config

    def _end_tokens(self) -> list[int]:
        stated = int(self._tokenizer.get_eos_token_id())
        vocabulary = {_bytes(token): number for token, number in self._tokenizer.get_vocab().items()}
        known = [vocabulary[name.encode()] for name in ENDS if name.encode() in vocabulary]
        return list(dict.fromkeys(number for number in (stated, *known) if number >= 0))

    def _encode(self, text: str) -> list[int]:
        if not text:
            return []
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return ids

    def _tensor(self, tokens: list[int]) -> Any:
        import numpy as np
        import openvino as ov

        return ov.Tensor(np.array([tokens], dtype=np.int64))


def cache_blocks(card: Card, number_bytes: int) -> int:
    """Blocks of 32 tokens: room for all sequences at 1,024 tokens or for one whole context, within 6 GiB.

    Memory is taken as it is used. `number_bytes`: of one key or value; 2 is an upper bound for the 8-bit default.
    """
    token = 2 * number_bytes * card.layers * card.kv_heads * card.head_dim or 1 << 16
    wanted = max(SEQUENCES * 1024, card.context_length)
    return max(8, min(wanted, CACHE_BYTES // token) // BLOCK)


def _bytes(token: str | bytes) -> bytes:
    return token.encode("utf-8", "replace") if isinstance(token, str) else token
