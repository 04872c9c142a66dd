"""Drafts that cannot be of any other shape than the one asked for."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference import BoundModel, Draft
from gulliver.models.base import Sampling
from gulliver.models.guide import json_guide
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item


@strategy("constrained")
@dataclass(frozen=True)
class Constrained:
    """Drafts that are JSON by a schema: the one in the file `schema`, else what the task's judge takes (its own schema, one of its
    labels or of the item's choices, a number). At each step only tokens that keep to it can be drawn (Willard and Louf 2023,
    arXiv:2307.09702).

    Greedy at temperature 0; several drafts want a temperature. Needs an engine with guided decoding (`docs/engines.md`).
    """

    schema: str = ""
    temperature: float = 0.0
    top_p: float = 0.95
    role: ClassVar[str] = "drawing"

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature must be at least 0 and top_p in (0, 1]")

    async def draw(self, item: Item, lm: BoundModel, n: int, start: int = 0) -> Sequence[Draft]:
        """
        Raises:
            TaskError: there is no schema, or it cannot be read.
            SchemaError: it cannot be kept.
        """
        guide = json_guide(self._schema(item)).text
        sampling = Sampling(item.max_tokens, self.temperature, self.top_p, stop=item.stop, guide=guide)
        return await lm.draws(item.prompt, n, sampling, start=start)

    def _schema(self, item: Item) -> Any:
        path = self.schema or str(getattr(item.judge, "path", ""))
        if path:
            return _read(path)
        labels = tuple(getattr(item.judge, "labels", ())) or (item.choices if item.judge.kind == "choice" else ())
        if labels:
            return {"enum": list(labels)}
        if item.judge.kind == "number":
            return {"type": "number"}
        if item.judge.kind == "json" and isinstance(item.target, dict):
            return item.target
        if item.judge.kind == "json" and isinstance(item.target, str):
            return _parsed(item.target, item)
        raise TaskError(
            f"constrained finds no shape for the answer to {item.id}; write constrained(schema='FILE.json'), or give the task labels."
        )


def _parsed(text: str, item: Item) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise TaskError(f"The target of {item.id} is no JSON schema; write constrained(schema='FILE.json').") from None


@functools.cache
def _read(path: str) -> Any:
    try:
        return json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise TaskError(f"The schema {path} cannot be read as JSON; give the path of a JSON schema.") from None
