"""Words every engine shares: what a model is, what it can be asked, and what it replies."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "failed"]

PATIENCE = ("timeout", "retries", "backoff", "concurrency")
"""Options that say how long and how hard a server is asked; they change no answer and are not in the store's key."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True)
class Card:
    """What a model states about itself.

    Attributes:
        parameters: all weights, in numbers (not bytes); 0 when unknown, as for an endpoint.
        active_parameters: weights that one token uses (fewer than all in a mixture of experts).
        embedding_parameters: the input table; counted once when it is tied to the output.
        output_parameters: an output projection of its own; 0 when tied.
        format: the number format as run, such as "Q8_0 (requantised from Q4_K_M)".
        digest: sha256 of the weights as run, or a hash of what identifies an endpoint's model.
        chat_template: jinja source, or None for a base model.
        bos, eos: those tokens as text; "" when the model has none. `bos` is "" also when the template writes it.
        price_prompt, price_completion: money for a million tokens; None when no price is given.
    """

    name: str
    family: str
    digest: str
    architecture: str = "unknown"
    parameters: int = 0
    active_parameters: int = 0
    embedding_parameters: int = 0
    output_parameters: int = 0
    layers: int = 0
    hidden: int = 0
    heads: int = 0
    kv_heads: int = 0
    head_dim: int = 0
    feed_forward: int = 0
    vocabulary: int = 0
    context_length: int = 0
    source: str = ""
    license: str = "not stated"
    format: str = "unknown"
    note: str = ""
    chat_template: str | None = None
    bos: str = ""
    eos: str = ""
    price_prompt: float | None = None
    price_completion: float | None = None


@dataclass(frozen=True)
class Model:
    """Weights that can be asked: a card, where they are, and the engine that runs them. Cheap to make and to pickle.

    Attributes:
        name: as the user wrote it.
        location: the file or folder as the engine reads it; None for an endpoint or a scripted model.
        options: what the engine needs besides (url, script, precision hints); part of the store's key.
    """

    name: str
    card: Card
    engine: str
    engine_version: str
    location: Path | None = None
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. `temperature` 0 is greedy; `top_k` 0 is no cut; `guide` says what the reply must look like
    (see `models.guide`), "" is any text, and then it is no part of the store's key."""

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    stop: tuple[str, ...] = ()
    guide: str = ""


@dataclass(frozen=True)
class Generate:
    """Continue `prompt` (rendered text, exactly as tokenised; no token is added). `seed` is this draw's own.

    For an endpoint, `prompt` is the JSON list of its messages.
    """

    prompt: str
    sampling: Sampling
    seed: int = 0


@dataclass(frozen=True)
class Score:
    """Log-probability of `continuation` after `prompt` (nats, summed over the continuation's tokens)."""

    prompt: str
    continuation: str


@dataclass(frozen=True)
class Embed:
    """One vector for `text`."""

    text: str


Request = Generate | Score | Embed


@dataclass(frozen=True)
class Reply:
    """What came back for one request, with what it took.

    Attributes:
        finish: `stop` (end token or stop string), `length` (cut by max_tokens or the context), `failed`.
        logprob: sum over generated or scored tokens, nats; None when the engine does not tell.
        cached_tokens: prompt tokens that were not computed again.
        seconds: this request's share of the engine's busy time (shares of a batch add up to the batch).
        joules: likewise; None when the machine does not tell.
        error: one sentence when `finish` is `failed`.
    """

    text: str = ""
    finish: Finish = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    logprob: float | None = None
    vector: tuple[float, ...] | None = None
    seconds: float = 0.0
    joules: float | None = None
    error: str = ""

    def without_text(self) -> "Reply":
        """What it took, without what it says."""
        bare = object.__new__(
            Reply
        )  # a frozen dataclass sets its fields one by one, and each request of a study comes here
        vars(bare).update(vars(self), text="", vector=None, error="")
        return bare


class Client(Protocol):
    """A running model, as `inference` sees it: many requests may be awaited at once; it batches what is waiting."""

    def ask(self, request: Request) -> Awaitable[Reply]:
        """One reply. A request that fails is a `failed` Reply, not an exception; only a dead engine raises ModelError."""
        ...

    def peak_memory(self) -> int:
        """Bytes at the highest so far, of the process that runs the model; 0 when it runs elsewhere."""
        ...

    async def close(self) -> None: ...


class Engine(Protocol):
    """A model inside its own process (see `engines/process.py`): submit, then step until replies come out."""

    def submit(self, key: int, request: Request) -> None: ...

    def step(self) -> list[tuple[int, Reply]]:
        """Advance all submitted requests; return those that finished (with their share of seconds filled in)."""
        ...

    def busy(self) -> bool: ...

    def cancel(self, key: int) -> None: ...
