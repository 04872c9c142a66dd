"""Every generator of reasoning-gym as a task (Stojanovski et al. 2025, arXiv:2505.24760): `gym:NAME(option=value)`."""

import dataclasses
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, overload

from gulliver.errors import MissingExtra, TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Kind, Task, make_item
from gulliver.tasks.gym_answers import evaluates, harmless, quiet, said, tagged
from gulliver.tasks.judges import found

TEST, SIDE = 500, 100
"""Items in the test split unless stated; items in train and in dev."""
RIGHT = 1.0 - 1e-6
"""A generator's scorer gives a share; this much of it is right."""
# They build mixtures of other generators and have no questions of their own.
_NO_QUESTIONS = frozenset({"composite"})
_NONSENSE = "nonsense"
_OWN = ("size", "seed")
_NUMERIC = re.compile(r"-?\d{1,40}(?:\.\d+)?(?:e[-+]\d{1,2})?")


@dataclass(frozen=True)
class GymJudge:
    """Right is what the generator's own scorer says of the whole answer; a number must equal the target in sign too.

    Scorers that evaluate what they are given see only what `harmless` lets through; all else is wrong.
    """

    dataset: Any = field(compare=False, repr=False)
    kind: Kind = "free"
    guarded: bool = False
    answer_only: ClassVar[str] = "Reply with the final answer alone."

    @property
    def after_reasoning(self) -> str:
        shape = "number" if self.kind == "number" else "answer"
        return f"Think step by step, then write the final answer on a line of its own as 'Answer: <{shape}>'."

    def read(self, draft: Draft, item: Item) -> Answer:
        if self.kind == "number":
            return found(extract.number(tagged(draft.text), announced=draft.finish == "length"))
        return found(said(draft.text, lines="\n" in str(item.target) or not item.target))

    def right(self, value: Any, item: Item) -> bool:
        if value == item.target:
            return True
        if self.kind == "number":
            target, said = float(item.target), float(value)
            if math.isclose(target, said, rel_tol=1e-9, abs_tol=1e-12):
                return True
            if (target < 0) != (said < 0):
                return False  # some scorers overlook a sign
        if self.guarded and not harmless(str(value)):
            return False
        if not self._accepts(str(value), item):
            return False
        # A scorer that takes nonsense for right (game_of_life_halting's does) says nothing about this answer.
        if self._accepts(_NONSENSE, item):
            return bool(extract.bare(str(value)).casefold() == item.target.casefold())
        return True

    def _accepts(self, said: str, item: Item) -> bool:
        with quiet():
            try:
                return float(self.dataset.score_answer(said, dict(item.fields))) >= RIGHT
            except Exception:  # a scorer that stumbles over an answer has not accepted it
                return False


def generators() -> list[str]:
    """The names of all generators, without `gym:`.

    Raises:
        MissingExtra: reasoning-gym is not installed.
    """
    return sorted(name for name in _factory().DATASETS if name not in _NO_QUESTIONS)


def make(name: str, *, items: int | None = None, seed: int = 0, **options: Any) -> Task:
    """Test, dev and train items of one generator, each split from a seed of its own; `items` (or `size`) is the test's.

    Args:
        options: the generator's own, such as `min_terms=2`; `seed` among them takes the place of the study's.

    Raises:
        MissingExtra: reasoning-gym is not installed.
        TaskError: there is no such generator, or it does not take these options.
    """
    known = generators()
    if name not in known:
        near = [other for other in known if name.split("_")[0] in other][:5]
        hint = f"; near it are: {', '.join(near)}" if near else ""
        raise TaskError(f"There is no generator {name!r} among the {len(known)} of reasoning-gym{hint}.")
    _check(name, options)
    size = int(items or options.get("size") or TEST)
    first = int(options.get("seed", seed))
    config = {key: value for key, value in options.items() if key not in _OWN}
    test, train, dev = (
        _Items(name, part, _dataset(name, amount, first, part, config))
        for part, amount in (("test", size), ("train", SIDE), ("dev", SIDE))
    )
    version = importlib.metadata.version("reasoning-gym")
    stated = json.dumps([name, version, size, first, config], sort_keys=True, default=str)
    return Task(
        f"gym:{name}",
        test,
        train,
        dev,
        source=f"reasoning-gym {version}, {name}, seed {first}",
        license="Apache-2.0",
        digest=hashlib.sha256(stated.encode()).hexdigest(),
        generated=True,
    )


class _Items(Sequence[Item]):
    """A split whose items are made when first looked at: some generators take a second for one."""

    def __init__(self, name: str, part: str, dataset: Any) -> None:
        self._name, self._part, self._dataset = name, part, dataset
        self._made: dict[int, Item] = {}
        guarded = evaluates(dataset)
        self._free = GymJudge(dataset, "free", guarded)
        self._number = GymJudge(dataset, "number", guarded)

    def __len__(self) -> int:
        return int(self._dataset.size)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place not in self._made:
            self._made[place] = self._item(place)
        return self._made[place]

    def _item(self, place: int) -> Item:
        with quiet():
            entry = self._dataset[place]
        answer = entry["answer"]
        target = "" if answer is None else str(answer)
        judge = self._number if _NUMERIC.fullmatch(target) else self._free
        return make_item(
            f"{self._name}-{self._part}-{place}", str(entry["question"]).strip(), target, judge, fields=entry
        )


def _dataset(name: str, size: int, seed: int, part: str, config: Mapping[str, Any]) -> Any:
    """A generator with a seed that no other split shares: item i is drawn from seed + i, so seeds must lie far apart."""
    spread = int.from_bytes(hashlib.sha256(f"{name} {part} {seed}".encode()).digest()[:4], "big") >> 1
    try:
        with quiet():
            return _factory().create_dataset(name, size=size, seed=spread, **config)
    except (AssertionError, TypeError, ValueError) as error:
        raise TaskError(f"The generator {name} does not take these options: {error}.") from error


def _check(name: str, options: Mapping[str, Any]) -> None:
    known = {option.name for option in dataclasses.fields(_factory().DATASETS[name][1])} | set(_OWN)
    for key in options:
        if key not in known:
            raise TaskError(f"The generator {name} has no option {key!r}; it has: {', '.join(sorted(known))}.")


@cache
def _factory() -> Any:
    if importlib.util.find_spec("reasoning_gym") is None:
        raise MissingExtra("gym:NAME", "gym")
    with quiet():
        return importlib.import_module("reasoning_gym.factory")
