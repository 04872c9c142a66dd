"""A ladder that trains in seconds: two layers, generated text."""

from pathlib import Path
from typing import Any

from gulliver.laws.ladder import LadderConfig, make_ladder

GRID = {"sizes": ["16x2"], "tokens": [4096, 8192], "vocabularies": [300]}


def tiny(folder: Path, grids: dict[str, Any] | None = None, **machine: Any) -> LadderConfig:
    return make_ladder(
        {
            "text": {"generated": "translation", "bytes": 60_000},
            "recipe": {"context": 32, "batch": 8, "warmup": 2, "checkpoint_every": 4, "held_out_tokens": 1024},
            "machine": machine,
            "grid": grids or {"decoder": GRID},
            "out": "runs",
        },
        folder,
        "tiny",
    )
