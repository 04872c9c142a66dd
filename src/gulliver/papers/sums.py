"""Generated arithmetic for experiments: sums to calculate, and products told in words."""

import random
from collections.abc import Sequence

from gulliver.tasks.base import Exemplar, Item, make_item
from gulliver.tasks.choices import LETTERS, lettered
from gulliver.tasks.judges import Choice, Number

_WORDS = (
    "How many pens are in {a} boxes of {b} pens each?",
    "A ticket costs {b} dollars. What do {a} tickets cost in dollars?",
    "A hall has {a} rows of {b} seats. How many seats has it?",
    "Nora runs {b} km a day. How many km does she run in {a} days?",
)
SUMS = (
    Exemplar("What is 4 + 9?", "13"),
    Exemplar("What is 31 - 6 + 12?", "37"),
    Exemplar("What is 7 + 25 - 3 + 40?", "69"),
)
PRODUCTS = (
    Exemplar("How many eggs are in 3 nests of 5 eggs each?", "15"),
    Exemplar("A pear costs 2 dollars. What do 9 pears cost in dollars?", "18"),
    Exemplar("A train has 6 cars of 30 seats. How many seats has it?", "180"),
)


def sums(count: int, seed: str) -> list[Item]:
    """Sums and differences of two to five numbers of one to three digits, so that some are easy and some are not."""
    rng = random.Random(f"sums {seed}")
    made = []
    for number in range(count):
        terms = [_number(rng) for _ in range(rng.randint(2, 5))]
        text, value = str(terms[0]), terms[0]
        for term in terms[1:]:
            plus = rng.random() < 0.6
            text += f" {'+' if plus else '-'} {term}"
            value += term if plus else -term
        made.append(_item(f"sum-{seed}-{number}", f"What is {text}?", value, SUMS))
    return made


def products(count: int, seed: str) -> list[Item]:
    """Products of numbers of one or two digits, told in words."""
    rng = random.Random(f"products {seed}")
    made = []
    for number in range(count):
        template = rng.choice(_WORDS)
        a, b = rng.randint(3, 30), rng.randint(3, 60)
        made.append(_item(f"product-{seed}-{number}", template.format(a=a, b=b), a * b, PRODUCTS))
    return made


def as_choice(item: Item) -> Item:
    """A sum as four options with letters: the right one and three near it, in an order drawn by the item."""
    rng = random.Random(item.id)
    right = int(item.target)
    options = rng.sample([right, *(right + off for off in rng.sample([-20, -11, -10, -2, -1, 1, 2, 10, 11, 20], 3))], 4)
    letter = LETTERS[options.index(right)]
    return make_item(item.id, lettered(item.question, [str(o) for o in options]), letter, Choice(tuple(LETTERS[:4])))


def _number(rng: random.Random) -> int:
    digits = rng.choice((1, 1, 2, 2, 3))
    return rng.randint(10 ** (digits - 1) if digits > 1 else 1, 10**digits - 1)


def _item(name: str, question: str, value: int, exemplars: Sequence[Exemplar]) -> Item:
    return make_item(name, question, str(value), Number(), exemplars=tuple(exemplars), max_tokens=16)
