"""The race: exact levels, shared error in adversarial settings, answers, and what it leaves undecided."""

import itertools

import numpy as np
import pytest
from benchmarks.race import ALPHA, POOL, RECIPES, Tally, fixed_sample, race, simulate
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gulliver.studies.boundaries import Design, accepting, crossing_chance, needed_right, rejecting
from gulliver.studies.race import Race, Trial, deal

DESIGN = Design()


def shuffled(right: int, pool: int, studies: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return np.asarray(rng.permuted(np.tile(np.arange(pool) < right, (studies, 1)), axis=1))


@pytest.mark.parametrize(("target", "pool", "level"), [(0.5, 200, 0.05), (0.83, 500, 0.01), (0.2, 150, 0.1)])
def test_a_recipe_just_below_the_target_is_accepted_as_rarely_as_stated(target: float, pool: int, level: float) -> None:
    boundary = accepting(target, pool, level, DESIGN)
    worst = needed_right(target, pool) - 1
    exact = crossing_chance(boundary, worst, pool)
    assert 0.5 * level < exact <= level
    counts = shuffled(worst, pool, 20_000, np.random.default_rng(0)).cumsum(axis=1)
    seen = (counts >= boundary.table(pool)[1:]).any(axis=1).mean()
    assert seen == pytest.approx(exact, abs=4 * np.sqrt(level / 20_000))


def test_a_worse_recipe_is_accepted_more_rarely_still() -> None:
    boundary = accepting(0.5, 300, 0.05, DESIGN)
    chances = [crossing_chance(boundary, right, 300) for right in (149, 145, 135, 120)]
    assert chances == sorted(chances, reverse=True)


def test_a_population_is_tested_at_its_level_over_any_horizon() -> None:
    boundary = accepting(0.3, None, 0.05, DESIGN)
    assert 0.02 < crossing_chance(boundary, 0.3, 3000) <= 0.05
    assert accepting(0.3, None, 0.05, DESIGN).table(100).tolist() == boundary.table(3000)[:101].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 1.0))
def test_an_exhausted_pool_is_decided_exactly(pool: int, target: float) -> None:
    needed = needed_right(target, pool)
    assert accepting(target, pool, 0.01, DESIGN).at(pool) == needed
    assert rejecting(target, pool, (0.01,), DESIGN).at(pool) == pool - needed + 1


def test_rejecting_boundaries_are_nested_in_those_of_higher_levels() -> None:
    levels = (0.02, 0.006, 0.002, 0.0019)
    tables = [rejecting(0.37, 400, levels[: i + 1], DESIGN).table(400) for i in range(4)]
    assert all((a <= b).all() for a, b in itertools.pairwise(tables))


def test_all_levels_together_are_the_stated_error() -> None:
    for recipes in (1, 2, 12, 40):
        accept, reject = deal(0.05, recipes)
        assert sum(accept) + sum(reject) == pytest.approx(0.05)
        assert list(accept) == sorted(accept, reverse=True)
        assert list(reject) == sorted(reject, reverse=True)


def wrong_answers(columns: NDArray[np.bool_], target: float, alpha: float) -> float:
    """Share of studies with a wrong verdict, never giving up; `columns` is (studies, recipes, pool)."""
    studies, recipes, pool = columns.shape
    true = columns[:, :, :].sum(axis=2) >= needed_right(target, pool)
    counts = columns.cumsum(axis=2)
    accept, reject = deal(alpha, recipes)
    wrong, racing = np.zeros(studies, bool), np.ones(studies, bool)
    for k in range(recipes):
        met = counts[:, k] >= accepting(target, pool, accept[k], DESIGN).table(pool)[1:]
        missed = np.arange(1, pool + 1) - counts[:, k] >= rejecting(target, pool, reject[:1], DESIGN).table(pool)[1:]
        at = (met | missed).argmax(axis=1)
        accepted = met[np.arange(studies), at]
        wrong |= racing & (accepted != true[:, k])
        racing &= ~accepted
    return float(wrong.mean())


@pytest.mark.parametrize("same_items_right", [False, True])
@pytest.mark.parametrize("setting", ["all just below", "all exactly at", "first just above", "last just at"])
def test_the_error_holds_in_adversarial_settings(setting: str, same_items_right: bool) -> None:
    pool, recipes, studies, target, alpha = 150, 12, 1500, 0.5, 0.2
    bar = needed_right(target, pool)
    right = {
        "all just below": [bar - 1] * recipes,
        "all exactly at": [bar] * recipes,
        "first just above": [bar + 1] + [bar - 1] * (recipes - 1),
        "last just at": [bar - 1] * (recipes - 1) + [bar],
    }[setting]
    rng = np.random.default_rng(3)
    if same_items_right:
        order = rng.permuted(np.tile(np.arange(pool), (studies, 1)), axis=1)
        columns = order[:, None, :] < np.array(right)[None, :, None]
    else:
        columns = np.stack([shuffled(r, pool, studies, rng) for r in right], axis=1)
    error = wrong_answers(columns, target, alpha)
    assert error <= alpha + 3 * np.sqrt(alpha / studies)
    if setting == "all just below" and not same_items_right:
        assert error > alpha / 4, "the level dealt to accepting is used, not wasted"


def test_the_benchmark_simulates_the_race_that_studies_run() -> None:
    target = 0.4
    outcomes, right = simulate(target, 3, seed=9)
    tally = Tally()
    race(outcomes, right, target, DESIGN, tally)
    for study in range(3):
        referee, asked = Race(target, ALPHA, RECIPES, POOL), 0
        for column in outcomes[study]:
            trial = referee.trial()
            for score in column:
                trial.update(float(score))
                if trial.verdict != "undecided" or trial.hopeless:
                    break
            referee.close(trial)
            asked += trial.n
            if trial.verdict == "meets":
                break
        assert asked == tally.items[study]
        assert referee.answer() == tally.kinds[study]


def test_the_fixed_peer_has_its_level_and_its_power() -> None:
    n, enough, few = fixed_sample(0.5, 0.01, 0.01)
    rng = np.random.default_rng(4)
    below, above = (rng.hypergeometric(right, POOL - right, n, 40_000) for right in (999, 1100))
    assert (below >= enough).mean() <= 0.0125
    assert (above >= enough).mean() >= 0.89
    assert few < n / 2 < enough


def run(trial: Trial, scores: NDArray[np.float64]) -> Trial:
    for score in scores:
        trial.update(float(score))
        if trial.verdict != "undecided" or trial.hopeless:
            break
    return trial


def test_clear_recipes_are_settled_early_and_close_ones_left() -> None:
    rng = np.random.default_rng(5)
    good, bad, close = (run(Trial(0.5, 0.01, (0.01,), 2000), shuffled(r, 2000, 1, rng)[0]) for r in (1600, 300, 1000))
    assert (good.verdict, bad.verdict, close.verdict) == ("meets", "rejected", "undecided")
    assert good.n < 80
    assert bad.n < 60
    assert close.n < 1400
    assert good.needed == 0
    assert close.needed is not None
    assert close.needed > 200


def test_a_small_pool_is_asked_to_its_end_rather_than_left() -> None:
    trial = run(Trial(0.5, 0.01, (0.01,), 40), np.tile([1.0, 0.0], 20))
    assert (trial.verdict, trial.hopeless) == ("meets", False)


def test_items_that_cannot_settle_it_are_not_spent() -> None:
    trial = run(Trial(0.5, 0.004, (0.02,), None, limit=120), np.tile([1.0, 0.0], 60))
    assert trial.verdict == "undecided"
    assert trial.n < 100


def test_a_verdict_stays() -> None:
    trial = Trial(0.5, 0.01, (0.01,), None)
    for _ in range(40):
        trial.update(1.0)
    assert trial.verdict == "meets"
    for _ in range(400):
        trial.update(0.0)
    assert trial.verdict == "meets"


@pytest.mark.parametrize("pool", [None, 120])
def test_paired_scores_keep_the_level(pool: int | None) -> None:
    rng = np.random.default_rng(6)
    level, runs, items = 0.1, 150, 120
    values = np.repeat([0.0, 0.5, 1.0], [23, 80, 17])[:120]
    target = float(values.mean()) + 1e-6
    accepted = 0
    for _ in range(runs):
        trial = Trial(target, level, (level,), pool, binary=False)
        for score in rng.permutation(values) if pool else rng.choice(values, items):
            trial.update(float(score))
        accepted += trial.verdict == "meets"
    assert accepted / runs <= level + 3 * np.sqrt(level / runs)


def test_a_recipe_as_good_as_its_reference_meets_a_margin_when_the_pool_is_large() -> None:
    scores = np.random.default_rng(7).permutation(np.repeat([0.0, 0.5, 1.0], [30, 1940, 30]))
    trial = run(Trial(0.49, 0.01, (0.01,), 2000, binary=False), scores)
    assert trial.verdict == "meets"
    assert trial.n < 1200


def test_answers_are_meets_none_or_not_settled() -> None:
    def answer(*qualities: float) -> str:
        referee, rng = Race(0.5, 0.05, len(qualities), 1000), np.random.default_rng(8)
        for quality in qualities:
            trial = run(referee.trial(), shuffled(round(1000 * quality), 1000, 1, rng)[0].astype(float))
            referee.close(trial)
        return referee.answer()

    assert answer(0.1, 0.2) == "none"
    assert answer(0.1, 0.9) == "meets"
    assert answer(0.1, 0.5) in ("not settled", "meets")
    assert answer(0.5, 0.9) == "meets"
    unfinished = Race(0.5, 0.05, 2, 1000)
    unfinished.close(run(unfinished.trial(), np.zeros(1000)))
    assert unfinished.answer() == "not settled"
