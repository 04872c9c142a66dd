"""One worker's place among the others: what it has under way, and which models it was given."""

import asyncio

from gulliver.models.base import Model
from gulliver.models.cluster.far import Far


class Seat:
    """`ready`: it runs and takes requests; `under_way`: how many it has."""

    def __init__(self, far: Far) -> None:
        self.far = far
        self.ready = False
        self.under_way = 0
        self.machine = ""
        self._models: dict[str, asyncio.Task[str]] = {}

    async def given(self, key: str, model: Model) -> str:
        """Give it the model, once however many ask for it; "", or why it cannot have it.

        Raises:
            Gone: it has ended.
        """
        if key not in self._models:
            self._models[key] = asyncio.create_task(self.far.open(key, model))
            self._models[key].add_done_callback(_looked_at)
        # Shielded: a request given up must not take along what others wait for.
        return await asyncio.shield(self._models[key])

    async def taken(self, key: str) -> None:
        """Take the model away, if it has it.

        Raises:
            Gone: it has ended.
        """
        opening = self._models.pop(key, None)
        if opening is not None:
            await opening
            await self.far.close(key)

    def leave(self) -> None:
        """End it; what is under way there hears that it is gone."""
        self.ready = False
        self.far.kill()


def _looked_at(task: "asyncio.Task[str]") -> None:
    if not task.cancelled():
        task.exception()  # so that one that nobody waits for any more is not reported as lost
