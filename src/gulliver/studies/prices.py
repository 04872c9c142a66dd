"""What tokens cost: prices of a study, now or as a batch within a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gulliver.errors import StudyError
from gulliver.inference import Cost

_FORMS = "two numbers, money for a million prompt and completion tokens, or a table {prompt = 1.0, completion = 2.0, batch = 0.5}"


@dataclass(frozen=True)
class Price:
    """Money for a million prompt and completion tokens.

    Attributes:
        batch: share of that price that is asked for when answers may come within a day, in (0, 1]; None when the
            provider has no such offer.
    """

    prompt: float
    completion: float
    batch: float | None = None

    def at(self, batch: bool) -> tuple[float, float]:
        """(prompt, completion) now, or as a batch."""
        share = self.batch if batch and self.batch is not None else 1.0
        return self.prompt * share, self.completion * share


def read_prices(table: Mapping[str, Any]) -> dict[str, Price]:
    """The table [prices]: `model = [prompt, completion]`, or `model = {prompt = …, completion = …, batch = 0.5}`.

    Raises:
        StudyError: a price is neither, or below 0, or its batch share is not in (0, 1].
    """
    return {model: _price(model, value) for model, value in table.items()}


def both_prices(models: Mapping[str, Cost], prices: Mapping[str, Price]) -> tuple[float | None, float | None]:
    """Money for what each model was asked, by its name: at once, and as a batch; None when no model has such a price.

    A model without a batch price counts in full in the second.
    """
    now = batch = None
    for name, cost in models.items():
        if (price := prices.get(name)) is None:
            continue
        prompt, completion = cost.prompt_tokens / 1e6, cost.completion_tokens / 1e6
        sums = [prompt * p + completion * c for p, c in (price.at(False), price.at(True))]
        now, batch = (now or 0.0) + sums[0], (batch or 0.0) + sums[1]
    return now, batch if any(price.batch is not None for price in prices.values()) else None


def _price(model: str, value: Any) -> Price:
    if isinstance(value, Price):
        return value
    if isinstance(value, Mapping):
        if not {"prompt", "completion"} <= value.keys() <= {"prompt", "completion", "batch"}:
            raise StudyError(f"[prices] {model} must be {_FORMS}.")
        numbers, batch = [value["prompt"], value["completion"]], value.get("batch")
    else:
        numbers, batch = value, None
    if not isinstance(numbers, list | tuple) or len(numbers) != 2 or not all(_number(n) and n >= 0 for n in numbers):
        raise StudyError(f"[prices] {model} must be {_FORMS}.")
    if batch is not None and (not _number(batch) or not 0 < batch <= 1):
        raise StudyError(
            f"[prices] {model} batch must be the share of the price that a batch costs, above 0 and up to 1, not {batch!r}."
        )
    return Price(float(numbers[0]), float(numbers[1]), None if batch is None else float(batch))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
