"""llama.cpp's C interface, through ctypes, as the package xllamacpp ships it.

The package's own classes hold a whole server and tell no log-probability of a given text; its extension module also exports
the functions of `llama.h`, which do. Their settings are structures whose layout changes between releases: at the start
the defaults that the library fills in are held against what they are known to be, and another layout is refused.
"""

import ctypes
import importlib.util
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from gulliver.errors import MissingExtra, ModelError

I32, U32, F32, BOOL, PTR, SIZE = (
    ctypes.c_int32, ctypes.c_uint32, ctypes.c_float, ctypes.c_bool, ctypes.c_void_p, ctypes.c_size_t,
)  # fmt: skip
KNOWN = "2026.10.11549"
"""The release whose structures stand here."""
F16_TYPE = 1
NO_FLASH_ATTENTION, FLASH_ATTENTION = 0, 1


class ModelSettings(ctypes.Structure):
    """`llama_model_params`."""

    _fields_ = (
        ("devices", PTR), ("overrides", PTR), ("n_gpu_layers", I32), ("split_mode", I32), ("load_mode", I32),
        ("lazy_mode", I32), ("main_gpu", I32), ("tensor_split", PTR), ("progress", PTR), ("progress_data", PTR),
        ("kv_overrides", PTR), ("vocab_only", BOOL), ("check_tensors", BOOL), ("use_extra_bufts", BOOL),
        ("no_host", BOOL), ("no_alloc", BOOL), ("load_mtp", BOOL), ("beyond", ctypes.c_uint8 * 64),
    )  # fmt: skip


class ContextSettings(ctypes.Structure):
    """`llama_context_params`. It is handed over by value as the last argument, so that bytes beyond its end do no harm."""

    _fields_ = (
        ("n_ctx", U32), ("n_batch", U32), ("n_ubatch", U32), ("n_seq_max", U32), ("n_rs_seq", U32),
        ("n_outputs_max", U32), ("n_outputs_max_per_seq", U32), ("n_threads", I32), ("n_threads_batch", I32),
        ("ctx_type", I32), ("rope_scaling_type", I32), ("pooling_type", I32), ("attention_type", I32),
        ("flash_attn_type", I32), ("rope", F32 * 6), ("yarn_orig_ctx", U32), ("defrag_thold", F32),
        ("cb_eval", PTR), ("cb_eval_data", PTR), ("type_k", I32), ("type_v", I32), ("moe_cache_size", SIZE),
        ("abort", PTR), ("abort_data", PTR), ("embeddings", BOOL), ("offload_kqv", BOOL), ("no_perf", BOOL),
        ("op_offload", BOOL), ("swa_full", BOOL), ("kv_unified", BOOL), ("beyond", ctypes.c_uint8 * 64),
    )  # fmt: skip


class Batch(ctypes.Structure):
    """`llama_batch`: arrays of as many entries as there are tokens."""

    _fields_ = (
        ("n_tokens", I32), ("token", PTR), ("embd", PTR), ("pos", PTR), ("n_seq_id", PTR), ("seq_id", PTR),
        ("logits", PTR),
    )  # fmt: skip


class Candidates(ctypes.Structure):
    """`llama_token_data_array`; `data` points to (id, logit, p) of each token."""

    _fields_ = (("data", PTR), ("size", SIZE), ("selected", ctypes.c_int64), ("sorted", BOOL))


_KNOWN_MODEL = {"n_gpu_layers": -1, "split_mode": 1, "main_gpu": 0, "vocab_only": False, "use_extra_bufts": True}
_KNOWN_CONTEXT = {
    "n_ctx": 512, "n_batch": 2048, "n_ubatch": 512, "n_seq_max": 1, "n_outputs_max": 0, "n_threads": 4,
    "n_threads_batch": 4, "ctx_type": 0, "rope_scaling_type": -1, "flash_attn_type": -1, "defrag_thold": -1.0,
    "type_k": F16_TYPE, "type_v": F16_TYPE, "embeddings": False, "offload_kqv": True, "no_perf": True,
    "op_offload": True, "swa_full": True, "kv_unified": False,
}  # fmt: skip
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "llama_backend_init": (None, ()),
    "llama_model_default_params": (ModelSettings, ()),
    "llama_context_default_params": (ContextSettings, ()),
    "llama_model_load_from_file": (PTR, (ctypes.c_char_p, ModelSettings)),
    "llama_init_from_model": (PTR, (PTR, ContextSettings)),
    "llama_n_ctx": (U32, (PTR,)),
    "llama_n_ctx_seq": (U32, (PTR,)),
    "llama_n_seq_max": (U32, (PTR,)),
    "llama_n_threads": (I32, (PTR,)),
    "llama_model_get_vocab": (PTR, (PTR,)),
    "llama_model_has_encoder": (BOOL, (PTR,)),
    "llama_model_is_recurrent": (BOOL, (PTR,)),
    "llama_model_is_hybrid": (BOOL, (PTR,)),
    "llama_vocab_n_tokens": (I32, (PTR,)),
    "llama_vocab_eos": (I32, (PTR,)),
    "llama_vocab_is_eog": (BOOL, (PTR, I32)),
    "llama_tokenize": (I32, (PTR, ctypes.c_char_p, I32, PTR, I32, BOOL, BOOL)),
    "llama_token_to_piece": (I32, (PTR, I32, PTR, I32, I32, BOOL)),
    "llama_get_memory": (PTR, (PTR,)),
    "llama_memory_seq_rm": (BOOL, (PTR, I32, I32, I32)),
    "llama_memory_seq_cp": (None, (PTR, I32, I32, I32, I32)),
    "llama_decode": (I32, (PTR, Batch)),
    "llama_get_logits_ith": (ctypes.POINTER(F32), (PTR, I32)),
    "llama_sampler_init_grammar": (PTR, (PTR, ctypes.c_char_p, ctypes.c_char_p)),
    "llama_sampler_apply": (None, (PTR, ctypes.POINTER(Candidates))),
    "llama_sampler_accept": (None, (PTR, I32)),
    "llama_sampler_free": (None, (PTR,)),
}
_Log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, PTR)


def _tell(level: int, text: bytes, _: int) -> None:
    """Only errors go to the process's log."""
    if level == 4:
        print(text.decode("utf-8", "replace"), end="", flush=True)


_TOLD = _Log(_tell)
"""Held here, since the library calls it for as long as the process lives."""


@cache
def library() -> Any:
    """The library, its functions typed, ready to load models.

    Raises:
        MissingExtra: xllamacpp is not installed.
        ModelError: its release has other structures than those known here.
    """
    found = importlib.util.find_spec("xllamacpp")
    if found is None or not found.submodule_search_locations:
        raise MissingExtra("The engine llamacpp", "llamacpp")
    files = sorted(Path(found.submodule_search_locations[0]).glob("xllamacpp*.so"))
    if not files:
        raise MissingExtra("The engine llamacpp", "llamacpp")
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # an abort would start a debugger to print one
    lib = ctypes.CDLL(str(files[0]))
    try:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(lib, name)
            function.restype, function.argtypes = result, list(arguments)
    except AttributeError:
        raise ModelError(_other_release()) from None
    check_layout(lib.llama_model_default_params(), lib.llama_context_default_params())
    lib.llama_log_set(_TOLD, None)
    lib.llama_backend_init()
    return lib


def check_layout(model: ModelSettings, context: ContextSettings) -> None:
    """Hold the defaults of both structures against the known ones.

    Raises:
        ModelError: something stands in another place.
    """
    for told, known in ((model, _KNOWN_MODEL), (context, _KNOWN_CONTEXT)):
        if any(getattr(told, name) != value for name, value in known.items()):
            raise ModelError(_other_release())


def text_of(call: Callable[[Any, int], int], size: int = 64) -> bytes:
    """What a function writes into a buffer: it gives the length, or minus the length when the room was too small."""
    room = ctypes.create_string_buffer(size)
    length = call(room, size)
    return room.raw[:length] if length >= 0 else text_of(call, -length)


def _other_release() -> str:
    from importlib.metadata import version

    return f"The engine llamacpp does not know the structures of xllamacpp {version('xllamacpp')}; run: pip install xllamacpp=={KNOWN}"
