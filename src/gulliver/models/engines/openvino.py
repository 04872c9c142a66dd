"""OpenVINO GenAI on a CPU: continuous batching, shared prefixes computed once.

What runs at once is chosen here: so that no request is ever put aside half done for want of cache, and so that requests
that begin alike start one after another, behind what the first has computed (see `prefixes`).
"""

import time
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from gulliver.models.base import Generate, Model, Reply, Request, Score
from gulliver.models.engines import is_on
from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.openvino_parts import (
    BATCHED_TOKENS,
    BLOCK,
    LONG_ROW,
    SEQUENCES,
    cache_blocks,
    configuration,
    end_tokens,
    open_pipeline,
    tensor,
)
from gulliver.models.engines.prefixes import Chain, Path, Prefixes
from gulliver.models.engines.tokens import before_stop, tokenise

WINDOW = 256
"""How many waiting requests are looked at for one that may start."""


@dataclass
class _Row:
    """A request on its way.

    Attributes:
        unread: tokens of its prompt (and what is scored) not yet computed.
        shared: marks of the blocks at its front that all who begin alike hold together.
        written: tokens drawn so far.
    """

    request: Generate | Score
    tokens: list[int]
    prompt_tokens: int
    new_tokens: int
    unread: int
    path: Path
    shared: Chain
    reading: bool = True
    written: int = 0
    handle: Any = None

    @property
    def own(self) -> int:
        """Blocks beside the shared ones at its longest."""
        return self._beside(self.new_tokens)

    @property
    def taken(self) -> int:
        """Those that it holds now."""
        return self._beside(self.written)

    def _beside(self, written: int) -> int:
        return -(-(len(self.tokens) + written) // BLOCK) - len(self.shared)


class OpenVino:
    """An `Engine` over one GGUF file or OpenVINO IR folder.

    Options of the model: `exact` runs all in 32 bits, so that alone equals batched; `prefix_cache` (on unless said
    "false") keeps what was computed for requests that begin alike.
    """

    _pipeline: Any
    _plain: Any

    def __init__(self, model: Model) -> None:
        import openvino_genai as genai

        self._model = model
        self._exact = is_on(model, "exact")
        self._number_bytes = 4 if self._exact else 2
        self._genai = genai
        self._cache = "prefix_cache" not in model.options or is_on(model, "prefix_cache")
        self._limit = cache_blocks(model.card, self._number_bytes, max(SEQUENCES * LONG_ROW, model.card.context_length))
        self._most = min(model.card.context_length or 1 << 30, self._limit * BLOCK)
        self._open(cache_blocks(model.card, self._number_bytes) if self._cache else self._limit)
        self._tokenizer = self._pipeline.get_tokenizer()
        self._ends = end_tokens(self._tokenizer)
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
        path = self._prefixes.path(made.ids, made.prompt if isinstance(made.request, Score) else len(made.ids))
        shared = path.chain[: path.usable] if self._cache else ()
        self._queue.append((key, _Row(made.request, made.ids, made.prompt, new, len(made.ids), path, shared)))

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
        for row in self._active.values():
            row.written += not row.unread
        self._prefixes.taken = sum(row.taken for row in self._active.values())
        for row in self._active.values():
            if row.reading and not row.unread:
                row.reading = False
                self._prefixes.read(row.path)
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
        self._prefixes.finish(row.path, self._read(row)[0][-row.new_tokens :], row.unread)
        if not self._active and self._pipeline.has_non_finished_requests():
            self._pipeline.step()  # what is cancelled leaves at the next step

    def _open(self, blocks: int) -> None:
        """Open the pipeline with that much room; one that is open goes first, and with it all that it kept."""
        self._blocks = blocks
        self._pipeline = self._plain = None
        self._pipeline = open_pipeline(self._model, blocks if self._cache else 0, self._exact, prefixes=self._cache)
        self._plain = None if self._cache else self._pipeline
        self._prefixes = Prefixes(blocks if self._cache else 0, BLOCK)

    def _admit(self) -> None:
        """Hand over what fits: sequences, cache for their longest outcome, and prompt tokens of one step."""
        if self._queue and not self._active:
            self._make_room()
        held = {mark for row in self._active.values() for mark in row.shared}
        free = self._blocks - len(held) - sum(row.own for row in self._active.values())
        room = BATCHED_TOKENS - sum(max(1, row.unread) for row in self._active.values())
        later: list[tuple[int, _Row]] = []
        while self._queue and len(self._active) < SEQUENCES and len(later) < WINDOW:
            key, row = self._queue[0]
            blocks = row.own + sum(mark not in held for mark in row.shared)
            if blocks > free or (room <= 0 and self._active):
                break
            self._queue.popleft()
            if self._prefixes.waits(row.path):
                later.append((key, row))
                continue
            row.unread -= self._prefixes.start(row.path)
            free -= blocks
            held.update(row.shared)
            room -= row.unread
            self._number += 1
            config = configuration(row.request, row.new_tokens, self._ends)
            row.handle = self._pipeline.add_request(self._number, tensor(row.tokens), config)
            self._active[key] = row
        self._queue.extendleft(reversed(later))

    def _make_room(self) -> None:
        """Open anew where the first that waits does not fit, or not half of those that could run at once."""
        rows = [row for _, row in islice(self._queue, SEQUENCES)]
        wanted = len({mark for row in rows for mark in row.shared}) + sum(row.own for row in rows)
        first = len(rows[0].shared) + rows[0].own
        if self._blocks < self._limit and (first > self._blocks or wanted > 2 * self._blocks):
            self._open(min(self._limit, max(wanted, 2 * self._blocks)))

    def _weights(self) -> dict[int, float]:
        """Tokens that each active request has computed in the coming step: one, or its part of the prompts' room."""
        weights: dict[int, float] = {key: 1 for key, row in self._active.items() if not row.unread}
        room = BATCHED_TOKENS - len(weights)
        for key, row in self._active.items():
            if row.unread:
                part = max(0, min(row.unread, room))
                row.unread -= part
                row.path.started = True
                room -= part
                weights[key] = part
        return weights

    def _reply(self, key: int, row: _Row) -> Reply:
        seconds, joules = self._shares.take(key)
        ids, logprobs, reason = self._read(row)
        self._prefixes.finish(row.path, ids[-row.new_tokens :], row.unread)
        common = Reply(
            prompt_tokens=row.prompt_tokens,
            cached_tokens=row.path.cached * BLOCK,
            seconds=seconds,
            joules=joules,
        )
        if row.handle.get_status() != self._genai.GenerationStatus.FINISHED:
            return replace(common, finish="failed", error="The engine gave this request up; ask again.")
        if isinstance(row.request, Score):
            return self._scored(row, common, logprobs)
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        whole = replace(
            common,
            text=before_stop(text, row.request.sampling.stop),
            finish="length" if reason == self._genai.GenerationFinishReason.LENGTH else "stop",
            completion_tokens=len(ids),
            logprob=float(sum(logprobs)),
        )
        return self._told(row.request, whole, ids, logprobs)

    def _read(self, row: _Row) -> tuple[list[int], list[float], Any]:
        """Ids and log-probabilities that came since the last look, and why the text ended."""
        ids: list[int] = []
        logprobs: list[float] = []
        reason = self._genai.GenerationFinishReason.NONE
        while row.handle.can_read():  # not read_all(), which can wait for ever
            for output in row.handle.read().values():
                ids += output.generated_ids
                logprobs += output.generated_log_probs
                reason = output.finish_reason
        return ids, logprobs, reason

    def _scored(self, row: _Row, common: Reply, logprobs: list[float]) -> Reply:
        """Told are the log-probabilities of tokens computed anew but the first, and of the one new token."""
        wanted = len(row.tokens) - row.prompt_tokens
        if len(logprobs) < wanted + 1:
            return self._scored_alone(row, common)
        scored = logprobs[-wanted - 1 : -1]
        return replace(common, completion_tokens=len(scored), logprob=float(sum(scored)))

    def _scored_alone(self, row: _Row, common: Reply) -> Reply:
        """What another request had computed reaches into what is to be scored: computed once more, without a cache."""
        if self._plain is None:
            self._plain = open_pipeline(self._model, 0, self._exact, prefixes=False)
        began = time.perf_counter()
        config = configuration(row.request, 1, self._ends)
        row.handle = self._plain.add_request(0, tensor(row.tokens), config)
        while self._plain.has_non_finished_requests():
            self._plain.step()
        logprobs = self._read(row)[1]
        if len(logprobs) != len(row.tokens) + 1:
            told = f"The engine returned {len(logprobs)} log-probabilities for {len(row.tokens)} tokens; report it."
            return replace(common, finish="failed", error=told)
        seconds = common.seconds + time.perf_counter() - began
        scored = logprobs[row.prompt_tokens : -1]
        whole = replace(common, cached_tokens=0, seconds=seconds)
        return replace(whole, completion_tokens=len(scored), logprob=float(sum(scored)))

    def _told(self, request: Generate, reply: Reply, ids: list[int], logprobs: list[float]) -> Reply:
        """The reply, and in a server what it says of single tokens."""
        return reply

    def _encode(self, text: str) -> list[int]:
        if not text:
            return []
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return ids
