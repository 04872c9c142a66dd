"""What a study file says, checked before anything is spent."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from gulliver.errors import StudyError
from gulliver.studies.prices import Price, read_prices

Cheap = Literal["flops", "seconds", "memory", "money"]
_WITHIN = re.compile(r"\s*within\s+([0-9.]+)\s+of\s+(.+)", re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """What a study may spend at most; None is no limit."""

    seconds: float | None = None
    flops: float | None = None
    money: float | None = None


@dataclass(frozen=True)
class StudyConfig:
    """A study: what to find, for what, among what.

    Attributes:
        task: a task's name, or a table that describes a file of the user's.
        target: quality to reach, in (0, 1]; with `reference`, `margin` below that recipe's quality is good enough.
        about: `pool` (these items) or `population`; None is the task's default.
        items: at most so many items of each recipe; None is all (500 of a generator).
        recipes: whole recipes besides those made of each model with each strategy.
        race: stop at the first recipe that meets the target; False measures every recipe on every item.
        batch: the ledger counts batch prices (answers within a day) where a model has one.
        keep_text: False keeps no prompt and no answer on disk, only hashes, outcomes and costs.
        folder: what paths in the study are relative to.
    """

    task: str | Mapping[str, Any]
    target: float | None = None
    margin: float | None = None
    reference: str | None = None
    name: str = "study"
    confidence: float = 0.95
    about: Literal["pool", "population"] | None = None
    cheap: Cheap = "flops"
    seed: int = 0
    items: int | None = None
    models: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ("direct",)
    recipes: tuple[str, ...] = ()
    floors: bool = True
    race: bool = True
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, Price] = field(default_factory=dict)
    batch: bool = False
    keep_text: bool = True
    folder: Path = field(default_factory=Path.cwd)

    @property
    def target_text(self) -> str:
        if self.reference is not None:
            return f"within {self.margin:g} of {self.reference}"
        return f"{self.target:g}"


def read_study(path: Path | str) -> StudyConfig:
    """A study from its TOML file.

    Raises:
        StudyError: the file is missing, is not TOML, or says something that cannot be.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"The study {path} cannot be read ({error.strerror}); give the path of a TOML file.") from None
    except UnicodeDecodeError:
        raise StudyError(f"The study {path} is not UTF-8 text; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"The study {path} is not valid TOML: {error}.") from None
    return make_study(data, folder=path.resolve().parent, name=path.stem)


def make_study(data: Mapping[str, Any], folder: Path | None = None, name: str = "study") -> StudyConfig:
    """A study from plain data of the same shape as the TOML file: tables `study`, `task`, `limits`, `prices`.

    Raises:
        StudyError: something in it cannot be.
    """
    _known("top level", data, {"study", "task", "limits", "prices"})
    study = dict(_table(data, "study"))
    if "task" in data and "task" in study:
        raise StudyError("The study names its task twice; keep either `task` under [study] or the table [task].")
    task = data.get("task", study.pop("task", None))
    if not isinstance(task, str | Mapping) or not task:
        raise StudyError('The study names no task; write task = "gsm8k" under [study], or a [task] table with a file.')
    allowed = {f.name for f in fields(StudyConfig)} - {"task", "limits", "prices", "folder", "margin", "reference"}
    _known("[study]", study, allowed)
    limits = _table(data, "limits")
    _known("[limits]", limits, {f.name for f in fields(Limits)})
    for key, value in limits.items():
        if not _number(value) or value <= 0:
            raise StudyError(f"[limits] {key} must be a number above 0, not {value!r}.")
    more: dict[str, Any] = _target(study.pop("target", None))
    for key in ("models", "strategies", "recipes"):
        if key in study:
            more[key] = _texts(key, study.pop(key))
    prices = read_prices(_table(data, "prices"))
    config = StudyConfig(
        task=task,
        limits=Limits(**limits),
        prices=prices,
        folder=folder or Path.cwd(),
        **{"name": name, **study, **more},
    )
    _check(config)
    return config


def _check(config: StudyConfig) -> None:
    if not isinstance(config.name, str) or not re.fullmatch(r"[\w][\w .\-]{0,80}", config.name):
        raise StudyError(f"The study's name {config.name!r} must be letters, digits, spaces, dots or dashes.")
    if not _number(config.confidence) or not 0.5 < config.confidence < 1:
        raise StudyError(f"confidence must lie between 0.5 and 1, such as 0.95, not {config.confidence!r}.")
    if config.about not in (None, "pool", "population"):
        raise StudyError(f'about must be "pool" or "population", not {config.about!r}.')
    if config.cheap not in ("flops", "seconds", "memory", "money"):
        raise StudyError(f'cheap must be "flops", "seconds", "memory" or "money", not {config.cheap!r}.')
    if isinstance(config.seed, bool) or not isinstance(config.seed, int):
        raise StudyError(f"seed must be a whole number, not {config.seed!r}.")
    if config.items is not None and (
        isinstance(config.items, bool) or not isinstance(config.items, int) or config.items < 1
    ):
        raise StudyError(f"items must be a whole number above 0, not {config.items!r}.")
    for key in ("floors", "race", "batch", "keep_text"):
        if not isinstance(getattr(config, key), bool):
            raise StudyError(f"{key} must be true or false.")
    if config.batch and not any(price.batch is not None for price in config.prices.values()):
        raise StudyError(
            'batch = true needs a batch price; write "MODEL" = {prompt = 1.0, completion = 2.0, batch = 0.5} under [prices].'
        )
    if not config.models and not config.recipes:
        raise StudyError('The study names no models; write models = ["smollm2-135m"] under [study].')
    if config.models and not config.strategies:
        raise StudyError(
            'The study names models but no strategies; write strategies = ["direct"] or leave the line out.'
        )


def _target(value: Any) -> dict[str, Any]:
    if _number(value):
        if not 0 < value <= 1:
            raise StudyError(f"target must lie in (0, 1], a share of right answers, not {value!r}.")
        return {"target": float(value)}
    found = _WITHIN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise StudyError('The study needs a target: a number such as 0.8, or "within 0.02 of RECIPE".')
    try:
        margin = float(found[1])
    except ValueError:
        margin = 1.0
    if not 0 < margin < 1:
        raise StudyError(f"The margin in {value!r} must lie between 0 and 1.")
    return {"margin": margin, "reference": found[2].strip()}


def _texts(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) and text.strip() for text in value):
        raise StudyError(f"{key} must be a list of texts.")
    return tuple(value)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, Mapping):
        raise StudyError(f"[{key}] must be a table.")
    return table


def _known(where: str, data: Mapping[str, Any], allowed: set[str]) -> None:
    for key in data:
        if key not in allowed:
            raise StudyError(f"{where} has no option {key!r}; it has: {', '.join(sorted(allowed))}.")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
