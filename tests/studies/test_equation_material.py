"""What a model learns when it is tuned for equations."""

import pytest

from gulliver.errors import StudyError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.studies.making import completion
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.judges import Number


def item(rationale: str) -> Item:
    return make_item("1", "How many are left?", 52, Number(), fields={"rationale": rationale})


def test_equations_are_taken_out_of_the_rationale() -> None:
    worked = item("35% of 80 lamps is 80 * 0.35 = 28 lamps. So 80 - 28 = 52 are left.")
    strategy = parse_strategy(parse("equation_only(k=0)"))
    assert completion(worked, strategy) == "80 * 0.35 = 28\n80 - 28 = 52\nAnswer: 52"


@pytest.mark.parametrize(
    ("rationale", "why"), [("Most are left.", "equations in every rationale"), ("", "column 'rationale'")]
)
def test_a_rationale_without_any_is_a_sentence(rationale: str, why: str) -> None:
    with pytest.raises(StudyError, match=why):
        completion(item(rationale), parse_strategy(parse("equation_only")))
