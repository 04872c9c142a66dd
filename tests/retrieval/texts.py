"""A few short documents, and an encoder that sees letters: the same texts give the same vectors, without weights."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

DOCUMENTS = {
    "lamps.txt": "The lighthouse of Orran burns whale oil.\n\nIts keeper is Magda Voss. She climbs 212 steps each night.",
    "bread.md": "Rye bread rests overnight.\n\nThe oven of the mill is fired with beech.",
    "deep/ships.txt": "The brig Halcyon sank off Orran in 1811.\nHer master was Tobias Kern.",
}


def write(folder: Path) -> Path:
    for name, text in DOCUMENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Letters:
    """Vectors of counted pairs of letters."""

    def __init__(self) -> None:
        self.read = 0

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.read += len(texts)
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in zip(rows, texts, strict=True):
            small = text.lower()
            for pair in pairwise(small):
                row[(ord(pair[0]) * 31 + ord(pair[1])) % 64] += 1.0
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
