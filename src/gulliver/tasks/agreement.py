"""How far a judge that is a model agrees with a person: accuracy and Cohen's kappa, each with a 95 % interval."""

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gulliver.errors import TaskError
from gulliver.home import folder
from gulliver.inference import Meter, Session
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.model_judge import ModelJudge
from gulliver.tasks.rows import Row, read_rows, where

_YES = ("yes", "true", "right", "correct", "1")
_NO = ("no", "false", "wrong", "incorrect", "0")


@dataclass(frozen=True)
class Agreement:
    """A judge's verdicts against hand labels.

    Attributes:
        n: answers that both judged; `silent` more got no verdict from the judge.
        accuracy: share of like verdicts, with `low` and `high` after Clopper and Pearson (1934).
        kappa: Cohen's (1960), agreement beyond chance; None when chance alone would agree always.
        false_yes, false_no: answers that the judge passed and the person did not, and the reverse.
    """

    judge: str
    n: int
    silent: int
    accuracy: float
    low: float
    high: float
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    false_yes: int
    false_no: int

    @property
    def sentence(self) -> str:
        """One sentence for reports."""
        kappa = (
            "kappa cannot be told"
            if self.kappa is None
            else f"kappa {self.kappa:.2f} ({self.kappa_low:.2f}–{self.kappa_high:.2f})"
        )
        silent = f", {self.silent} more without a verdict" if self.silent else ""
        return (
            f"on {self.n} hand-labelled answers it agreed on {self.accuracy:.0%} ({self.low:.0%}–{self.high:.0%}), {kappa}, passing "
            f"{self.false_yes} wrong and failing {self.false_no} right ones{silent}"
        )


def agreement(judge: str, said: Sequence[bool | None], labels: Sequence[bool]) -> Agreement:
    """Compare a judge's verdicts (None: it gave none) with a person's labels.

    Raises:
        TaskError: the judge gave no verdict at all.
    """
    pairs = [(mine, yours) for mine, yours in zip(said, labels, strict=True) if mine is not None]
    if not pairs:
        raise TaskError(f"The judge {judge} gave no verdict on any of the labelled answers; try a larger model.")
    n = len(pairs)
    cells = [pairs.count((mine, yours)) for mine in (True, False) for yours in (True, False)]
    same = cells[0] + cells[3]
    low, high = clopper_pearson(same, n, 0.025)
    value = kappa(*cells)
    least, most = (None, None) if value is None else _spread(cells, value)
    return Agreement(judge, n, len(said) - n, same / n, low, high, value, least, most, cells[1], cells[2])


def kappa(both_yes: float, false_yes: float, false_no: float, both_no: float) -> float | None:
    """Cohen's kappa of a table of two verdicts; None when each said one thing only, and the same.

    >>> kappa(20, 5, 10, 15)
    0.4
    """
    n = both_yes + false_yes + false_no + both_no
    observed = (both_yes + both_no) / n
    chance = ((both_yes + false_yes) * (both_yes + false_no) + (false_no + both_no) * (false_yes + both_no)) / n**2
    return None if chance == 1 else round((observed - chance) / (1 - chance), 12)


async def measure_agreement(judge: ModelJudge, path: Path, session: Session) -> Agreement:
    """Ask the judge about every labelled answer of a file, and keep what came of it for reports of tasks that use it.

    The file is JSONL, CSV or Parquet with the columns `question`, `answer`, `label` (yes or no) and, if there is one,
    `target`.

    Raises:
        TaskError: a column is missing or a label is none.
    """
    rows = read_rows(path)
    items = [_item(row, path, judge) for row in rows]
    labels = [_label(row, path) for row in rows]
    lm = session.bind(judge.model, Meter())
    asked = [judge.judgement(row.values["answer"], item, lm) for row, item in zip(rows, items, strict=True)]
    verdicts = {"right": True, "wrong": False}
    said = [verdicts.get(judgement.outcome) for judgement in await asyncio.gather(*asked)]
    result = agreement(judge.name, said, labels)
    (folder("agreements") / f"{judge.key}.json").write_text(json.dumps(asdict(result)), encoding="utf-8")
    return result


def known_agreement(judge: ModelJudge) -> Agreement | None:
    """What `measure_agreement` last found for this model with this rubric; None when it was never measured."""
    kept = folder("agreements") / f"{judge.key}.json"
    try:
        return Agreement(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def clopper_pearson(right: int, n: int, tail: float) -> tuple[float, float]:
    """Exact ends of a share when `right` of `n` were, each of which fails with at most `tail` (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = 0.0 if right == 0 else float(beta.ppf(tail, right, n - right + 1))
    return low, 1.0 if right == n else float(beta.ppf(1.0 - tail, right + 1, n - right))


def _spread(cells: Sequence[int], value: float) -> tuple[float, float]:
    """The large-sample interval of Fleiss, Cohen and Everitt (1969), with half an answer added to each cell, without which
    it is far too narrow for few answers or near-perfect agreement (simulated: it then covers 92 to 99 % of the time)."""
    a, b, c, d = (count + 0.5 for count in cells)
    n = a + b + c + d
    shares = ((a / n, b / n), (c / n, d / n))
    mine = [sum(row) for row in shares]
    yours = [shares[0][i] + shares[1][i] for i in (0, 1)]
    observed = shares[0][0] + shares[1][1]
    chance = sum(mine[i] * yours[i] for i in (0, 1))
    same = sum(shares[i][i] * ((1 - chance) - (mine[i] + yours[i]) * (1 - observed)) ** 2 for i in (0, 1))
    other = (1 - observed) ** 2 * sum(shares[i][1 - i] * (yours[i] + mine[1 - i]) ** 2 for i in (0, 1))
    variance = (same + other - (observed * chance - 2 * chance + observed) ** 2) / (n * (1 - chance) ** 4)
    middle = (observed - chance) / (1 - chance)
    half = 1.96 * math.sqrt(max(0.0, variance))
    return max(-1.0, min(value, middle - half)), min(1.0, max(value, middle + half))


def _item(row: Row, path: Path, judge: ModelJudge) -> Item:
    for column in ("question", "answer", "label"):
        if row.values.get(column) in (None, ""):
            raise TaskError(
                f"{where(path, row)}: {column!r} is missing; a labelled answer has question, answer and label (yes or no)."
            )
    return make_item(str(row.number), str(row.values["question"]), row.values.get("target"), judge)


def _label(row: Row, path: Path) -> bool:
    said = str(row.values["label"]).strip().casefold()
    if said not in (*_YES, *_NO):
        raise TaskError(f"{where(path, row)}: the label {said!r} is neither yes nor no.")
    return said in _YES
