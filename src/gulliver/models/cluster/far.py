"""The far side of a cluster as its driver sees it: a worker on some machine that holds models and answers requests."""

from dataclasses import dataclass
from typing import Protocol

from gulliver.models.base import Model, Reply, Request


class Gone(Exception):
    """The worker is no more; the text says how it ended, as part of a sentence."""


@dataclass(frozen=True)
class Heard:
    """What a worker says to one request: a reply, or (`refused`) why its model cannot be asked at all.

    `peak` is the highest memory (bytes) of the process that runs the model; 0 when the model runs elsewhere.
    """

    reply: Reply | None
    refused: str = ""
    peak: int = 0


class Far(Protocol):
    """One worker. Every call raises `Gone` when it has ended; a call that is cancelled here is cancelled there."""

    async def hello(self) -> str:
        """The name of its machine; waits until the cluster has room for it and it runs."""
        ...

    async def open(self, key: str, model: Model) -> str:
        """Have a model ready under a key: "", or one sentence that says why it cannot."""
        ...

    async def ask(self, key: str, request: Request) -> Heard: ...

    async def close(self, key: str) -> None:
        """Let go of a model, with its process."""
        ...

    def kill(self) -> None:
        """End it now, if it still runs; raises nothing."""
        ...
