"""llama.cpp on a CPU: any GGUF as it is, several sequences at once, shared prefixes by sequence copies.

A request that begins as another does starts behind a copy of that one's sequence, which costs nothing; while another is
still reading what both begin with, it waits. Tokens are drawn here, from the raw logits, each request with its own seed.
"""

import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gulliver.models.base import Generate, Model, Reply, Request, Sampling, Score
from gulliver.models.engines import is_on
from gulliver.models.engines.draws import Row, drawn, normaliser
from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.llamacpp_parts import (
    BATCHED_TOKENS,
    CACHE_BYTES,
    KEPT,
    ROWS,
    SEQUENCES,
    Grammar,
    Piece,
    Weights,
)
from gulliver.models.engines.slots import Slot, Slots
from gulliver.models.engines.tokens import Tokens, before_stop, tokenise

HELD = 1024
"""Tokens that finished requests hold beside the last of them, since attention goes over all that the cache holds."""
WINDOW = 64
"""How many waiting requests are looked at for one that may start."""


@dataclass
class _Row:
    """A request on its way. `done`: how many of `todo` (its prompt, what is scored but its last token, what was written) are
    computed."""

    key: int
    made: Tokens
    chance: random.Random
    grammar: Grammar | None
    todo: list[int]
    slot: Slot
    cached: int = 0
    done: int = 0
    written: int = 0
    text: bytes = b""
    logprob: float = 0.0

    @property
    def longest(self) -> int:
        return len(self.made.ids) + self.made.new


@dataclass
class _Waiting:
    key: int
    made: Tokens
    grammar: Grammar | None = field(default=None)


class LlamaCpp:
    """An `Engine` over one GGUF file of any type that llama.cpp reads. Options of the model: `prefix_cache=false` computes each
    request anew; `flash=true` is faster with many or long sequences, and log-probabilities drift with the company."""

    def __init__(self, model: Model) -> None:
        card = model.card
        token = 4 * card.layers * card.kv_heads * card.head_dim or 1 << 16  # keys and values, two bytes each
        self._places = max(512, min(max(16 * 1024, card.context_length), CACHE_BYTES // token))
        self._most = min(card.context_length or 1 << 30, self._places)
        self._weights = Weights(model, self._places, is_on(model, "flash"))
        cache = "prefix_cache" not in model.options or is_on(model, "prefix_cache")
        self._slots = Slots(SEQUENCES + KEPT, keep=cache and self._weights.shares)
        self._queue: deque[_Waiting] = deque()
        self._active: list[_Row] = []
        self._refused: list[tuple[int, Reply]] = []
        self._shares = Shares()
        self._energy = EnergyMeter()

    def submit(self, key: int, request: Request) -> None:
        made = tokenise(request, self._weights.encode, self._most, guides=True)
        if isinstance(made, Reply):
            self._refused.append((key, made))
            return
        guide = made.request.sampling.guide if isinstance(made.request, Generate) else ""
        self._queue.append(_Waiting(key, made, self._weights.grammar(guide) if guide else None))

    def step(self) -> list[tuple[int, Reply]]:
        finished, self._refused = self._refused, []
        self._admit()
        taken, pieces = self._plan()
        if not pieces:
            return finished
        self._energy.since()
        began = time.perf_counter()
        told = self._decode(pieces)
        for row, piece, rows in zip(taken, pieces, told, strict=True):
            row.done += len(piece.tokens)
            row.slot.tokens.extend(piece.tokens)
            if row.done >= len(row.todo):
                row.slot.reading = None
            reply = self._heard(row, piece, rows)
            if reply is not None:
                self._leave(row)
                finished.append((row.key, reply))
        weights = {row.key: float(len(piece.tokens)) for row, piece in zip(taken, pieces, strict=True)}
        self._shares.charge(weights, time.perf_counter() - began, self._energy.since())
        return [(key, self._priced(key, reply) if key in weights else reply) for key, reply in finished]

    def busy(self) -> bool:
        return bool(self._active or self._queue or self._refused)

    def cancel(self, key: int) -> None:
        self._queue = deque(waiting for waiting in self._queue if waiting.key != key)
        for row in [row for row in self._active if row.key == key]:
            self._leave(row)
        self._shares.take(key)

    def _admit(self) -> None:
        """Start what has a sequence, room for its longest outcome, and nothing to gain from waiting."""
        free = self._places - sum(row.longest for row in self._active)
        later: list[_Waiting] = []
        while self._queue and len(self._active) < SEQUENCES and len(later) < WINDOW:
            made = self._queue[0].made
            if len(made.ids) + made.new > free and self._active:
                break
            waiting = self._queue.popleft()
            scores = isinstance(made.request, Score)
            # The row of logits before the first token that is asked for is computed anew.
            source, shared, wait = self._slots.best(made.ids, made.prompt - 1 if scores else len(made.ids) - 1)
            if wait:
                later.append(waiting)
                continue
            free -= len(made.ids) + made.new
            self._start(waiting, source, shared)
        self._queue.extendleft(reversed(later))

    def _start(self, waiting: _Waiting, source: Slot | None, shared: int) -> None:
        made = waiting.made
        slot = self._slots.take(source)
        if slot is source:
            self._weights.cut(slot.number, shared)
        else:
            self._weights.copy(source.number if source else 0, slot.number, shared)
        slot.tokens = slot.tokens[:0]
        slot.tokens.extend(made.ids[:shared])
        slot.reading = slot.tokens[:0]
        slot.reading.extend(made.ids)
        seed = made.request.seed if isinstance(made.request, Generate) else 0
        # Nothing follows what is scored, so that its last token need not be computed.
        todo = made.ids[:-1] if isinstance(made.request, Score) else list(made.ids)
        row = _Row(waiting.key, made, random.Random(seed), waiting.grammar, todo, slot, shared, shared)
        self._active.append(row)

    def _plan(self) -> tuple[list[_Row], list[Piece]]:
        """What the next pass computes: one token of each text under way, then as much of prompts as fits."""
        taken: list[_Row] = []
        pieces: list[Piece] = []
        room, rows = BATCHED_TOKENS, ROWS
        for row in sorted(self._active, key=lambda row: len(row.todo) - row.done > 1):
            part = min(len(row.todo) - row.done, room)
            told = self._told(row, part)
            if told > rows:
                part -= told - rows
                told = rows
            if part <= 0:
                continue
            pieces.append(Piece(row.slot.number, row.done, row.todo[row.done : row.done + part], told))
            taken.append(row)
            room -= part
            rows -= told
        return taken, pieces

    def _told(self, row: _Row, part: int) -> int:
        """Rows of logits wanted from the next `part` tokens, at their end."""
        end = row.done + part
        if isinstance(row.made.request, Score):
            return max(0, end - max(row.done, row.made.prompt - 1))
        return int(end == len(row.todo))

    def _decode(self, pieces: Sequence[Piece]) -> list[list[Row]]:
        """The pass; what finished requests left in the cache makes room when there is none."""
        while (told := self._weights.decode(pieces)) is None:
            if not self._forget(self._slots.oldest()):
                raise MemoryError("llama.cpp's cache is full")
        return told

    def _forget(self, slot: Slot | None) -> bool:
        """Drop what a finished request left; whether there was one."""
        if slot is not None:
            self._weights.cut(slot.number, 0)
            slot.tokens = slot.tokens[:0]
        return slot is not None

    def _heard(self, row: _Row, piece: Piece, rows: Sequence[Row]) -> Reply | None:
        """The reply, when this pass ends the request."""
        request = row.made.request
        if isinstance(request, Score):
            first = row.done - len(rows)
            for place, logits in enumerate(rows, first + 1):
                row.logprob += float(logits[row.made.ids[place]]) - normaliser(logits)
            if row.done < len(row.todo):
                return None
            return self._said(row, Reply(completion_tokens=len(row.made.ids) - row.made.prompt, logprob=row.logprob))
        return self._draw(row, request.sampling, rows[0]) if rows else None

    def _draw(self, row: _Row, sampling: Sampling, logits: Row) -> Reply | None:
        token = drawn(logits, sampling, row.chance.random())
        if row.grammar is not None:
            if not row.grammar.allows(token, logits):
                token = drawn(row.grammar.masked(logits), sampling, row.chance.random())
            row.grammar.take(token)
        row.logprob += float(logits[token]) - normaliser(logits)
        row.todo.append(token)
        row.written += 1
        ended = token in self._weights.ends or (row.grammar is not None and row.grammar.ends(token))
        if not ended:
            row.text += self._weights.piece(token)
            text = row.text.decode("utf-8", "replace") if sampling.stop else ""
            ended = any(mark in text for mark in sampling.stop if mark)
        if not ended and row.written < row.made.new:
            return None
        text = before_stop(row.text.decode("utf-8", "replace"), sampling.stop)
        finish = Reply(text, "stop" if ended else "length", completion_tokens=row.written, logprob=row.logprob)
        return self._said(row, finish)

    def _said(self, row: _Row, reply: Reply) -> Reply:
        return replace(reply, prompt_tokens=row.made.prompt, cached_tokens=row.cached)

    def _priced(self, key: int, reply: Reply) -> Reply:
        seconds, joules = self._shares.take(key)
        return replace(reply, seconds=seconds, joules=joules)

    def _leave(self, row: _Row) -> None:
        self._active.remove(row)
        self._slots.release(row.slot)
        if not self._slots.keeps:
            self._forget(row.slot)
        while self._slots.held() > HELD and (oldest := self._slots.oldest()) is not row.slot:
            self._forget(oldest)
