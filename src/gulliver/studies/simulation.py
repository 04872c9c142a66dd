"""The race, run many times on made-up items: where it would stop, and what it would have spent by then.

Each simulation draws outcomes and costs of the items not asked yet from those that were (a Bayesian bootstrap over items,
shared by all recipes, so that a pilot that was easy for one was easy for all); then the race's own referee decides, in
the race's own order and steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gulliver.studies.costs import QUANTITIES, Part, work_of
from gulliver.studies.entrants import Entrant
from gulliver.studies.pilot import Pilot, entrants_of
from gulliver.studies.race import Race
from gulliver.studies.throughput import Speed

Floats = NDArray[np.float64]

PRIOR = 1.0  # weight of a made-up right item, and of a wrong one: every quality is as likely before the pilot
MACHINE = 0.15  # standard deviation of the logarithm of how much slower or faster the machine is than in the pilot
UNSEEN_FAILURES = 0.1  # requests that failed beyond those seen, as a prior of the share that fails and is asked again
UNSEEN_ENDS = 0.5  # replies that end before their limit where all of the pilot's reached it, as a prior of their share
OVERHEAD = 0.5  # standard deviation of the logarithm of the seconds that each recipe takes besides being asked
_EVERY = 4


@dataclass
class Outcome:
    """What one simulation came to; `spent` and `free` are quantities paid and taken from the store."""

    kind: str = ""
    recipe: str | None = None
    spent: Floats = field(default_factory=lambda: np.zeros(len(QUANTITIES)))
    free: Floats = field(default_factory=lambda: np.zeros(len(QUANTITIES)))
    elapsed: float = 0.0
    busy: float = 0.0
    items: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    flops: dict[str, float] = field(default_factory=dict)


def simulate(
    pilot: Pilot, parts: Sequence[Part], speeds: Mapping[str, Speed], simulations: int, seed: int = 0
) -> list[Outcome]:
    """Run the race `simulations` times; what the pilot and the store know is taken as it is."""
    return _Simulator(pilot, parts, speeds, simulations, seed).run()


class _Simulator:
    def __init__(
        self, pilot: Pilot, parts: Sequence[Part], speeds: Mapping[str, Speed], simulations: int, seed: int
    ) -> None:
        self.pilot, self.parts, self.speeds, self.count = pilot, parts, speeds, simulations
        self.runner, self.prepared = pilot.runner, pilot.runner.prepared
        self.rng = np.random.default_rng(seed)
        self.items = self.prepared.limit
        # Shared by all recipes: what is hard for one of them in the pilot weighs as much for the others.
        self.keep = self.rng.standard_exponential((simulations, self.items))
        self.weights = [part.weights(self.keep) for part in parts]
        self.failing = [self.rng.beta(UNSEEN_FAILURES, max(1.0, part.requests), simulations) for part in parts]
        self.overhead = pilot.overhead * np.exp(OVERHEAD * self.rng.standard_normal(simulations))
        self.machine = np.exp(MACHINE * self.rng.standard_normal(simulations))
        self.shorter = [self._shorter(part) for part in parts]
        self.everyone = entrants_of(self.runner)

    def _shorter(self, part: Part) -> Floats:
        """What replies not seen yet leave out where all seen ones reached their limit: a share of them ends anywhere before."""
        if not part.cut:
            return np.zeros(self.count)
        return np.asarray(self.rng.beta(UNSEEN_ENDS, max(1.0, part.requests), self.count) * self.rng.random(self.count))

    def run(self) -> list[Outcome]:
        return [self._once(draw) for draw in range(self.count)]

    def _once(self, draw: int) -> Outcome:
        chance = self.rng.random((3, self.items))
        ledger = _Ledger(self, draw, chance[0])
        scores = self._scores(draw, chance)
        config, runner = self.prepared.config, self.runner
        race = Race(
            runner.target, 1.0 - config.confidence, len(runner.entrants), self.prepared.pool,
            binary=runner.reference is None, limit=self.items,
        )  # fmt: skip
        ledger.told.elapsed = self.pilot.preparing
        for entrant in runner.entrants:
            if (race.answer() == "meets" and config.race) or ledger.over_limit():
                break
            trial = race.trial()
            both = [e for e in (entrant, runner.reference) if e is not None]
            ledger.keep_only(both)
            if entrant.recipe is not None and self.pilot.known[entrant.name].why:
                race.close(trial)
                continue
            if entrant is runner.reference:
                trial.verdict, wanted = "meets", 1
            else:
                own = scores[entrant.name]
                if runner.reference is not None:
                    own = (own - scores[runner.reference.name] + 1.0) / 2.0
                wanted = trial.play(own.tolist(), config.race and not runner.small_pool, _EVERY)
            fed = 0
            while fed < self.items and (fed < wanted or not config.race) and not ledger.over_limit():
                fed += runner.chunk(entrant, fed)
                for e in both:
                    ledger.ask(e, fed)
            if fed < wanted:
                trial.verdict = "undecided"
            race.close(trial)
            ledger.told.elapsed += float(self.overhead[draw])
            ledger.told.items[entrant.name] = fed
            ledger.told.verdicts[entrant.name] = trial.verdict
        return ledger.close(race.answer())

    def _scores(self, draw: int, chance: Floats) -> dict[str, Floats]:
        """Outcomes of all items under each recipe, by name: known ones as they are.

        An item not asked stands for one that was, the same for all recipes, or for one of two made-up items, right and
        wrong, the same for recipes of one model: each quality is then Beta(right + 1, wrong + 1), and recipes that
        agreed in the pilot go on agreeing.
        """
        made: dict[str, Floats] = {}
        invented: dict[str, Floats] = {}
        for entrant in self.everyone:
            if entrant.recipe is None:
                made[entrant.name] = np.array([asked.score for asked in entrant.ready[: self.items]])
                continue
            known = self.pilot.known[entrant.name].scores
            where = np.array(sorted(known), dtype=np.int64)
            seen = np.array([known[place] for place in where.tolist()], dtype=np.float64)
            extra = invented.setdefault(entrant.recipe.model.name, self.rng.gamma(PRIOR, size=2) + 1e-12)
            weights = np.cumsum(self.keep[draw, where])
            mass = float(weights[-1]) if len(where) else 0.0
            out = (chance[2] < extra[0] / extra.sum()).astype(np.float64)
            if len(where):
                real = chance[1] * (mass + extra.sum()) < mass
                donors = np.minimum(np.searchsorted(weights / mass, chance[0]), len(where) - 1)
                out[real] = seen[donors[real]]
                out[where] = seen
            made[entrant.name] = out
        return made


class _Ledger:
    """What one simulation has paid so far: each part of an item once, when the first recipe that needs it comes there."""

    def __init__(self, simulator: _Simulator, draw: int, uniform: Floats) -> None:
        self.simulator, self.draw = simulator, draw
        self.told = Outcome()
        self.paid = [0] * len(simulator.parts)
        self.done: dict[tuple[str, int], int] = {}
        self.uniform = uniform
        self.sums: dict[int, list[Floats]] = {}
        self.open: set[object] = set()

    def keep_only(self, entrants: Sequence[Entrant]) -> None:
        self.open &= {_engine_of(e) for e in entrants}

    def ask(self, entrant: Entrant, upto: int) -> None:
        """Pay for what this recipe still needs of the first `upto` items, and let the time pass that it takes."""
        if entrant.recipe is None:
            return
        told, paid = self.told, np.zeros(len(QUANTITIES))
        for number, part in enumerate(self.simulator.parts):
            before = self.done.get((entrant.name, number), 0)
            if entrant.name not in part.members or before >= upto:
                continue
            first, free, again = self._sums(number)
            held = min(upto, self.paid[number])
            if before < held:
                paid += again[held] - again[before]
            if self.paid[number] < upto:
                paid += first[upto] - first[self.paid[number]]
                told.free = told.free + free[upto] - free[self.paid[number]]
                self.paid[number] = upto
            self.done[entrant.name, number] = upto
        told.spent = told.spent + paid
        told.flops[entrant.name] = told.flops.get(entrant.name, 0.0) + float(paid[QUANTITIES.index("flops")])
        speed = self.simulator.speeds.get(entrant.name)
        if speed is None or paid[0] < 0.5:
            return
        seconds, busy = speed.seconds(self.draw, float(paid[0]), float(work_of(paid)))
        if _engine_of(entrant) not in self.open:
            self.open.add(_engine_of(entrant))
            seconds += float(speed.load[self.draw])
        told.elapsed += seconds * float(self.simulator.machine[self.draw])
        told.busy += busy * float(self.simulator.machine[self.draw])

    def over_limit(self) -> bool:
        limits, batch = self.simulator.prepared.config.limits, self.simulator.prepared.config.batch
        money = self.told.spent[QUANTITIES.index("money_batch" if batch else "money_now")]
        return (
            (limits.seconds is not None and self.told.elapsed > limits.seconds)
            or (limits.flops is not None and self.told.spent[QUANTITIES.index("flops")] > limits.flops)
            or (limits.money is not None and money > limits.money)
        )

    def close(self, kind: str) -> Outcome:
        accepted = [name for name, verdict in self.told.verdicts.items() if verdict == "meets"]
        self.told.kind, self.told.recipe = kind, accepted[0] if accepted else None
        return self.told

    def _sums(self, number: int) -> list[Floats]:
        """Costs of the first n items for n = 0, 1, …: paid first, taken from the store, paid again."""
        if number not in self.sums:
            part = self.simulator.parts[number]
            drawn = part.draw(
                self.uniform, self.simulator.weights[number][self.draw], self.simulator.shorter[number][self.draw]
            )
            drawn[2][part.unknown] += self.simulator.failing[number][self.draw] * drawn[0][part.unknown]
            none = np.zeros((1, len(QUANTITIES)))
            self.sums[number] = [np.concatenate([none, np.cumsum(costs, axis=0)]) for costs in drawn]
        return self.sums[number]


def _engine_of(entrant: Entrant) -> object:
    """What tells the model that will be asked from others."""
    recipe = entrant.recipe
    return None if recipe is None else (recipe.model.name, tuple(str(call) for call, _ in recipe.transforms))


def answers_of(outcomes: Sequence[Outcome]) -> list[tuple[str, str | None, float]]:
    """Each answer with its share of the simulations, the likeliest first: (kind, recipe, share)."""
    counted: dict[tuple[str, str | None], int] = {}
    for outcome in outcomes:
        key = (outcome.kind, outcome.recipe if outcome.kind == "meets" else None)
        counted[key] = counted.get(key, 0) + 1
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [(kind, recipe, times / len(outcomes)) for (kind, recipe), times in ranked]


def spread(values: Sequence[float] | Floats, confidence: float) -> tuple[float, float, float]:
    """(low, median, high) of simulated values: the middle `confidence` of them."""
    tail = (1.0 - confidence) / 2.0
    x = np.asarray(values, dtype=np.float64)
    low, high = np.quantile(x, tail, method="lower"), np.quantile(x, 1.0 - tail, method="higher")
    return float(low), float(np.quantile(x, 0.5, method="nearest")), float(high)
