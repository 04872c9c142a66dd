"""Tables that publications give: small ones in the package, larger ones from a folder or their public address."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from gulliver.errors import GulliverError, ModelError
from gulliver.home import folder
from gulliver.laws import Table, read_table

_HERE = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class PublishedTable:
    """A table at a public address, pinned by its digest."""

    name: str
    url: str
    sha256: str


VOCABULARY_RUNS = PublishedTable(
    "vocabulary_runs.csv",
    "https://raw.githubusercontent.com/sail-sg/scaling-with-vocab/b88f6ceeeb5bc18acc1b760df44f942c2084f82d/exp_data.csv",
    "6571e877469a44cb50b2d05e1fa485587369ee1c47941a4b3b2bfef80496f1b2",
)
"""1,200 runs of Tao et al. 2024: the `exp_data.csv` of their repository."""


def packaged(name: str) -> Table:
    """A table out of `papers/tables`; `tables/README.md` says where each comes from."""
    return read_table(_HERE / name)


def published(table: PublishedTable) -> Path:
    """Where the table is: in `$GULLIVER_SHARED` (or its `data`), else kept from before, else fetched.

    Raises:
        GulliverError: it is in none of these places and cannot be fetched, or the file is not the one expected.
    """
    shared = os.environ.get("GULLIVER_SHARED")
    if shared:
        for place in (Path(shared) / table.name, Path(shared) / "data" / table.name):
            if place.is_file():
                return _checked(place, table)
    kept = folder("tables") / table.name
    if not kept.is_file():
        from gulliver.models.sources import fetch_url

        try:
            fetch_url(table.url, kept)
        except ModelError:
            raise GulliverError(
                f"{table.name} is not here and {table.url} cannot be fetched; save that file as {table.name} in a folder "
                "and set GULLIVER_SHARED to the folder."
            ) from None
    return _checked(kept, table)


def _checked(path: Path, table: PublishedTable) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != table.sha256:
        raise GulliverError(f"{path} is not the published table (sha256 {found[:16]}…); remove it and try again.")
    return path
