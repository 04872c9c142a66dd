from pathlib import Path

import pytest

from gulliver.retrieval import index
from tests.retrieval.texts import Letters, write


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to search, and a home of its own."""
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    return write(tmp_path / "source")


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Letters:
    encoder = Letters()
    monkeypatch.setattr(index, "find_encoder", lambda name, progress=None: encoder)
    monkeypatch.setattr(index, "encoder_digest", lambda name, progress=None: "e" * 64)
    return encoder
