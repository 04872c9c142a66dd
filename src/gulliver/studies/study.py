"""The race: recipes from the cheapest up, on the same items in the same order, until one is good enough."""

import asyncio
import time

from gulliver.errors import GulliverError, ModelError, TrainingError
from gulliver.inference import Cost, Session
from gulliver.studies.ahead import ask_ahead
from gulliver.studies.asking import ask_items
from gulliver.studies.entrants import Entrant, floor_entrants
from gulliver.studies.events import Progress, Watch
from gulliver.studies.making import make
from gulliver.studies.preparing import Prepared, forecast
from gulliver.studies.race import Race
from gulliver.studies.unkept import forget_material

IN_FLIGHT = 32  # enough to keep an engine busy, few enough to stop soon after a verdict
SMALL_POOL = 1000  # about what a fixed sample needs at a gap of 0.05


class Runner:
    """Runs a prepared study. Everything asked goes through the session, so that a rerun replays what was finished."""

    def __init__(
        self, prepared: Prepared, session: Session, watch: Watch | None = None, places: int | None = None
    ) -> None:
        """`places`: how many requests many machines may have under way; None on this machine alone."""
        self.prepared = prepared
        self.session = session
        self.watch = watch
        self.places = places
        self.started = time.monotonic()
        self.warnings: list[str] = []
        config = prepared.config
        # Where answers cost the same, what needs no work to make comes first.
        order = sorted(prepared.recipes, key=lambda r: (forecast(r, prepared), r.learns, len(r.transforms)))
        self.entrants = [*self._floors(), *(Entrant(r.text, r, forecast(r, prepared)) for r in order)]
        self.reference: Entrant | None = None
        if prepared.reference is not None:
            twin = next((e for e in self.entrants if e.name == prepared.reference.text), None)
            self.reference = twin or Entrant(
                prepared.reference.text, prepared.reference, forecast(prepared.reference, prepared)
            )
        paired = config.margin is not None
        self.target = (1.0 - config.margin) / 2 if config.margin is not None else float(config.target or 0.0)
        self.race = Race(
            self.target,
            1.0 - config.confidence,
            len(self.entrants),
            prepared.pool,
            binary=not paired,
            limit=prepared.limit,
        )

    async def run(self) -> None:
        """Race until the answer is known, or everything was measured, or a limit is reached."""
        settled = False
        trouble: GulliverError | None = None
        for position, entrant in enumerate(self.entrants, 1):
            if settled and self.prepared.config.race:
                break
            if self.over_limit() and not entrant.asked:
                break
            if entrant is self.reference:
                entrant.note = "the reference"
            if self.places is not None:
                await ask_ahead(self, position)
            entrant.trial = self.race.trial()
            entrant.verdict = "undecided"
            try:
                await self._try(entrant, position)
            except (ModelError, TrainingError) as error:
                entrant.note = str(error)
                self.warnings.append(f"{entrant.name}: {error}")
                trouble = trouble or error
            self.race.close(entrant.trial)
            if entrant.recipe is not None:
                entrant.memory = sum(self.session.peak_memory(model) for model in entrant.recipe.models)
            settled = settled or self.race.answer() == "meets"
            self.tell(entrant, position, "decided")
        if self.over_limit() and self.race.answer() == "not settled":
            self.warnings.append(
                "A limit of the study was reached before it was settled; raise it under [limits] and run again: what was asked is kept."
            )
        await self.session.keep_only()
        if trouble and not settled and not any(entrant.asked for entrant in self.entrants if entrant.recipe):
            raise trouble  # no recipe was heard at all: that is no answer about any of them
        self._tell_of_failures()

    def _tell_of_failures(self) -> None:
        for entrant in self.entrants:
            failed = [
                asked.record.detail or "the reason was not kept"
                for asked in entrant.asked
                if asked.record.outcome == "failed"
            ]
            if failed:
                self.warnings.append(
                    f"{entrant.name}: {len(failed)} of {len(entrant.asked)} items failed and count as not right ({failed[0].rstrip('.')}); mend the cause and run again."
                )

    async def _try(self, entrant: Entrant, position: int) -> None:
        trial = entrant.trial
        assert trial is not None
        for member in (entrant, self.reference):
            if member is not None:
                await self.make(member, position)
        both = [e.recipe for e in (entrant, self.reference) if e is not None and e.recipe is not None]
        models = [model for recipe in both for model in recipe.models]
        await self.session.keep_only(*models)
        self.tell(entrant, position, "loading")
        decided = False
        fed = 0
        while fed < self.prepared.limit and not (decided and self.prepared.config.race):
            ahead = len(entrant.asked) - fed  # what was asked is judged, also behind a limit
            if not ahead and self.over_limit():
                break
            chunk = ahead or self.chunk(entrant, fed)
            await self.ask(entrant, fed + chunk)
            if self.reference is not None:
                await self.ask(self.reference, fed + chunk)
            if entrant is self.reference:
                # Within any margin of itself, by definition: nothing is tested and no error is spent.
                trial.verdict = entrant.verdict = "meets"
                decided = True
            for index in range(fed, fed + chunk):
                if decided:
                    break
                trial.update(self._score(entrant, index))
                if trial.verdict != "undecided":
                    entrant.verdict = trial.verdict
                    decided = True
                elif self.prepared.config.race and trial.hopeless and not self.small_pool:
                    entrant.note = "left undecided: too close to the target for the items there are"
                    decided = True
            fed += chunk
            self.tell(entrant, position, "asking")

    async def make(self, entrant: Entrant, position: int) -> None:
        """Turn the parent into the model that will be asked, once, with no engine open beside it."""
        recipe = entrant.recipe
        if recipe is None or not recipe.transforms:
            return
        await self.session.keep_only()
        self.tell(entrant, position, "making")
        stop = asyncio.get_running_loop()

        def tell(what: str, done: int, of: int) -> None:
            message = f"{what}, {done} of {of}" if of else what
            stop.call_soon_threadsafe(self.tell, entrant, position, "making", message)

        begun = time.time()
        making = await make(recipe, self.prepared.task, self.prepared.config.seed, tell)
        if not self.session.store.keep_text:
            forget_material(making.folders, begun)
        entrant.recipe, entrant.making = making.recipe, making
        paid = Cost(flops_naive=making.paid_flops, flops_computed=making.paid_flops, seconds=making.paid_seconds)
        self.session.spending.cost = self.session.spending.cost + paid
        if making.alarming:
            self.warnings.append(f"{entrant.name}: {making.parity}")

    @property
    def small_pool(self) -> bool:
        """Whether asking all of the pool, which settles anything, costs no more than a fixed sample would."""
        pool = self.prepared.pool
        return pool is not None and self.prepared.limit >= pool and pool <= SMALL_POOL

    async def ask(self, entrant: Entrant, upto: int) -> None:
        begin = len(entrant.asked)
        if begin >= upto:
            return
        if entrant.recipe is None:
            entrant.asked += entrant.ready[begin:upto]
        else:
            entrant.asked += await ask_items(entrant.recipe, self.prepared.items[begin:upto], self.session)
            if all(asked.record.outcome == "failed" for asked in entrant.asked):
                count, why = len(entrant.asked), entrant.asked[0].record.detail.rstrip(".")
                entrant.asked.clear()  # nothing is known of this recipe, and it must not look as if all were wrong
                raise ModelError(
                    f"Every one of the first {count} items of {entrant.name} failed: {why}; mend that and run again, what was answered is kept."
                )

    def _score(self, entrant: Entrant, index: int) -> float:
        score = entrant.asked[index].score
        if self.reference is None:
            return score
        return (score - self.reference.asked[index].score + 1.0) / 2.0

    def chunk(self, entrant: Entrant, fed: int) -> int:
        """How many items are asked at once after the first `fed`; on many machines enough for two rounds of all workers."""
        draws = entrant.recipe.strategy.draws if entrant.recipe else 1
        return min(max(8, max(IN_FLIGHT, 2 * (self.places or 0)) // draws), self.prepared.limit - fed)

    def _floors(self) -> list[Entrant]:
        prepared = self.prepared
        if not prepared.config.floors or not prepared.task.labels:
            return []
        if self.watch is not None:
            self.watch(
                Progress("floors", 0, 0, 0, prepared.pool, 0, 0.0, 1.0, prepared.config.target or 0.0, "", "floors")
            )
        return floor_entrants(prepared)

    def over_limit(self) -> bool:
        limits = self.prepared.config.limits
        spent = self.session.spending.cost
        return (
            (limits.seconds is not None and time.monotonic() - self.started > limits.seconds)
            or (limits.flops is not None and spent.flops_computed > limits.flops)
            or (limits.money is not None and (spent.money or 0.0) > limits.money)
        )

    def tell(self, entrant: Entrant, position: int, stage: str, message: str = "") -> None:
        if self.watch is None:
            return
        low, high = entrant.trial.interval() if entrant.trial is not None else (0.0, 1.0)
        spending = self.session.spending
        self.watch(
            Progress(
                recipe=entrant.name,
                position=position,
                of=len(self.entrants),
                asked=len(entrant.asked),
                pool=self.prepared.pool,
                right=entrant.right,
                low=low,
                high=high,
                target=self.target,
                verdict=entrant.verdict if stage == "decided" else "",
                stage=stage,
                spent_seconds=time.monotonic() - self.started,
                spent_flops=spending.cost.flops_computed,
                replayed=spending.replayed,
                message=message,
            )
        )
