"""The arithmetic of `benchmarks.constrained` and `benchmarks.steering`, on costs and texts that are known."""

import asyncio

import pytest
from benchmarks.constrained import RIVALS, Way, compared, flops, matched
from benchmarks.steering import Round, kept, report, rows_of

from gulliver.inference import Cost
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.studies.asking import Asked
from gulliver.studies.result import ItemRecord
from gulliver.tasks.constrained_words import item_of

ITEMS = [item_of("A man in a black hat is talking to the camera.", kind, kind) for kind in ("places", "count")]


def asked(cost: float) -> list[Asked]:
    return [Asked(ItemRecord("i", "", "", "right", "", ""), Cost(flops_computed=cost))]


@pytest.mark.parametrize(
    "cost", [lambda n: 50 + 10 * n, lambda n: 5 * n**1.2, lambda n: 200 + 30 * n**0.8, lambda n: 600 * n]
)
def test_a_rival_gets_at_least_as_many_flops_and_hardly_more(cost) -> None:  # type: ignore[no-untyped-def]
    async def ask(recipe: str) -> list[Asked]:
        return asked(cost(int(recipe)))

    recipe, found = asyncio.run(matched(str, 1000.0, ask))
    assert flops(found) == cost(int(recipe))
    assert flops(found) >= 1000.0
    assert flops(found) <= 1100.0 or cost(int(recipe) - 1) < 1000.0


def test_differences_are_paired_and_fewer_comparisons_make_them_narrower() -> None:
    ours = Way("m | smc(n=8)", [1.0] * 18 + [0.0] * 2, [-3.0 - 0.01 * i for i in range(20)], 100.0)
    theirs = Way("m | beam(n=9)", [0.0, 1.0] * 10, [-2.0 - 0.02 * i for i in range(20)], 110.0)
    wide, narrow = compared(ours, theirs, 24), compared(ours, theirs, 1)
    assert (wide["ours"], wide["theirs"], wide["their_flops"]) == (0.9, 0.5, 1.1)
    assert wide["kept_more"][0] == narrow["kept_more"][0] == 0.4
    assert wide["kept_more"][1] < narrow["kept_more"][1] < 0.4
    assert wide["fluency_more"][2] < 0
    assert wide["name"] == "m | smc(n=8) against beam(n=9)"


@pytest.mark.parametrize("rival", RIVALS.values())
def test_rivals_are_strategies(rival) -> None:  # type: ignore[no-untyped-def]
    parse_strategy(parse(rival(3)))


def test_the_peer_is_told_the_same_conditions_and_judged_by_the_same_rule(capsys: pytest.CaptureFixture[str]) -> None:
    places, count = rows_of(ITEMS, ["p", "q"])
    assert (places["least"], places["most"], len(places["positions"]), count["keywords"][0]) == (
        11, 11, 2, ITEMS[1].fields["keywords"][0],
    )  # fmt: skip
    good = str(ITEMS[0].fields["reference"])
    assert kept(ITEMS, [good, "A man."]) == 0.5
    mine = Round([1.0, 1.0], [good, good])
    report(ITEMS, [({"": (mine, 1.5), "torch:": (mine, 2.0)}, Round([4.0, 6.0], [good, ""]))])
    line = capsys.readouterr().out
    assert '"ratio": 5.0' in line
    assert '"ours": 1.0, "theirs": 0.5, "ratio": 2.0' in line
