"""Every test of models has a home of its own, and no hub."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GULLIVER_OFFLINE", "1")
    return tmp_path / "home"
