"""Where Gulliver keeps models, data, runs and the store: one folder, `GULLIVER_HOME`."""

import os
from pathlib import Path


def home() -> Path:
    """The cache folder: `$GULLIVER_HOME`, else `$XDG_CACHE_HOME/gulliver`, else `~/.cache/gulliver`."""
    stated = os.environ.get("GULLIVER_HOME")
    if stated:
        return Path(stated).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "gulliver"


def folder(name: str) -> Path:
    """A folder of that name under `home()`, made if missing."""
    path = home() / name
    path.mkdir(parents=True, exist_ok=True)
    return path
