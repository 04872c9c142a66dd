"""A small llama with random weights that the engine really runs, in a home of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gulliver.models.base import Model
from gulliver.models.load import load_model
from tests.transforms.tiny import small_gguf


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("home")
        patch.setenv("GULLIVER_HOME", str(path))
        patch.setenv("GULLIVER_OFFLINE", "1")
        yield path


@pytest.fixture(scope="module")
def parent(home: Path) -> Model:
    return load_model(f"gguf:{small_gguf(home / 'parent.gguf')}")
