"""What a running server holds: recipes, engines, the queue, keys, counters."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gulliver.errors import StudyError
from gulliver.inference.keys import model_key
from gulliver.models.encoder import Encoder
from gulliver.serving.audit import Audit, AuditPlan
from gulliver.serving.calibration import calibrate
from gulliver.serving.choose import Found, Served, made, with_strategies
from gulliver.serving.engine import LiveEngine, open_live
from gulliver.serving.errors import ApiError
from gulliver.serving.fallback import Fallback, check
from gulliver.serving.keys import Keys
from gulliver.serving.metrics import Metrics
from gulliver.serving.queue import Queue
from gulliver.studies.thresholds import Calibrated
from gulliver.tasks.model_judge import ModelJudge


@dataclass(frozen=True)
class Limits:
    """What one server and one request may take.

    Attributes:
        at_once: requests answered at the same time; waiting: requests that may wait besides.
        seconds: from a request's body to its answer, waiting included.
        body: bytes of a request's body; patience: seconds within which its head and its body must have come.
        drain: seconds that requests under way get when the server is told to stop.
    """

    at_once: int = 32
    waiting: int = 128
    seconds: float = 120.0
    body: int = 1 << 20
    patience: float = 10.0
    drain: float = 30.0


@dataclass
class Room:
    """Everything that requests share."""

    served: dict[str, Served]
    name: str
    fallback: Fallback | None
    engines: dict[str, LiveEngine]
    keys: Keys
    limits: Limits
    queue: Queue
    calibrated: Calibrated | None = None
    audit: Audit | None = None
    encoder: Encoder | None = None
    metrics: Metrics = field(default_factory=Metrics)
    draining: bool = False

    def find(self, model: str) -> Served:
        """The recipe that a request names; none is the one that is served.

        Raises:
            ApiError: 404.
        """
        found = self.served.get(model or self.name)
        if found is None:
            raise ApiError(
                404, f"There is no model of that name here; GET /v1/models lists {len(self.served)}.",
                code="model_not_found", param="model",
            )  # fmt: skip
        return found

    def falls_back(self, served: Served) -> Fallback | None:
        """The fallback of a recipe: only the one that was measured has one."""
        return self.fallback if served.name == self.name else None

    def ready(self) -> bool:
        """Whether a request that comes now will be answered."""
        return not self.draining and all(engine.ready() for engine in self.engines.values())

    @property
    def restarts(self) -> int:
        return sum(engine.restarts for engine in self.engines.values())

    async def close(self) -> None:
        """End all engines, and what looks at answers again."""
        if self.audit is not None:
            await self.audit.close()
        for engine in self.engines.values():
            await engine.close()


async def open_room(
    found: Found,
    fallback: Found | None = None,
    threshold: float = 0.5,
    quality: float | None = None,
    keys: Keys | None = None,
    limits: Limits | None = None,
    strategies: Sequence[str] = (),
    audit: AuditPlan | None = None,
    encoder: Encoder | None = None,
    alias: str = "",
) -> Room:
    """Make the recipes' models and load their engines; with `quality`, set the fallback's threshold for it.

    Args:
        audit: looks at a share of answers again; it needs a judge or a fallback.
        encoder: answers `/v1/embeddings`.
        alias: one more name of the recipe, for clients that have one set.

    Raises:
        GulliverError: one of them cannot be served.
    """
    limits = limits or Limits()
    served = await made(found)
    table = with_strategies(served, strategies) | ({alias: served} if alias else {})
    larger = Fallback(await made(fallback), threshold) if fallback is not None else None
    check(larger, served)
    calibrated = None
    if larger is not None and quality is not None:
        calibrated = await calibrate(found, served, larger.served, quality)
        larger = Fallback(larger.served, calibrated.threshold)
    if larger is not None:
        table.setdefault(larger.served.name, larger.served)
    models = {model_key(model): model for one in table.values() for model in one.recipe.models}
    if audit is not None:
        if not audit.judge and larger is None:
            raise StudyError("An audit needs somebody to compare with: give --fallback or --judge.")
        if audit.judge:
            judge = ModelJudge(audit.judge).model
            models.setdefault(model_key(judge), judge)
    engines: dict[str, LiveEngine] = {key: open_live(model) for key, model in models.items()}
    queue = Queue(limits.at_once, limits.waiting)
    room = Room(table, served.name, larger, engines, keys or Keys([]), limits, queue, calibrated, encoder=encoder)
    if audit is not None:
        beside = larger.served if larger is not None else None
        room.audit = Audit(audit, beside, engines, room.metrics, limits.seconds)
        drift = room.audit.drift
        room.metrics.watch("gulliver_quality_drifted", "1 once quality was found below its target", lambda: drift.found)
    try:
        for engine in engines.values():
            await engine.start()
    except BaseException:
        await room.close()
        raise
    room.metrics.watch("gulliver_running", "Requests being answered", lambda: room.queue.running)
    room.metrics.watch("gulliver_queued", "Requests waiting", lambda: room.queue.queued)
    room.metrics.watch("gulliver_engine_restarts", "Engines started again", lambda: room.restarts)
    return room
