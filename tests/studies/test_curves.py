"""Curves over items: exact means, intervals over items or groups, and what is left out where nothing is known."""

import numpy as np
import pytest

from gulliver.studies.curves import Pool, draw_curves
from gulliver.studies.pools import make_pool
from gulliver.tasks.base import Answer
from tests.strategies.fakes import number_item


def pool(item: str, answers: str, right: str = "a", worth: float | None = -1.0, group: str = "") -> Pool:
    """A draw a letter; `.` is a draw without an answer."""
    names = [name for name in dict.fromkeys(answers) if name != "."]
    given = tuple(-1 if name == "." else names.index(name) for name in answers)
    return Pool(item, given, tuple(name in right for name in names), (worth,) * len(answers), group)


def test_curves_are_means_over_items() -> None:
    found = {
        c.name: c for c in draw_curves([pool("1", "aabb"), pool("2", "bbbb"), pool("3", "aa.."), pool("4", "aaaa")])
    }
    assert found["pass"].value == pytest.approx([0.5, (5 / 6 + 0 + 5 / 6 + 1) / 4, 0.75, 0.75])
    assert found["majority"].value == pytest.approx([0.5, (0.5 + 0 + 5 / 6 + 1) / 4, (0.5 + 0 + 1 + 1) / 4, 2.5 / 4])
    assert found["weighted"].value == pytest.approx(found["majority"].value)
    assert all(not any(curve.error) for curve in found.values())
    for curve in found.values():
        assert all(low <= value <= high for low, value, high in zip(curve.low, curve.value, curve.high, strict=True))


def test_votes_by_log_probability_need_an_engine_that_tells_it() -> None:
    assert [c.name for c in draw_curves([pool("1", "ab", worth=None)])] == ["pass", "majority"]
    unread = Pool("1", (0, -1), (True,), (-1.0, None))
    assert [c.name for c in draw_curves([unread])] == ["pass", "majority", "weighted", "best_of"]


def test_an_interval_covers_what_items_of_the_same_kind_give() -> None:
    rng = np.random.default_rng(3)
    covered = []
    for seed in range(60):
        chances = rng.uniform(0, 1, 60)
        pools = [
            pool(str(i), "".join("a" if x < chance else "b" for x in rng.uniform(0, 1, 4)))
            for i, chance in enumerate(chances)
        ]
        single = draw_curves(pools, 0.9, seed)[0]
        covered.append(single.low[1] <= 2 / 3 <= single.high[1])  # the mean of 1 - (1 - p)^2 over p in [0, 1]
    assert 0.8 <= np.mean(covered) <= 1.0


def test_items_of_a_group_come_together_and_widen_the_interval() -> None:
    apart = [pool(f"{i}", "aa" if i % 2 else "bb") for i in range(40)]
    together = [pool(f"{i}", "aa" if i % 2 else "bb", group=f"g{i % 4}") for i in range(40)]
    (one, *_), (two, *_) = draw_curves(apart), draw_curves(together)
    assert one.value == two.value
    assert two.high[0] - two.low[0] > 2 * (one.high[0] - one.low[0])


def test_pools_of_different_size_are_refused() -> None:
    for pools in ([], [pool("1", "a"), pool("2", "aa")]):
        with pytest.raises(ValueError, match="same number"):
            draw_curves(pools)


def test_a_pool_numbers_answers_and_judges_each_once() -> None:
    item = number_item()
    judged: list[object] = []
    plain = item.judge.right

    class Counting:
        kind, answer_only, after_reasoning = "number", "", ""
        read = staticmethod(item.judge.read)

        def right(self, value: object, of: object) -> bool:
            judged.append(value)
            return plain(value, item)

    answers = [Answer(7), Answer(8), Answer(7), Answer(status="unreadable"), Answer(8, logprob=-6.0, tokens=3)]
    made = make_pool(number_item().__class__(**{**vars(item), "judge": Counting()}), answers)
    assert (made.answers, made.right, judged) == ((0, 1, 0, -1, 1), (True, False), [7, 8])
    assert made.worth == (None, None, None, None, -2.0)
