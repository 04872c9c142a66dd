"""A worker on a Ray cluster: an actor, so that Ray finds a machine for it and says when it has died."""

import asyncio
import contextlib
import os
from importlib.metadata import version
from typing import Any

from gulliver.models.base import Model, Request
from gulliver.models.cluster.connect import ray_module
from gulliver.models.cluster.far import Gone, Heard
from gulliver.models.cluster.placing import here
from gulliver.models.cluster.worker import CARRIED, Worker

_ENDS = (
    ("No module named 'gulliver'", "gulliver is not installed on its machine"),
    ("low on memory", "its machine ran out of memory"),
    ("node died", "its machine is gone"),
    ("ray.kill", "it was ended by ray.kill"),
    ("exit type: SYSTEM_ERROR", "its process was ended from outside"),
)


class RayWorker:
    """A `Far`. Claims one CPU of the cluster and, where the study's models need one, a GPU.

    Ray starts nothing anew and repeats nothing by itself: who sends the requests knows which of them were answered.
    """

    def __init__(self, gpus: int = 0) -> None:
        self._gpus = gpus
        self._actor: Any = None

    async def hello(self) -> str:
        ray = ray_module()
        environment = {name: os.environ[name] for name in CARRIED if name in os.environ}
        try:
            actor = ray.remote(Worker).options(
                num_cpus=1, num_gpus=self._gpus, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
            )
            self._actor = actor.remote()
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise Gone(_how_it_ended(error)) from None
        name, why = await self._call("hello", here(), version("gulliver"), environment)
        if why:
            raise Gone(why)
        return str(name)

    async def open(self, key: str, model: Model) -> str:
        return str(await self._call("open", key, model))

    async def ask(self, key: str, request: Request) -> Heard:
        heard: Heard = await self._call("ask", key, request)
        return heard

    async def close(self, key: str) -> None:
        await self._call("close", key)

    def kill(self) -> None:
        actor, self._actor = self._actor, None
        if actor is not None:
            with contextlib.suppress(Exception):  # it may be gone, and so may the whole cluster
                ray_module().kill(actor, no_restart=True)

    async def _call(self, method: str, *arguments: Any) -> Any:
        ray = ray_module()
        if self._actor is None:
            raise Gone("it was let go")
        try:
            ref = getattr(self._actor, method).remote(*arguments)
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise Gone(_how_it_ended(error)) from None
        try:
            return await ref
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                ray.cancel(ref)
            raise
        except ray.exceptions.RayTaskError:
            raise  # an error of ours on the far side, with its traceback
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise Gone(_how_it_ended(error)) from None


def _how_it_ended(error: Exception) -> str:
    text = str(error)
    for mark, words in _ENDS:
        if mark in text:
            return words
    return f"{type(error).__name__} of Ray"
