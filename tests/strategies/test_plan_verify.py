"""Plans grow step by step, and the verifier's word decides between drafts."""

import asyncio
from collections.abc import Sequence

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.strategies.plan_verify import Path, PlanVerify, ruled, written
from gulliver.tasks import load_task
from gulliver.tasks.base import Answer, Item, judge
from tests.strategies.fakes import NUMBERS, number_item

ITEMS = load_task("plans", items=8).test


class Guesser:
    """Offers some of the steps that are listed, the more of them the more drafts are drawn, each as likely; ends when asked
    for more steps than there are."""

    model = NUMBERS

    def __init__(self, item: Item, fail: bool = False) -> None:
        self.item = item
        self.fail = fail
        self.begun: list[str] = []

    async def draws(
        self, prompt: Sequence[Message], n: int, sampling: Sampling, *, start: int = 0, begun: str = ""
    ) -> list[Draft]:
        self.begun.append(begun)
        if self.fail:
            return [Draft("", "failed", error="planted")] * n
        steps = self.item.fields["steps"]
        number = 1 if begun == "1." else begun.count("\n") + 2
        lines = [f" {step}\nand more" if number == 1 else f"\n{number}. {step}" for step in steps]
        return [
            Draft(line, "length", i, 6, -3.0) for i, line in enumerate([*lines, ""][-n:] if n < 9 else [*lines, ""])
        ]


def put(options: PlanVerify, item: Item, fail: bool = False) -> tuple[Answer, Guesser]:
    guesser = Guesser(item, fail)
    return asyncio.run(options.answer(item, guesser)), guesser  # type: ignore[arg-type]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item.id))
def test_rules_find_a_plan_among_blind_guesses_and_nothing_does_without_them(item: Item) -> None:
    answer, guesser = put(PlanVerify(n=12, keep=8), item)
    assert judge(item, answer).outcome == "right"
    assert guesser.begun[0] == "1."
    assert guesser.begun[1].startswith("1. ")
    assert judge(item, put(PlanVerify(n=12, keep=8, trust=0.0), item)[0]).outcome != "right"


def test_the_end_of_a_plan_is_judged_too() -> None:
    item = ITEMS[0]
    good = tuple(str(put(PlanVerify(n=12, keep=8), item)[0].value).splitlines())
    assert ruled(Path(good[:2]), item) == 1
    assert ruled(Path(good[:2], done=True), item) == 0
    assert ruled(Path(good, done=True), item) == 1
    assert ruled(Path(good[1:2]), item) in (0, 1)
    assert ruled(Path((*good, good[0])), item) == 0
    assert written(good[:2]) == f"1. {good[0]}\n2. {good[1]}"


def test_a_scorer_may_judge_instead() -> None:
    answer, _ = put(PlanVerify(n=12, keep=2, by="tool"), ITEMS[0])
    assert answer.status in ("read", "unreadable")
    assert PlanVerify(by="verifier", model="plans").others == ("verifier:plans",)
    assert PlanVerify().others == ()


def test_a_failed_request_and_other_items() -> None:
    assert put(PlanVerify(), ITEMS[0], fail=True)[0].status == "failed"
    with pytest.raises(TaskError, match="no goal"):
        parse_strategy(parse("plan_verify")).ask(number_item())


@pytest.mark.parametrize(
    "text", ["plan_verify(n=0)", "plan_verify(trust=2)", "plan_verify(by=nobody)", "plan_verify(model=x)"]
)
def test_options_are_checked(text: str) -> None:
    with pytest.raises(SpecError):
        parse_strategy(parse(text))
