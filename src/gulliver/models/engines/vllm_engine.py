"""vLLM on a GPU: its own continuous batching and prefix cache, stepped here.

Written against the interface that vLLM documents (0.11 and later: `LLMEngine`, `EngineArgs`, `SamplingParams`,
`RequestOutput`) and tested against stand-ins of those classes; the developers have no GPU and have never run it.
"""

import os
import time
from dataclasses import replace
from typing import Any

from gulliver.errors import MissingExtra, ModelError
from gulliver.models.base import Generate, Model, Reply, Request, Score
from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.tokens import ENDS, Tokens, tokenise
from gulliver.models.guide import grammar

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


class Vllm:
    """An `Engine` over a folder of safetensors with its tokenizer. Its energy is that of the processor, not of the GPU."""

    def __init__(self, model: Model) -> None:
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # this process is the engine's own already
        try:
            import transformers
            import vllm
            import vllm.sampling_params
        except ImportError:
            raise MissingExtra("The engine vllm", "vllm") from None
        if model.location is None or not model.location.is_dir():
            raise ModelError(f"{model.name} is not at {model.location} any more; fetch it again.")
        where = os.fspath(model.location)
        self._vllm = vllm
        self._most = model.card.context_length or 1 << 30
        self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(where, local_files_only=True)
        settings = vllm.EngineArgs(
            model=where,
            dtype=DTYPES[str(model.options.get("precision", "bf16"))],
            load_format="safetensors",
            enable_prefix_caching=True,
            seed=0,
            disable_log_stats=True,
        )
        self._engine: Any = vllm.LLMEngine.from_engine_args(settings)
        vocabulary = self._tokenizer.get_vocab()
        self._ends = [vocabulary[name] for name in ENDS if name in vocabulary]
        self._active: dict[int, Tokens] = {}
        self._refused: list[tuple[int, Reply]] = []
        self._shares = Shares()
        self._energy = EnergyMeter()

    def submit(self, key: int, request: Request) -> None:
        made = tokenise(request, self._encode, self._most, guides=True)
        if isinstance(made, Reply):
            self._refused.append((key, made))
            return
        self._engine.add_request(str(key), {"prompt_token_ids": made.ids}, self._parameters(made))
        self._active[key] = made

    def step(self) -> list[tuple[int, Reply]]:
        finished, self._refused = self._refused, []
        if not self._active:
            return finished
        self._energy.since()
        began = time.perf_counter()
        outputs = self._engine.step()
        self._shares.charge(dict.fromkeys(self._active, 1.0), time.perf_counter() - began, self._energy.since())
        for output in outputs:
            if output.finished and (made := self._active.pop(int(output.request_id), None)) is not None:
                finished.append((int(output.request_id), self._reply(int(output.request_id), made, output)))
        return finished

    def busy(self) -> bool:
        return bool(self._active or self._refused)

    def cancel(self, key: int) -> None:
        if self._active.pop(key, None) is not None:
            self._engine.abort_request([str(key)])
        self._shares.take(key)

    def peak_memory(self) -> int:
        """Bytes that torch took on the GPU at the highest."""
        import torch

        return int(torch.cuda.max_memory_reserved()) if torch.cuda.is_available() else 0

    def _parameters(self, made: Tokens) -> Any:
        kinds = self._vllm.sampling_params
        common = {"output_kind": kinds.RequestOutputKind.FINAL_ONLY, "stop_token_ids": self._ends}
        if isinstance(made.request, Score):
            # None of the likeliest: what is told is each token of the text itself.
            return self._vllm.SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, **common)
        sampling = made.request.sampling
        guided = kinds.StructuredOutputsParams(grammar=grammar(sampling.guide)) if sampling.guide else None
        return self._vllm.SamplingParams(
            max_tokens=made.new,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            seed=made.request.seed % (1 << 63),
            stop=[mark for mark in sampling.stop if mark],
            logprobs=0,
            structured_outputs=guided,
            **common,
        )

    def _reply(self, key: int, made: Tokens, output: Any) -> Reply:
        seconds, joules = self._shares.take(key)
        cached = int(output.num_cached_tokens or 0)
        common = Reply(prompt_tokens=made.prompt, cached_tokens=cached, seconds=seconds, joules=joules)
        if isinstance(made.request, Generate):
            return _written(common, output.outputs[0])
        told = output.prompt_logprobs or []
        if len(told) != len(made.ids):
            said = f"vLLM returned {len(told)} log-probabilities for {len(made.ids)} tokens; report it."
            return replace(common, finish="failed", error=said)
        scored = [told[place][made.ids[place]].logprob for place in range(made.prompt, len(made.ids))]
        return replace(common, completion_tokens=len(scored), logprob=float(sum(scored)))

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids


def _written(common: Reply, written: Any) -> Reply:
    if written.finish_reason not in ("stop", "length"):
        return replace(common, finish="failed", error="The engine gave this request up; ask again.")
    return replace(
        common,
        text=written.text,
        finish=written.finish_reason,
        completion_tokens=len(written.token_ids),
        logprob=None if written.cumulative_logprob is None else float(written.cumulative_logprob),
    )
