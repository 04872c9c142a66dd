"""Published runs, where the checkout has them beside it (`shared/data`); tests of published numbers need them."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("GULLIVER_SHARED", Path(__file__).parents[3] / "shared"))


def published(name: str) -> Path:
    """The file's path; the test is skipped where it isn't there."""
    path = ROOT / "data" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here; set GULLIVER_SHARED to the folder that has data/{name}")
    return path
