"""Two recipes side by side: counts, intervals, names that mean a recipe, and what is refused."""

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from gulliver.errors import StudyError
from gulliver.studies.comparison import compare_recipes, find_recipe, find_side
from gulliver.studies.paired import mcnemar
from gulliver.studies.result import StudyResult
from tests.reports.made import make_result


@pytest.fixture(scope="module")
def whole() -> StudyResult:
    result = make_result(raced=False)
    return replace(result, run=replace(result.run, race=False))


def test_the_four_counts_are_those_of_the_records(whole: StudyResult) -> None:
    a, b = whole.recipes[0], whole.recipes[-1]
    done = compare_recipes((whole, a), (whole, b))
    right_a = {r.item for r in a.records if r.outcome == "right"}
    right_b = {r.item for r in b.records if r.outcome == "right"}
    assert (done.both, done.first_only, done.second_only) == (
        len(right_a & right_b), len(right_a - right_b), len(right_b - right_a),
    )  # fmt: skip
    assert done.both + done.first_only + done.second_only + done.neither == done.items == 100
    assert {item for item, _, _ in done.flips} == right_a ^ right_b
    assert done.difference == pytest.approx((len(right_a) - len(right_b)) / 100)
    assert done.low <= done.difference <= done.high
    assert not done.anytime


def test_the_test_is_mcnemars(whole: StudyResult) -> None:
    done = compare_recipes((whole, whole.recipes[0]), (whole, whole.recipes[-1]))
    flips = done.first_only + done.second_only
    assert done.p_value == pytest.approx(binomtest(done.first_only, flips, 0.5).pvalue)
    assert mcnemar(0, 0) == 1.0


def test_swapping_the_two_turns_everything_round(whole: StudyResult) -> None:
    a, b = whole.recipes[1], whole.recipes[-1]
    there, back = compare_recipes((whole, a), (whole, b)), compare_recipes((whole, b), (whole, a))
    assert there.difference == -back.difference
    assert there.low == pytest.approx(-back.high)
    assert there.p_value == back.p_value
    assert there.flops is not None
    assert back.flops is not None
    assert there.flops.value * back.flops.value == pytest.approx(1.0)


def test_a_recipe_against_itself_differs_nowhere(whole: StudyResult) -> None:
    done = compare_recipes((whole, whole.recipes[2]), (whole, whole.recipes[2]))
    assert (done.difference, done.p_value, done.flips) == (0.0, 1.0, ())
    assert done.flops is not None
    assert (done.flops.low, done.flops.value, done.flops.high) == (1.0, 1.0, 1.0)


def test_after_a_race_the_interval_is_wider(whole: StudyResult) -> None:
    raced = replace(whole, run=replace(whole.run, race=True, pool=500))
    a, b = whole.recipes[0], whole.recipes[-1]
    fixed, anytime = compare_recipes((whole, a), (whole, b)), compare_recipes((raced, a), (raced, b))
    assert anytime.anytime
    assert anytime.low < fixed.low
    assert anytime.high > fixed.high


def test_only_shared_items_count_and_none_is_refused() -> None:
    raced = make_result()
    asked = [r for r in raced.recipes if r.items]
    unasked = next(r for r in raced.recipes if not r.items)
    assert compare_recipes((raced, asked[0]), (raced, asked[1])).items == min(asked[0].items, asked[1].items)
    with pytest.raises(StudyError, match="race = false"):
        compare_recipes((raced, asked[0]), (raced, unasked))


def test_runs_over_different_items_are_refused(whole: StudyResult) -> None:
    other = replace(whole, run=replace(whole.run, task_digest="other", id="other"))
    with pytest.raises(StudyError, match="different items"):
        compare_recipes((whole, whole.recipes[0]), (other, other.recipes[0]))


def test_a_recipe_is_meant_by_text_number_or_part(whole: StudyResult) -> None:
    second = whole.recipes[1]
    assert find_recipe(whole, second.recipe) == second
    assert find_recipe(whole, "2") == find_recipe(whole, "#2") == second
    assert find_recipe(whole, "1.5b | direct").recipe == "qwen2.5-coder-1.5b | direct"


@pytest.mark.parametrize(
    ("name", "said"), [("135m", "could be"), ("smollm2-135 | direkt", "near it"), ("99", "no recipe")]
)
def test_a_name_that_means_none_or_several_says_which_there_are(whole: StudyResult, name: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        find_recipe(whole, name)


def test_a_slash_in_a_recipe_is_not_a_run(whole: StudyResult) -> None:
    named = replace(whole.recipes[0], recipe="hf:owner/name | direct")
    result = replace(whole, recipes=(named, *whole.recipes[1:]))
    assert find_side(result, "hf:owner/name | direct") == (result, named)
    assert find_side(result, "owner/name") == (result, named)
