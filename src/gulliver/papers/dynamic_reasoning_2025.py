"""Agents in small games: does prompting make up for size, steadily? (Wong et al. 2025, arXiv:2505.10543) By rung and
game."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.parts import Part, above, below, verdict
from gulliver.papers.running import run_on, spent, tell
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.games import find_game, moves_of, replay

ID = "dynamic-reasoning-2025"
GAMES = ("bandit", "rock_paper_scissors", "hanoi", "messenger")
REACTIVE = GAMES[:2]
WAYS = {"plain": "act", "long": "act(details=true)", "reflect": "reflect(note=30)", "plan": "plan(note=30)", "mutate": "mutate(episodes=2)"}  # fmt: skip
ADVANCED = ("reflect", "plan", "mutate")
RESAMPLES = 2000
_RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")

Scores = Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]
"""By model, way and game: a score in [0, 1] an episode, the same episodes everywhere."""


@dataclass(frozen=True)
class Plan:
    """Models, smallest first, and episodes of each game; `large` are the ways that the largest of several plays in,
    `middle` those of the ones between."""

    models: tuple[str, ...]
    episodes: int
    games: tuple[str, ...] = GAMES
    ways: tuple[str, ...] = tuple(WAYS)
    middle: tuple[str, ...] = ("plain", "long", "reflect", "plan")
    large: tuple[str, ...] = ("plain", "long")


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(_RUNGS[:1], 1, ("messenger",), ("plain", "plan")),
    "laptop": Plan(_RUNGS, 2),
    "full": Plan(_RUNGS, 60, middle=tuple(WAYS), large=tuple(WAYS)),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Every rung plays the same episodes plainly, with a long prompt, looking back, looking ahead, and by rules of
    thumb."""
    plan = PLANS[scale]
    started = time.monotonic()
    scores: dict[str, dict[str, dict[str, list[float]]]] = {}
    records: dict[str, list[ItemRecord]] = {}
    for game in plan.games:
        task = load_task(f"games(game={game})", items=plan.episodes)
        recipes = {(m, w): f"{m} | {WAYS[w]}" for m in plan.models for w in ways_of(m, plan)}
        found = measure(list(recipes.values()), task, items=plan.episodes, watch=tell(game, progress))
        seeds = [int(item.fields["seed"]) for item in task.test]
        for (model, way), text in recipes.items():
            records[f"{game}: {text}"] = found[text]
            scored = [score_of(game, seed, record) for seed, record in zip(seeds, found[text], strict=True)]
            scores.setdefault(model, {}).setdefault(way, {})[game] = scored
    differences, parts = compared(scores)
    said, why = judge(parts, len(plan.models))
    return Finding(
        ID, scale, said, (*differences, *means(scores)), why,
        spent(records, time.monotonic() - started),
        run_on(plan.models) | {"episodes a game": plan.episodes, "games": list(plan.games)},
    )  # fmt: skip


def ways_of(model: str, plan: Plan) -> tuple[str, ...]:
    """Where the plan says so, larger models play in fewer ways."""
    place = plan.models.index(model)
    if place == 0:
        return plan.ways
    return plan.large if place == len(plan.models) - 1 else plan.middle


def score_of(game: str, seed: int, record: ItemRecord) -> float:
    """Of one episode, played again from its moves; 0 where it failed."""
    played = find_game(game)
    return played.score(replay(played, seed, moves_of(record.value))) if record.outcome in ("right", "wrong") else 0.0


def compared(scores: Scores) -> tuple[list[Measurement], dict[str, Part]]:
    """Four parts. Size: the largest less the smallest, plain. Gap: the best advanced way of any smaller model against
    the largest plain, over games. Unsteady: some way lowers some game's score and some way raises one. Long: the long
    prompt less the plain on reactive games, by the smallest model. Intervals share the error within each part."""
    models = list(scores)
    smallest, largest = models[0], models[-1]
    rows: list[Measurement] = []
    parts: dict[str, Part] = {}
    if len(models) > 1:
        size = _difference(
            f"plain: {largest} less {smallest}", scores[largest]["plain"], scores[smallest]["plain"], 0.95
        )
        parts["larger models do better"] = above(size)
        tries = [(m, w) for m in models[:-1] for w in ADVANCED if w in scores[m]]
        level = 1.0 - 0.05 / max(1, len(tries))
        gaps = [
            _difference(f"{m} {w} less {largest} plain", scores[m][w], scores[largest]["plain"], level)
            for m, w in tries
        ]
        rows += [size, *gaps]
        # Closed: some way of a smaller model is not shown to be below the largest, where the smaller, plain, is.
        lower = [_difference(f"{m} plain less {largest} plain", scores[m]["plain"], scores[largest]["plain"], level) for m in models[:-1]]  # fmt: skip
        rows += lower
        closed = [g for g in gaps if g.low > 0 or (g.value >= 0 and _shown_below(g.name, lower, models))]
        parts["prompting closes the gap"] = (
            True if closed else False if gaps and all(g.high < 0 for g in gaps) else None
        )
    effects = [(m, w, game) for m in models for w, by in scores[m].items() if w in ADVANCED for game in by]
    level = 1.0 - 0.05 / max(1, len(effects))
    tested = [
        _difference(f"{m} {w} less plain, {game}", {game: scores[m][w][game]}, {game: scores[m]["plain"][game]}, level)
        for m, w, game in effects
    ]
    rows += tested
    ups, downs = any(e.low > 0 for e in tested), any(e.high < 0 for e in tested)
    parts["prompting is unsteady: it raises some scores and lowers others"] = True if ups and downs else None
    games = [game for game in REACTIVE if game in scores[smallest].get("long", {})]
    if games:
        short, long = ({game: scores[smallest][way][game] for game in games} for way in ("plain", "long"))
        hurt = _difference(f"{smallest}: long prompt less plain, reactive games", long, short, 0.95)
        rows.append(hurt)
        parts["long prompts hurt the smallest model in reactive games"] = below(hurt)
    return rows, parts


def _shown_below(name: str, below: Sequence[Measurement], models: Sequence[str]) -> bool:
    model = next(m for m in models if name.startswith(f"{m} "))
    return any(b.name.startswith(f"{model} ") and b.high < 0 for b in below)


def _difference(
    name: str, first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]], level: float
) -> Measurement:
    """The mean difference of paired episodes, games weighing the same; episodes are resampled within games, and the
    interval is widened as Student's t is wider than the normal for so few. A game whose episodes are all alike says
    nothing about its spread: it adds what so many equal ones leave open."""
    from scipy.stats import norm, t

    games = [game for game in first if game in second]
    differ = [np.asarray(first[game]) - np.asarray(second[game]) for game in games]
    value = float(np.mean([d.mean() for d in differ]))
    n = sum(len(d) for d in differ)
    fewest = min(len(d) for d in differ)
    if fewest < 2:
        return Measurement(name, value, -1.0, 1.0, n, "no interval")
    rng = np.random.default_rng(0)
    drawn = np.mean([d[rng.integers(0, len(d), (RESAMPLES, len(d)))].mean(axis=1) for d in differ], axis=0)
    tail = (1.0 - level) / 2.0
    degrees = n - len(differ)
    wider = float(t.isf(tail, degrees) / norm.isf(tail)) * np.sqrt(fewest / (fewest - 1))
    low, high = (value + (float(q) - value) * wider for q in np.quantile(drawn, [tail, 1.0 - tail]))
    unseen = [(1.0 - tail ** (1.0 / len(d))) / len(differ) for d in differ if np.ptp(d) == 0]
    under, over = (math.hypot(value - end, *unseen) for end in (low, high))
    return Measurement(name, value, max(-1.0, value - under), min(1.0, value + over), n)


def means(scores: Scores) -> list[Measurement]:
    """The mean score of each model, way and game, with the least and the most of its episodes as the paper tells
    them."""
    return [
        Measurement(f"{model} {way}, {game}: score", float(np.mean(one)), min(one), max(one), len(one), "from the least to the most of its episodes")
        for model, ways in scores.items()
        for way, by in ways.items()
        for game, one in by.items()
    ]  # fmt: skip


def judge(parts: Mapping[str, Part], models: int) -> tuple[Verdict, str]:
    """*holds* when every part does, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts, "" if models > 1 else "one model shows nothing about size")


PAPER = Paper(
    id=ID,
    claim="Prompting can close the size gap and is unstable; long prompts hurt small models.",
    published=(
        Figure(
            name="rock, paper, scissors: Llama3-8B with reflection and rules of thumb (the plain Llama3.3-70B has 22.2)",
            value=26.0,
            unit="median score",
            source="arXiv:2505.10543, results by game, as a reader of the paper quotes them; not checked against the paper",
        ),
        Figure(
            name="bandit: Llama3-8B with reflection and planning (plain it has 40.35)",
            value=34.0,
            unit="median score",
            source="arXiv:2505.10543, results by game, as a reader of the paper quotes them; not checked against the paper",
        ),
    ),
    experiment=experiment,
)
