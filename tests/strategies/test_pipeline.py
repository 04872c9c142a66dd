"""Parts join by role, in order, or say why not."""

import pytest

from gulliver.errors import SpecError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy, strategy_names
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.sample import Sample


def test_what_is_missing_is_direct_greedy_first() -> None:
    made = parse_strategy(parse("cot"))
    assert (made.drawing, made.draws) == (Greedy(), 1)


def test_a_vote_draws_at_a_temperature() -> None:
    made = parse_strategy(parse("majority(n=4)"))
    assert (made.drawing, made.draws) == (Sample(), 4)


@pytest.mark.parametrize(
    "text",
    [
        "majority(n=2) | cot",
        "greedy | cot",
        "majority(n=2) | first",
        "sample | greedy",
        "first | sample",
        "nothing_like_this",
    ],
)
def test_parts_out_of_order_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))


def test_an_unknown_strategy_is_answered_with_those_there_are() -> None:
    with pytest.raises(SpecError, match="cot, direct"):
        parse_strategy(parse("chain"))


def test_every_file_of_the_room_is_a_strategy() -> None:
    assert {"cot", "direct", "few_shot", "first", "greedy", "majority", "pal", "sample"} <= set(strategy_names())
    for name in strategy_names():
        parse_strategy(parse(name))


def test_a_scorer_with_a_model_of_its_own_names_it() -> None:
    assert parse_strategy(parse("cot | best_of(n=2, by=verifier)")).others == ("verifier:default",)
    assert parse_strategy(parse("cot | rebase(n=2, by=reward, model='dir:/m')")).others == ("reward:dir:/m",)
    assert parse_strategy(parse("cot | t1(n=2, by=verifier, model=mine)")).others == ("verifier:mine",)
    assert parse_strategy(parse("cot | weighted_majority(n=2)")).others == ()
