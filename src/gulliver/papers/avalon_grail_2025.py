"""Exact beliefs about roles beside a small model that reads, in Avalon (Rahimirad et al. 2025, arXiv:2506.17788)."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Verdict
from gulliver.papers.means import SHARES, difference, share_of
from gulliver.papers.parts import Part, above, every, verdict
from gulliver.papers.running import right, run_on, spent, tell
from gulliver.studies import measure
from gulliver.studies.result import ItemRecord
from gulliver.tasks import load_task
from gulliver.tasks.games.avalon_beliefs import deaf
from gulliver.tasks.games.avalon_rules import Move, by_beliefs, by_failures, by_lot, played

ID = "avalon-grail-2025"
RULES: dict[str, Move] = {
    "beliefs": by_beliefs,
    "beliefs without words": lambda table: by_beliefs(table, deaf),
    "rules of thumb": by_failures,
    "lots": by_lot,
}
MARGIN = 0.1
"""The small model keeps up when it wins at most this share of games less, for sure."""
CONFIDENCE = 0.95
_RUNGS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")


@dataclass(frozen=True)
class Plan:
    """Models, smallest first; games that they play and games that rules play; `plain`: those that play by themselves only."""

    models: tuple[str, ...]
    games: int
    by_rules: int
    plain: tuple[str, ...] = ()

    def recipes(self) -> dict[tuple[str, str], str]:
        """By model and way."""
        made = {(model, "plain"): f"{model} | act" for model in self.models}
        return made | {(m, "beliefs"): f"{m} | grail" for m in self.models if m not in self.plain}


PLANS: dict[Scale, Plan] = {
    "smoke": Plan(_RUNGS[:1], 1, 30),
    "laptop": Plan(_RUNGS[:2], 24, 400),
    "full": Plan(_RUNGS, 200, 2000),
}


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Rules play many games without a model; every rung plays the same games by itself, and as the reader beside exact
    beliefs."""
    plan = PLANS[scale]
    started = time.monotonic()
    rules: dict[str, list[float]] = {}
    for name, move in RULES.items():
        rules[name] = [float(played(seed, move).winner == "good") for seed in range(plan.by_rules)]
        progress(f"{name}: {plan.by_rules} games without a model")
    task = load_task("games(game=avalon)", items=plan.games)
    recipes = plan.recipes()
    records = measure(list(recipes.values()), task, items=plan.games, watch=tell("avalon", progress))
    wins = {key: [float(won) for won in right(records[text])] for key, text in recipes.items()}
    differences, parts = compared(rules, wins)
    said, why = judge(parts, len(plan.models))
    read = [r for m in plan.models if (r := understood(m, records.get(f"{m} | grail", ()))) is not None]
    shares = [share_of(f"{name}: games won", won) for name, won in rules.items()]
    shares += [share_of(f"{model} {way}: games won", won) for (model, way), won in wins.items()]
    return Finding(
        ID, scale, said, (*differences, *shares, *read), why,
        spent(records, time.monotonic() - started), run_on(plan.models) | {"games": plan.games, "games by rules": plan.by_rules},
    )  # fmt: skip


def compared(
    rules: Mapping[str, Sequence[float]], wins: Mapping[tuple[str, str], Sequence[float]]
) -> tuple[list[Measurement], dict[str, Part]]:
    """Three parts. Without a model: beliefs less rules of thumb. With: each model beside beliefs less itself alone. Size: the
    smallest beside beliefs less the largest alone. All intervals hold together (Bonferroni)."""
    models = list(dict.fromkeys(model for model, _ in wins))
    both = [model for model in models if (model, "beliefs") in wins]
    confidence = 1.0 - (1.0 - CONFIDENCE) / (2 + len(both))
    structure = difference(
        "no model: beliefs less rules of thumb", rules["beliefs"], rules["rules of thumb"], confidence, limits=SHARES
    )
    alone = [
        difference(f"{m}: beliefs less plain", wins[m, "beliefs"], wins[m, "plain"], confidence, limits=SHARES)
        for m in both
    ]
    size = difference(
        f"{models[0]} with beliefs less {models[-1]} plain",
        wins[models[0], "beliefs"], wins[models[-1], "plain"], confidence, limits=SHARES,
    )  # fmt: skip
    parts = {
        "without a model, beliefs win more than rules of thumb": above(structure),
        "every model wins more beside beliefs than alone": every([above(found) for found in alone]),
        "the smallest beside beliefs keeps up with the largest alone": above(size, -MARGIN),
    }
    return [structure, *alone, size], parts


def understood(model: str, records: Sequence[ItemRecord]) -> Measurement | None:
    """The share of messages that a model read as they were meant, over all games; None where it read none."""
    counts = [tuple(map(int, found.groups())) for r in records if (found := _READ.search(r.detail))]
    shares = [good / of for good, of in counts if of]
    return share_of(f"{model}: messages understood, a game", shares) if shares else None


def judge(parts: Mapping[str, Part], models: int) -> tuple[Verdict, str]:
    """*holds* when every part does, *does not hold here* when one is the other way round, else *cannot tell*."""
    return verdict(parts, "" if models > 1 else "one model shows nothing about size")


_READ = re.compile(r"(\d+) of (\d+) messages understood")

PARTLY = (
    "Five players without Percival; Merlin and the evil follow stated chances, which the beliefs know, so structure is as strong here as it can "
    "be. The publication learns its factors from games, plays language agents against each other, and met people."
)
PAPER = Paper(
    id=ID,
    claim="Structured inference with a small model rivals much larger models.",
    published=(Figure("games won against people", 67.0, "per cent", "arXiv:2506.17788, abstract"),),
    experiment=experiment,
)
