"""Stand-ins for the classes of vLLM that the engine uses, with the names and defaults that its documentation gives."""

import enum
import types
from dataclasses import dataclass, field
from typing import Any


class RequestOutputKind(enum.Enum):
    CUMULATIVE = 0
    DELTA = 1
    FINAL_ONLY = 2


@dataclass
class StructuredOutputsParams:
    json: str | dict[str, Any] | None = None
    regex: str | None = None
    choice: list[str] | None = None
    grammar: str | None = None


@dataclass
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    max_tokens: int | None = 16
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE
    structured_outputs: StructuredOutputsParams | None = None


@dataclass
class EngineArgs:
    model: str
    dtype: str = "auto"
    load_format: str = "auto"
    enable_prefix_caching: bool | None = None
    seed: int = 0
    disable_log_stats: bool = False


@dataclass
class Logprob:
    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


@dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: list[int]
    cumulative_logprob: float | None
    finish_reason: str | None = None
    stop_reason: int | str | None = None


@dataclass
class RequestOutput:
    request_id: str
    prompt_token_ids: list[int]
    prompt_logprobs: list[dict[int, Logprob] | None] | None
    outputs: list[CompletionOutput]
    finished: bool
    num_cached_tokens: int | None = None


@dataclass
class LLMEngine:
    """Writes one letter a step, the seed's, until `max_tokens`; a prompt's token t has log-probability -t / 10."""

    args: EngineArgs
    requests: dict[str, tuple[list[int], SamplingParams, int]] = field(default_factory=dict)
    aborted: list[str] = field(default_factory=list)

    @classmethod
    def from_engine_args(cls, engine_args: EngineArgs) -> "LLMEngine":
        return cls(engine_args)

    def add_request(self, request_id: str, prompt: dict[str, list[int]], params: SamplingParams) -> None:
        assert request_id not in self.requests
        self.requests[request_id] = (prompt["prompt_token_ids"], params, 0)

    def abort_request(self, request_ids: list[str]) -> None:
        for name in request_ids:
            self.aborted.append(name)
            self.requests.pop(name)

    def step(self) -> list[RequestOutput]:
        out = []
        for name, (ids, params, done) in list(self.requests.items()):
            self.requests[name] = (ids, params, done + 1)
            if done + 1 >= (params.max_tokens or 16):
                del self.requests[name]
                out.append(self._output(name, ids, params, done + 1))
        return out

    def _output(self, name: str, ids: list[int], params: SamplingParams, count: int) -> RequestOutput:
        letter = chr(ord("a") + (params.seed or 0) % 26)
        text, reason = letter * count, "length"
        for mark in params.stop or ():
            if mark in text:
                text, reason = text[: text.index(mark)], "stop"
        told = None
        if params.prompt_logprobs is not None:
            told = [None, *({token: Logprob(-token / 10)} for token in ids[1:])]
        total = None if params.logprobs is None else -0.5 * count
        written = CompletionOutput(0, text, [7] * count, total, reason)
        return RequestOutput(name, ids, told, [written], True, 16 if len(ids) > 16 else 0)


def module() -> types.ModuleType:
    """The package `vllm`, with `vllm.sampling_params` in it."""
    made, kinds = types.ModuleType("vllm"), types.ModuleType("vllm.sampling_params")
    for kind in (SamplingParams, StructuredOutputsParams, RequestOutputKind):
        setattr(kinds, kind.__name__, kind)
    for kind in (EngineArgs, LLMEngine, SamplingParams):
        setattr(made, kind.__name__, kind)
    made.sampling_params = kinds  # type: ignore[attr-defined]
    return made
