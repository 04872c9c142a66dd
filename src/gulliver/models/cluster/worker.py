"""What runs on a machine of the cluster: one worker, which opens models as this machine would and answers requests."""

import asyncio
import os
from collections.abc import Mapping
from importlib.metadata import version

from gulliver.errors import GulliverError
from gulliver.models.base import Client, Model, Request
from gulliver.models.cluster.far import Heard
from gulliver.models.cluster.placing import Machine, here, placed
from gulliver.models.engines import open_client

CARRIED = ("GULLIVER_API_KEY", "OPENAI_API_KEY", "OMP_NUM_THREADS")
"""What a worker takes over from the study's environment; one that is not set there is not set here either."""


class Worker:
    """One actor. Local models run in processes of their own below it, as everywhere; endpoints are asked from here."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._origin = here()

    async def hello(self, origin: Machine, gulliver: str, environment: Mapping[str, str]) -> tuple[str, str]:
        """This machine's name, and "" or a sentence that says why no study from there can use it.

        Args:
            origin, gulliver: where the study runs, and which Gulliver it is.
            environment: see `CARRIED`; sent to the running worker, so that a key is in no record of the cluster.
        """
        self._origin = origin
        for (
            name
        ) in CARRIED:  # Ray sets OMP_NUM_THREADS by the claim, which would slow an engine that nobody else shares
            os.environ.pop(name, None)
        os.environ.update(environment)
        name, own = here().name, version("gulliver")
        if own != gulliver:
            return name, f"the machine {name} has gulliver {own} and the study {gulliver}, so install the same there"
        return name, ""

    async def open(self, key: str, model: Model) -> str:
        """See `Far.open`. Weights are read with the first request."""
        try:
            # In a thread: it may have to fetch the weights, or to read them through for their digest.
            model = await asyncio.to_thread(placed, model, self._origin)
            self._clients[key] = open_client(model)
        except GulliverError as error:
            return str(error)
        return ""

    async def ask(self, key: str, request: Request) -> Heard:
        """See `Far.ask`."""
        client = self._clients[key]
        try:
            reply = await client.ask(request)
        except GulliverError as error:
            return Heard(None, str(error), client.peak_memory())
        return Heard(reply, "", client.peak_memory())

    async def close(self, key: str) -> None:
        """See `Far.close`."""
        client = self._clients.pop(key, None)
        if client is not None:
            await client.close()
