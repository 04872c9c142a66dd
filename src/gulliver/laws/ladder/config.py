"""What a ladder's file says, checked before anything is trained."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from gulliver.laws.base import LawError
from gulliver.laws.ladder.shapes import HEAD

Kind = Literal["decoder", "encoder", "diffusion"]
Engine = Literal["local", "ray", "accelerate"]


@dataclass(frozen=True)
class TextSource:
    """Where the text comes from: exactly one of `packaged`, `files`, `generated`.

    Attributes:
        packaged: `shakespeare`.
        files: paths, relative to the ladder's file.
        generated: `proteins` or `translation`, each from the grammar stated in its own file.
        bytes: how much to generate.
        families, concentration: of `proteins`; fewer families, and less free positions, are easier to learn.
        held_out: the part of the text that no model trains on.
    """

    packaged: str | None = None
    files: tuple[str, ...] = ()
    generated: str | None = None
    bytes: int = 4_000_000
    held_out: float = 0.05
    seed: int = 0
    families: int = 200
    concentration: float = 4.0


@dataclass(frozen=True)
class Grid:
    """All combinations of its lists are run; one table of rows.

    Attributes:
        sizes: (width, depth) pairs, written `"64x3"`.
        tokens: tokens trained on, repeats counted.
        unique_tokens: at most so many different tokens are seen, then seen again; None is the whole text.
    """

    name: str
    kind: Kind
    sizes: tuple[tuple[int, int], ...]
    tokens: tuple[int, ...]
    vocabularies: tuple[int, ...] = (512,)
    unique_tokens: tuple[int | None, ...] = (None,)
    seeds: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Recipe:
    """How every model of the ladder is trained.

    Attributes:
        context: tokens of one window.
        batch: windows a step.
        rate: AdamW's peak learning rate at width 64; at another width it is `rate * (64 / width) ** rate_power`.
        warmup: steps.
        decay: the last part of each run's tokens, in which the rate falls in a line to zero.
        mask: the part that an encoder has masked.
        held_out_tokens: at most so many held-out tokens are scored.
        draws: random maskings of each held-out window, for the encoder and diffusion.
        checkpoint_every: steps between checkpoints.
    """

    context: int = 128
    batch: int = 8
    rate: float = 6e-3
    rate_power: float = 1.0
    warmup: int = 25
    decay: float = 0.2
    weight_decay: float = 0.1
    mask: float = 0.3
    held_out_tokens: int = 65_536
    draws: int = 4
    checkpoint_every: int = 200

    @property
    def digest(self) -> str:
        """Of all that a row's numbers hang on."""
        told = json.dumps({**asdict(self), "checkpoint_every": 0}, sort_keys=True)
        return f"sha-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Machine:
    """Who computes: `workers` chains at once with `threads` each.

    Attributes:
        engine: `local` processes; `ray`, one task a chain on a cluster (extra `ray`); `accelerate`, one chain at a time
            with its batch divided among `workers` processes (DDP).
    """

    engine: Engine = "local"
    workers: int = 1
    threads: int = 0


@dataclass(frozen=True)
class LadderConfig:
    """A ladder: text, grids of models, one recipe.

    Attributes:
        out: where tables, models and checkpoints go.
        folder: what paths are relative to.
    """

    name: str
    text: TextSource
    grids: tuple[Grid, ...]
    recipe: Recipe = field(default_factory=Recipe)
    machine: Machine = field(default_factory=Machine)
    out: Path = Path("ladder")
    folder: Path = field(default_factory=Path.cwd)


def read_ladder(path: Path | str) -> LadderConfig:
    """A ladder from its TOML file.

    Raises:
        LawError: the file is missing, is not TOML, or says something that cannot be.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LawError(f"The ladder {path} cannot be read ({error.strerror}); give the path of a TOML file.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LawError(f"The ladder {path} is not valid TOML: {error}.") from None
    return make_ladder(data, folder=path.resolve().parent, name=path.stem)


def make_ladder(data: Mapping[str, Any], folder: Path | None = None, name: str = "ladder") -> LadderConfig:
    """A ladder from plain data of the TOML file's shape: `name`, `out`, tables `text`, `recipe`, `machine`, `grid.NAME`.

    Raises:
        LawError: something in it cannot be.
    """
    where = folder or Path.cwd()
    _known("The ladder", data, {"name", "out", "text", "recipe", "machine", "grid"})
    name = str(data.get("name", name))
    grids = data.get("grid", {})
    if not isinstance(grids, Mapping) or not grids or not all(isinstance(grid, Mapping) for grid in grids.values()):
        raise LawError("The ladder has no grid; write a table [grid.decoder] with kind, sizes and tokens.")
    config = LadderConfig(
        name=name,
        text=TextSource(**_table(data, "text", TextSource)),
        grids=tuple(_grid(key, grid) for key, grid in grids.items()),
        recipe=Recipe(**_table(data, "recipe", Recipe)),
        machine=Machine(**_table(data, "machine", Machine)),
        out=where / str(data.get("out", f"{name}-runs")),
        folder=where,
    )
    _check(config)
    return config


def _grid(name: str, data: Mapping[str, Any]) -> Grid:
    at = f"[grid.{name}]"
    _known(at, data, {f.name for f in fields(Grid)} - {"name"})
    if not name.replace("-", "").replace("_", "").isalnum():
        raise LawError(f"A grid's name is letters, digits and dashes, not {name!r}: its table is named after it.")
    kind = data.get("kind", name)
    if kind not in get_args(Kind):
        raise LawError(f"{at} kind must be one of {', '.join(get_args(Kind))}, not {kind!r}.")
    sizes = []
    for size in _list(at, data, "sizes"):
        width, _, depth = str(size).partition("x")
        if not (width.isdigit() and depth.isdigit() and int(depth) > 0 and _width(int(width))):
            raise LawError(
                f'{at} sizes are written "WIDTHxDEPTH", the width a multiple of {HEAD} or a smaller even number, not {size!r}.'
            )
        sizes.append((int(width), int(depth)))
    unique = [_count(at, "unique_tokens", n) for n in data.get("unique_tokens", [])]
    return Grid(
        name,
        kind,
        tuple(sizes),
        tuple(sorted(_count(at, "tokens", n) for n in _list(at, data, "tokens"))),
        tuple(_count(at, "vocabularies", n) for n in data.get("vocabularies", [512])),
        tuple(unique) or (None,),
        tuple(_count(at, "seeds", n + 1) - 1 for n in data.get("seeds", [0])),
    )


def _width(width: int) -> bool:
    return width % HEAD == 0 if width >= HEAD else width > 0 and width % 2 == 0


def _check(config: LadderConfig) -> None:
    text, recipe, machine = config.text, config.recipe, config.machine
    if sum((text.packaged is not None, bool(text.files), text.generated is not None)) != 1:
        raise LawError('[text] must name one of: packaged = "shakespeare", files = [...], generated = "proteins".')
    if not 0 < text.held_out <= 0.5:
        raise LawError(f"[text] held_out must be above 0 and at most 0.5, not {text.held_out}.")
    for option in ("families", "concentration"):
        if not getattr(text, option) > 0:
            raise LawError(f"[text] {option} must be above 0, not {getattr(text, option)}.")
    for part in ("context", "batch", "rate", "warmup", "held_out_tokens", "draws", "checkpoint_every"):
        if not getattr(recipe, part) > 0:
            raise LawError(f"[recipe] {part} must be above 0, not {getattr(recipe, part)}.")
    for part in ("decay", "mask"):
        if not 0 < getattr(recipe, part) < 1:
            raise LawError(f"[recipe] {part} must be between 0 and 1, not {getattr(recipe, part)}.")
    if machine.engine not in get_args(Engine):
        raise LawError(f"[machine] engine must be one of {', '.join(get_args(Engine))}, not {machine.engine!r}.")
    if machine.workers < 1 or machine.threads < 0:
        raise LawError("[machine] workers must be at least 1, and threads at least 0.")
    if machine.engine == "accelerate" and recipe.batch % machine.workers:
        raise LawError(
            f"A batch of {recipe.batch} windows cannot be divided among {machine.workers} workers; change one of them."
        )
    for grid in config.grids:
        least = recipe.context * recipe.batch * recipe.warmup
        if grid.tokens[0] * (1 - recipe.decay) < least:
            raise LawError(
                f"[grid.{grid.name}] {grid.tokens[0]} tokens end within the warm-up of {least}; train on more, or lower warmup."
            )


def _table(data: Mapping[str, Any], key: str, shape: type) -> dict[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, Mapping):
        raise LawError(f"[{key}] must be a table.")
    known = {f.name: f for f in fields(shape)}
    _known(f"[{key}]", table, set(known))
    made: dict[str, Any] = {}
    for name, value in table.items():
        default = known[name].default
        if isinstance(default, int | float):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or (isinstance(default, int) and not isinstance(value, int)):
                kind = "whole number" if isinstance(default, int) else "number"
                raise LawError(f"[{key}] {name} must be a {kind}, not {value!r}.")
        elif isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise LawError(f"[{key}] {name} must be a list of texts.")
            value = tuple(value)
        elif not isinstance(value, str):
            raise LawError(f"[{key}] {name} must be text, not {value!r}.")
        made[name] = value
    return made


def _list(at: str, data: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = data.get(key)
    if not isinstance(value, list) or not value:
        raise LawError(f"{at} needs {key}, a list with at least one entry.")
    return value


def _count(at: str, key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise LawError(f"{at} {key} must be whole numbers above 0, not {value!r}.")
    return value


def _known(where: str, data: Mapping[str, Any], allowed: set[str]) -> None:
    for key in data:
        if key not in allowed:
            raise LawError(f"{where} has no option {key!r}; it has: {', '.join(sorted(allowed))}.")
