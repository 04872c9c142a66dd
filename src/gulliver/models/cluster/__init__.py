"""Many machines: the requests of one study, answered by workers all over a Ray cluster."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gulliver.errors import ClusterError
from gulliver.models.base import Model
from gulliver.models.cluster.connect import connected
from gulliver.models.cluster.pool import Pool
from gulliver.models.cluster.ray_worker import RayWorker

IN_FLIGHT = 32


@dataclass(frozen=True)
class On:
    """Where requests are answered.

    Attributes:
        address: see `connected`.
        workers: how many; None is one a machine, since the engine of a local model uses all of a machine's cores.
        in_flight: requests under way at once, at most, on each.
    """

    address: str = "ray"
    workers: int | None = None
    in_flight: int = IN_FLIGHT

    def __post_init__(self) -> None:
        for name, number in (("workers", self.workers), ("in_flight", self.in_flight)):
            if number is not None and number < 1:
                raise ClusterError(f"{name} must be a whole number above 0, not {number!r}.")


@asynccontextmanager
async def opened(on: On, models: Iterable[Model] = ()) -> AsyncIterator[Pool]:
    """Workers on that cluster, for models that may be asked there.

    Raises:
        MissingExtra: Ray is not installed.
        ClusterError: the cluster cannot be reached, or has no room.
    """
    gpus = int(any(model.options.get("device") == "cuda" or model.engine == "vllm" for model in models))
    with connected(on.address, on.workers) as cluster:
        pool = Pool(partial(RayWorker, gpus), on.workers or cluster.machines, on.in_flight, cluster.where)
        try:
            await pool.open()
            yield pool
        finally:
            await pool.close()
