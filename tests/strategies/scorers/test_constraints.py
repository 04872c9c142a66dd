"""A draft is worth the share of its row's conditions that it meets."""

import asyncio
from dataclasses import replace

from gulliver.inference import Draft
from gulliver.strategies.scorers import make_scorer
from tests.strategies.fakes import number_item

WANTED = {"keywords": ["glass"], "words": 4, "positions": {"2": "old"}}


def scores(fields: dict[str, object], *drafts: Draft) -> list[float]:
    item = replace(number_item(), fields=fields)
    return asyncio.run(make_scorer("constraints").score(item, drafts, None))  # type: ignore[arg-type]


def test_the_more_conditions_a_draft_meets_the_better() -> None:
    good, two, none = Draft("The old glass broke."), Draft("The old glass"), Draft("It rains")
    assert scores(WANTED, good, two, none, Draft("", "failed")) == [1.0, 2 / 3, 0.0, 0.0]


def test_a_beginning_that_can_no_longer_meet_them_is_worth_nothing() -> None:
    lost, begun = Draft("The new glass", "length"), Draft("The old", "length")
    assert scores(WANTED, lost, begun) == [0.0, 1 / 3]
    assert scores({}, begun) == [0.5]
