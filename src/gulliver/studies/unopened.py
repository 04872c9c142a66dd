"""An engine that must not be opened: what the store holds is looked at, and nothing is asked."""

from gulliver.models.base import Model, Reply, Request


class NotStored(Exception):
    """A request that the store cannot answer."""


class Unopened:
    """A `Client` that raises NotStored for whatever is asked."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def ask(self, request: Request) -> Reply:
        raise NotStored

    def peak_memory(self) -> int:
        return 0

    async def close(self) -> None:
        """Nothing is open."""
