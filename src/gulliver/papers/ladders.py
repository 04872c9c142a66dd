"""The ladders that experiments train: kept under `GULLIVER_HOME`, gone on with after a crash, paid for once."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.errors import MissingExtra
from gulliver.home import folder
from gulliver.laws import Table, read_table
from gulliver.laws.ladder import (
    Chain,
    Event,
    LadderConfig,
    chains_of,
    make_ladder,
    read_rows,
    remaining_flops,
    run_ladder,
)
from gulliver.laws.ladder.rows import Row
from gulliver.laws.ladder.sweep import is_of
from gulliver.laws.ladder.texts import PACKAGE, VERSION
from gulliver.models.files import only_one, writing
from gulliver.papers.base import Progress, Spent
from gulliver.papers.running import run_on

TOLD_EVERY = 10.0
"""Seconds between two sentences on how far a training is."""


@dataclass(frozen=True)
class Ladder:
    """A trained ladder.

    Attributes:
        rows: of each grid, by its name, in the order of size, seed and tokens; only those that the grid asks for.
    """

    config: LadderConfig
    rows: Mapping[str, tuple[Row, ...]]

    def table(self, *grids: str) -> Table:
        """The rows of these grids (all when none is named) as a law's table, with a column `model` to resample by."""
        rows = [row for grid in grids or self.rows for row in self.rows[grid]]
        columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
        columns["model"] = [
            f"{row['kind']} {row['width']}x{row['depth']} v{row['vocabulary']} u{row['unique_limit']} s{row['seed']}"
            for row in rows
        ]
        return read_table(columns)

    def model(self, grid: str, row: Row) -> Path:
        """The folder of the model that gave a row, with its tokenizer, as transformers reads it."""
        chain = next(chain for chain in chains_of(self.config) if chain.grid == grid and _of(row, chain))
        return self.config.out / "models" / f"{chain.name}-d{row['tokens']}"

    def frequencies(self, vocabulary: int) -> float:
        """The held-out loss of one who knows only how frequent each token is: what a model is above until it begins to learn."""
        from gulliver.laws.ladder.texts import load_text
        from gulliver.laws.ladder.tokens import tokenise

        tokens = tokenise(load_text(self.config), vocabulary, self.config.out)
        seen = np.bincount(tokens.train, minlength=vocabulary) + 1.0
        return float(-np.log(seen / seen.sum())[tokens.held_out].mean())

    @property
    def source(self) -> str:
        """What it was trained on, for a person."""
        text = self.config.text
        if text.generated is not None:
            what = (
                f"{text.families} families of proteins (concentration {text.concentration:g})"
                if text.generated == "proteins"
                else text.generated
            )
            return (
                f"{text.bytes:,} bytes of {what} generated from a stated grammar (seed {text.seed}), not natural ones"
            )
        return f"Shakespeare's plays ({PACKAGE} {VERSION})" if text.packaged else ", ".join(text.files)

    def spent(self, seconds: float) -> Spent:
        """Training FLOPs and seconds of all rows, whenever they were paid; `seconds` is how long this run took."""
        rows = [row for found in self.rows.values() for row in found]
        busy = sum(float(row["seconds"]) * row["paid_flops"] / row["flops"] for row in rows)
        return Spent(0, sum(float(row["paid_flops"]) for row in rows), busy, seconds)

    def run_on(self) -> dict[str, Any]:
        """Machine, versions, text, recipe, and where the tables and models are."""
        recipe = self.config.recipe
        return run_on(()) | {
            "trained": f"{sum(map(len, self.rows.values()))} runs from scratch, torch {version('torch')}, transformers {version('transformers')}",
            "text": self.source,
            "recipe": {**asdict(recipe), "digest": recipe.digest},
            "folder": str(self.config.out),
        }


def train_ladder(name: str, data: Mapping[str, Any], progress: Progress, workers: int = 2) -> Ladder:
    """A ladder trained now, as far as it was not trained before; interrupted, it goes on from its last checkpoint.

    It is kept in `GULLIVER_HOME/ladders/NAME-DIGEST`, the digest of text and recipe: another recipe makes another folder,
    more sizes or token counts add to the same one.

    Args:
        name: of the experiment and scale, such as `kaplan-2020-laptop`; experiments with one name share what they train.
        data: `text`, `recipe`, `grid` as in `docs/ladder.md`.
        workers: models trained at once, one thread each.

    Raises:
        LawError: the data cannot be a ladder.
        MissingExtra: torch or transformers is not installed.
        TrainingError: a training failed.
    """
    # Said here, in one sentence, and not by a worker process.
    if not all(map(find_spec, ("torch", "transformers", "tokenizers"))):
        raise MissingExtra("Training a ladder", "torch")
    machine = {"engine": "local", "workers": workers, "threads": 1}
    asked = make_ladder({**data, "name": name, "machine": machine}, folder("ladders"))
    told = json.dumps([asdict(asked.text), asked.recipe.digest], sort_keys=True)
    mark = hashlib.sha256(told.encode()).hexdigest()[:8]
    config = make_ladder({**data, "name": name, "machine": machine, "out": f"{name}-{mark}"}, folder("ladders"))
    with only_one(config.out / "ladder"):
        run_ladder(config, _Told(remaining_flops(config), progress))
    chains = chains_of(config)
    found = {}
    for grid in config.grids:
        rows = read_rows(config.out / f"{grid.name}.csv")
        wanted = [row for row in rows if any(chain.grid == grid.name and _of(row, chain) for chain in chains)]
        found[grid.name] = tuple(
            sorted(wanted, key=lambda r: (r["all_parameters"], r["width"], r["seed"], r["tokens"]))
        )
    return Ladder(config, found)


def _of(row: Row, chain: Chain) -> bool:
    """Whether a row is one that the chain asks for."""
    return is_of(row, chain) and row["tokens"] in chain.counts


def kept_text(name: str, text: str) -> Path:
    """A text as a file for a ladder, named by its content, in `GULLIVER_HOME/ladders/texts`."""
    place = folder("ladders") / "texts" / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.txt"
    if not place.is_file():
        with writing(place) as aside:
            aside.write_text(text, encoding="utf-8")
    return place


class _Told:
    """A sentence for each finished run, and now and then how far the whole is."""

    def __init__(self, total: float, progress: Progress) -> None:
        self.total, self.progress, self.done = total, progress, 0.0
        self.began = self.last = time.monotonic()

    def __call__(self, event: Event) -> None:
        self.done += event.flops
        now = time.monotonic()
        if (row := event.row) is not None:
            self.progress(
                f"trained {row['kind']} {row['width']}x{row['depth']}, {row['tokens']:,} tokens: loss {row['loss']:.4f}, {self._share()}"
            )
        elif now - self.last > TOLD_EVERY:
            left = (now - self.began) * (self.total / self.done - 1.0) if self.done else 0.0
            self.progress(f"training the ladder: {self._share()}, about {max(left, 0.0) / 60:.1f} minutes left")
        else:
            return
        self.last = now

    def _share(self) -> str:
        return f"{min(1.0, self.done / self.total if self.total else 1.0):.0%} of {self.total:.2g} FLOPs"
