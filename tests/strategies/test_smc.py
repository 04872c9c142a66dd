"""Steered texts keep to their constraints, and their weights estimate what brute force computes."""

import asyncio
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.inference import Draft
from gulliver.models.base import Message, Sampling
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.particles import Particle, cut, effective, log_mean, resampled
from gulliver.strategies.smc import Smc
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.constraints import Keeps, words_of
from tests.strategies.contract import StrategyContract
from tests.strategies.fakes import NUMBERS, ScriptedClient, number_item

NEXT = {
    "": {"Sea": 0.5, "Sun": 0.5},
    "sea": {"sea": 0.2, "sun": 0.5, "ice": 0.1, "": 0.2},
    "sun": {"sea": 0.4, "sun": 0.3, "ice": 0.1, "": 0.2},
    "ice": {"sea": 0.3, "sun": 0.3, "ice": 0.1, "": 0.3},
}
"""A model of words: what follows which, "" being the end."""


class Toy:
    """That model, as a strategy asks it."""

    model = NUMBERS

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.numbers: set[tuple[str, int]] = set()

    async def draws(
        self, prompt: Sequence[Message], n: int, sampling: Sampling, *, start: int = 0, begun: str = ""
    ) -> list[Draft]:
        for i in range(start, start + n):
            assert (begun, i) not in self.numbers  # no draw is taken twice for two particles
            self.numbers.add((begun, i))
        return [self._draw(begun, i, sampling.max_tokens) for i in range(start, start + n)]

    def _draw(self, begun: str, number: int, most: int) -> Draft:
        rng = random.Random(f"{self.seed} {begun} {number}")
        written, last = "", (words_of(begun) or [""])[-1].lower()
        for _ in range(most):
            table = NEXT[last]
            word = rng.choices(list(table), list(table.values()))[0]
            if not word:
                return Draft(written, "stop")
            written += word if not begun and not written else f" {word}"
            last = word.lower()
        return Draft(written, "length")

    async def weigh(self, prompt: str, continuations: Sequence[str]) -> list[Draft]:
        begun = prompt.split("\n")[-1]
        last = (words_of(begun) or [""])[-1].lower()
        table = {word.lower(): p for word, p in NEXT[last].items()}
        return [
            Draft(c, logprob=math.log(table.get(c.strip().lower(), 1e-9)), completion_tokens=1) for c in continuations
        ]


def exact(least: int, most: int, keyword: str = "", place: int = 0, word: str = "") -> float:
    """P(the model writes `least` to `most` words, with the keyword, and the word at its place); with least = most the
    text is closed there, whatever the model would have gone on to."""
    total = 0.0
    for n in range(least, most + 1):
        for text in itertools.product(("sea", "sun", "ice"), repeat=n):
            if (keyword and keyword not in text) or (place and text[place - 1] != word):
                continue
            p = 1.0
            for before, after in itertools.pairwise(("", *text)):
                p *= {w.lower(): q for w, q in NEXT[before].items()}.get(after, 0.0)
            total += p * (1.0 if n == most else NEXT[text[-1]][""])
    return total


def _item(number: int = 0, **fields: object) -> Item:
    return make_item(f"i{number}", "Write a text.", None, Keeps(), fields=fields)


def _evidence(number: int, options: Smc, fields: dict[str, object]) -> float:
    lm = Toy(number)
    answer = asyncio.run(options.answer(_item(number, **fields), lm))  # type: ignore[arg-type]
    return math.exp(float(answer.detail.rpartition(" ")[2]))


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({"words": 4}, exact(4, 4)),
        ({"words": 4, "keywords": ["ice"]}, exact(4, 4, "ice")),
        ({"words": 4, "positions": {"3": "ice"}}, exact(4, 4, place=3, word="ice")),
        ({"words": [2, 4], "keywords": ["ice"]}, exact(2, 4, "ice")),
        ({"words": 4, "keywords": ["ice"], "positions": {"2": "sun"}}, exact(4, 4, "ice", 2, "sun")),
    ],
)
def test_the_weights_estimate_the_exact_probability_without_bias(fields: dict[str, object], want: float) -> None:
    """Whether words are put or waited for, and however early keywords are rewarded."""
    for options in (Smc(n=6, step=2), Smc(n=4, step=3, put=0.5, pull=1.0, keep=1.0), Smc(n=6, put=0.0)):
        told = [_evidence(number, options, fields) for number in range(120)]
        mean = sum(told) / len(told)
        error = math.sqrt(sum((x - mean) ** 2 for x in told) / len(told) / (len(told) - 1))
        assert abs(mean - want) < 4.0 * error + 0.01, (options, mean, want, error)


@pytest.mark.parametrize("number", range(6))
def test_a_rare_combination_is_met(number: int) -> None:
    fields = {"words": 6, "keywords": ["ice"], "positions": {"2": "ice", "5": "sea"}}
    answer = asyncio.run(Smc(n=8).answer(_item(number, **fields), Toy(number)))  # type: ignore[arg-type]
    assert Keeps().right(answer.value, _item(number, **fields))
    assert len(words_of(answer.value)) == 6


def test_what_cannot_be_met_gives_the_nearest_text_and_says_so() -> None:
    fields = {"words": 2, "keywords": ["moon", "sea"], "avoid": ["ice"]}
    answer = asyncio.run(Smc(n=4, put=0.0).answer(_item(**fields), Toy(1)))  # type: ignore[arg-type]
    assert (answer.status, answer.detail.split(" ")[0]) == ("read", "0")
    assert not Keeps().right(answer.value, _item(**fields))


def test_resampling_keeps_the_mean_weight_and_each_its_share() -> None:
    particles = [Particle("a", math.log(0.5)), Particle("b", math.log(0.25)), Particle("c", -math.inf), Particle("d", math.log(0.25))]  # fmt: skip
    kept = resampled(particles, random.Random(0))
    assert sorted(p.text for p in kept) == ["a", "a", "b", "d"]
    assert log_mean([p.weight for p in kept]) == pytest.approx(log_mean([p.weight for p in particles]))
    with pytest.raises(ValueError, match="alive"):
        resampled([Particle("x", -math.inf)], random.Random(0))


def test_the_effective_number_is_that_of_equal_weights() -> None:
    assert effective([-1000.0] * 5) == pytest.approx(5.0)
    assert effective([0.0, -math.inf, -math.inf]) == pytest.approx(1.0)
    assert effective([-math.inf]) == 0.0


def test_a_draft_is_cut_at_whole_words() -> None:
    assert cut(" one two three", 2, True) == (" one two", False)
    assert cut(" one two.", 3, True) == (" one two.", True)
    assert cut(" one two.", 2, True) == (" one two", False)
    assert cut(" one tw", 2, False) == (" one", False)
    assert cut("", 2, True) == ("", True)


class TestSmc(StrategyContract):
    text = "smc(n=4)"

    def item(self, system: str = "") -> Item:
        return replace(number_item(system), max_tokens=12)

    def test_it_asks_for_as_many_drafts_as_it_says(self, tmp_path: Path, strategy: Strategy) -> None:
        """It says a guess; a reply of two words ends in the first step, so each particle takes one draft."""
        client = ScriptedClient(self.replies)
        self.answer(tmp_path, strategy, self.item(), client)
        assert client.asked == 4 < strategy.draws


def test_constraints_that_cannot_be_read_are_refused_before_anything_is_spent() -> None:
    with pytest.raises(TaskError, match="another shape"):
        parse_strategy(parse("smc")).ask(_item(keywords="glass"))
    assert parse_strategy(parse("smc")).ask(number_item())


@pytest.mark.parametrize("options", ["n=0", "step=0", "put=1", "keep=2", "temperature=0", "top_p=0"])
def test_options_out_of_range_are_refused(options: str) -> None:
    with pytest.raises(SpecError, match="must be"):
        parse_strategy(parse(f"smc({options})"))
