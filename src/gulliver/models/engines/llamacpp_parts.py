"""A GGUF under llama.cpp: its text as tokens, one forward pass over tokens of several sequences, and grammars."""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gulliver.errors import ModelError
from gulliver.models.base import Model
from gulliver.models.engines.draws import Row
from gulliver.models.engines.llamacpp_library import (
    FLASH_ATTENTION,
    NO_FLASH_ATTENTION,
    Batch,
    Candidates,
    library,
    text_of,
)
from gulliver.models.engines.tokens import ENDS
from gulliver.models.guide import grammar

SEQUENCES = 16
KEPT = 16
"""Sequences of finished requests whose tokens stay for those that begin alike."""
BATCHED_TOKENS = 512
ROWS = 64
"""Rows of logits in one forward pass at most; llama.cpp wants no fewer than sequences."""
CACHE_BYTES = 2 << 30
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


@dataclass(frozen=True)
class Piece:
    """Tokens of one sequence that stand at `start` and the following places; `told`: of how many, from the last, the logits
    are wanted."""

    sequence: int
    start: int
    tokens: Sequence[int]
    told: int


class Weights:
    """The file and its cache, with room for `places` tokens in all.

    Args:
        flash: llama.cpp's flash attention. It skips what other sequences hold in the cache, and sums in 16 bits, by where
            tokens lie there.

    Raises:
        MissingExtra: xllamacpp is not installed.
        ModelError: the file is gone, or llama.cpp cannot read or continue it.
    """

    def __init__(self, model: Model, places: int, flash: bool = False) -> None:
        if model.location is None or not model.location.is_file():
            raise ModelError(f"{model.name} is not at {model.location} any more; fetch it again.")
        self._lib = library()
        settings = self._lib.llama_model_default_params()
        self._model = self._lib.llama_model_load_from_file(os.fsencode(model.location), settings)
        if not self._model:
            raise ModelError(f"llama.cpp cannot read {model.location}; check the file, or fetch it again.")
        if self._lib.llama_model_has_encoder(self._model):
            raise ModelError(f"{model.name} reads with an encoder and does not continue a text; choose another model.")
        self.shares = not (
            self._lib.llama_model_is_recurrent(self._model) or self._lib.llama_model_is_hybrid(self._model)
        )
        self._context = self._open(places, flash)
        self._memory = self._lib.llama_get_memory(self._context)
        self.vocab = self._lib.llama_model_get_vocab(self._model)
        self.vocabulary = int(self._lib.llama_vocab_n_tokens(self.vocab))
        self._numbers = (ctypes.c_int32 * (SEQUENCES + KEPT))(*range(SEQUENCES + KEPT))
        self._arrays = {name: np.zeros(BATCHED_TOKENS, np.int32) for name in ("token", "pos", "n_seq_id")}
        self._arrays["n_seq_id"][:] = 1
        self._arrays["seq_id"] = np.zeros(BATCHED_TOKENS, np.uint64)
        self._arrays["logits"] = np.zeros(BATCHED_TOKENS, np.int8)
        self._pieces: dict[int, bytes] = {}
        self.ends = self._end_tokens()

    def encode(self, text: str) -> list[int]:
        """Ids, with no token added; tokens with a meaning of their own are known by their text."""
        said = text.encode()
        room = (ctypes.c_int32 * (len(said) + 8))()
        count = self._lib.llama_tokenize(self.vocab, said, len(said), room, len(room), False, True)
        return list(room[:count])

    def piece(self, token: int) -> bytes:
        """What a token adds to the text; nothing for one that only has a meaning."""
        if token not in self._pieces:
            self._pieces[token] = text_of(
                lambda room, size: self._lib.llama_token_to_piece(self.vocab, token, room, size, 0, False)
            )
        return self._pieces[token]

    def decode(self, pieces: Sequence[Piece]) -> list[list[Row]] | None:
        """One forward pass over at most `BATCHED_TOKENS` tokens; for each piece the rows of logits that it wants, which the next
        pass overwrites. None when the cache has no room, and then nothing has changed.

        Raises:
            ModelError: llama.cpp failed.
        """
        count = 0
        wanted: list[range] = []
        first = ctypes.addressof(self._numbers)
        for piece in pieces:
            end = count + len(piece.tokens)
            self._arrays["token"][count:end] = piece.tokens
            self._arrays["pos"][count:end] = range(piece.start, piece.start + len(piece.tokens))
            self._arrays["seq_id"][count:end] = first + 4 * piece.sequence
            self._arrays["logits"][count:end] = 0
            self._arrays["logits"][end - piece.told : end] = 1
            wanted.append(range(end - piece.told, end))
            count = end
        where = {name: array.ctypes.data for name, array in self._arrays.items()}
        failed = self._lib.llama_decode(self._context, Batch(n_tokens=count, **where))
        if failed == 1:
            return None
        if failed:
            raise ModelError(f"llama.cpp could not compute a batch (code {failed}); start again with fewer items.")
        return [[self._row(place) for place in places] for places in wanted]

    def copy(self, source: int, target: int, length: int) -> None:
        """Let a sequence hold the first `length` tokens of another, and no others. They are not computed or stored again."""
        self.cut(target, 0)
        if length:
            self._lib.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def cut(self, sequence: int, length: int) -> None:
        """Keep only the first tokens of a sequence."""
        self._lib.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def grammar(self, guide: str) -> "Grammar":
        """A fresh grammar for one reply.

        Raises:
            ModelError: llama.cpp cannot read it.
        """
        return Grammar(self._lib, self.vocab, guide, self.vocabulary)

    def _open(self, places: int, flash: bool) -> Any:
        settings = self._lib.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = places, BATCHED_TOKENS, BATCHED_TOKENS
        settings.n_seq_max = SEQUENCES + KEPT
        settings.n_outputs_max = settings.n_outputs_max_per_seq = ROWS
        settings.n_threads = settings.n_threads_batch = threads()
        settings.flash_attn_type = FLASH_ATTENTION if flash else NO_FLASH_ATTENTION
        settings.kv_unified = True  # one room for all sequences, so that a copy costs nothing
        context = self._lib.llama_init_from_model(self._model, settings)
        if not context:
            raise ModelError("llama.cpp could not make room for the cache; free some memory.")
        arrived = (self._lib.llama_n_seq_max(context), self._lib.llama_n_threads(context))
        one = self._lib.llama_n_ctx_seq(context)
        if arrived != (SEQUENCES + KEPT, threads()) or one < places:
            raise ModelError("llama.cpp did not take its settings as they were meant; install another xllamacpp.")
        return context

    def _row(self, place: int) -> Row:
        pointer = self._lib.llama_get_logits_ith(self._context, place)
        return np.ctypeslib.as_array(pointer, (self.vocabulary,))

    def _end_tokens(self) -> frozenset[int]:
        known = [ids[0] for ids in map(self.encode, ENDS) if len(ids) == 1]
        return frozenset(token for token in (int(self._lib.llama_vocab_eos(self.vocab)), *known) if token >= 0)


class Grammar:
    """Which tokens may come next under a guide (see `models.guide`); it moves on with each token taken."""

    def __init__(self, lib: Any, vocab: Any, guide: str, vocabulary: int) -> None:
        self._lib, self._vocab = lib, vocab
        self._handle = lib.llama_sampler_init_grammar(vocab, grammar(guide).encode(), b"root")
        if not self._handle:
            raise ModelError("llama.cpp cannot keep the guide of this request; use openvino.")
        self._all = np.arange(vocabulary, dtype=np.int32)

    def masked(self, logits: Row, tokens: "np.ndarray[Any, Any] | None" = None) -> Row:
        """The logits with -inf for each token that may not come; of `tokens` alone when given."""
        ids = self._all if tokens is None else tokens
        data = np.zeros(len(ids), _CANDIDATE)
        data["id"], data["logit"] = ids, logits[ids]
        self._lib.llama_sampler_apply(self._handle, ctypes.byref(Candidates(data.ctypes.data, len(ids), -1, False)))
        found: Row = data["logit"].copy()
        return found

    def allows(self, token: int, logits: Row) -> bool:
        """Whether a token may come next."""
        return bool(np.isfinite(self.masked(logits, np.array([token], np.int32))[0]))

    def ends(self, token: int) -> bool:
        """Whether a token is one of those that llama.cpp lets end a text."""
        return bool(self._lib.llama_vocab_is_eog(self._vocab, token))

    def take(self, token: int) -> None:
        """Move on behind a token that may come."""
        self._lib.llama_sampler_accept(self._handle, token)

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._lib.llama_sampler_free(self._handle)


def threads() -> int:
    """Cores that this process may use, without the second threads of a core."""
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))
