"""The verdict on agents in games follows from their scores."""

import random

import pytest

from gulliver.papers import load_paper
from gulliver.papers.base import SCALES
from gulliver.papers.dynamic_reasoning_2025 import GAMES, PLANS, REACTIVE, WAYS, compared, judge, score_of, ways_of
from gulliver.studies.result import ItemRecord

Game = dict[str, list[float]]


def played(level: float, reactive: float | None = None, spread: float = 0.1, episodes: int = 40, seed: int = 0) -> Game:
    """Episodes of every game about a level; another level in reactive ones where it is stated."""
    rng = random.Random(seed)
    made = {}
    for game in GAMES:
        centre = level if reactive is None or game not in REACTIVE else reactive
        made[game] = [min(1.0, max(0.0, rng.gauss(centre, spread))) for _ in range(episodes)]
    return made


def scores(small_plain: float, large_plain: float, plan: Game, long: Game) -> dict[str, dict[str, Game]]:
    return {
        "small": {"plain": played(small_plain), "plan": plan, "long": long},
        "large": {"plain": played(large_plain, seed=1), "long": played(large_plain, seed=2)},
    }


def test_a_gap_that_unsteady_prompts_close_holds() -> None:
    plan = played(1.0, reactive=0.2, seed=3)
    plan |= {game: [1.0] * 40 for game in ("hanoi", "messenger")}
    _, parts = compared(scores(0.4, 0.55, plan, played(0.4, reactive=0.1, seed=4)))
    assert parts["larger models do better"] is True
    assert parts["prompting is unsteady: it raises some scores and lowers others"] is True
    assert parts["long prompts hurt the smallest model in reactive games"] is True
    assert parts["prompting closes the gap"] is True
    assert judge(parts, 2)[0] == "holds"


def test_a_gap_that_stays_open_does_not_hold() -> None:
    _, parts = compared(scores(0.3, 0.8, played(0.35, seed=3), played(0.3, seed=4)))
    assert parts["prompting closes the gap"] is False
    assert judge(parts, 2)[0] == "does not hold here"


def test_few_episodes_cannot_tell() -> None:
    few = {
        "small": {"plain": played(0.4, episodes=3), "plan": played(0.5, episodes=3, seed=2)},
        "large": {"plain": played(0.5, episodes=3, seed=1)},
    }
    rows, parts = compared(few)
    assert judge(parts, 2)[0] == "cannot tell"
    assert all(-1 <= m.low <= m.value <= m.high <= 1 for m in rows)


def test_games_that_went_alike_twice_settle_nothing() -> None:
    small = {game: [1.0, 1.0] if game == "bandit" else [0.2, 0.2] for game in GAMES}
    large = {game: [0.5, 0.5] if game == "bandit" else [0.2, 0.3] for game in GAMES}
    _, parts = compared({"small": {"plain": small, "plan": small}, "large": {"plain": large}})
    assert parts["larger models do better"] is None
    assert parts["prompting closes the gap"] is None


def test_one_model_says_nothing_about_size() -> None:
    _, parts = compared({"small": {"plain": played(0.4), "plan": played(0.6, seed=2)}})
    assert judge(parts, 1)[0] == "cannot tell"


def test_a_score_is_played_again_from_the_moves() -> None:
    record = ItemRecord("i", "", "", "wrong", ", ".join(["machine 1"] * 10), "")
    assert {score_of("bandit", seed, record) for seed in range(20)} == {0.0, 1.0}
    assert score_of("bandit", 0, ItemRecord("i", "", "", "failed", "", "")) == 0.0


def test_every_scale_has_a_plan_of_known_ways() -> None:
    assert set(PLANS) == set(SCALES)
    for plan in PLANS.values():
        assert set(plan.ways) | set(plan.large) <= set(WAYS)
        assert "plain" in ways_of(plan.models[-1], plan)


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("dynamic-reasoning-2025").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.flops > 1e9
