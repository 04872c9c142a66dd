"""Nothing that a model can write gets out, or stops the study."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gulliver.sandbox import run
from tests.sandbox.hostile.programs import EXHAUSTING, REACHING

SECRET = "swordfish-1726"
TIMEOUT = 0.1
PATIENCE = TIMEOUT + 1.0 + 2.0  # the limit, the grace before a worker is killed, and a slow machine


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0)
        yield server


def plain_program_runs() -> bool:
    return run("total = 0\nfor n in range(5):\n    total += n\ntotal").value == 10


@pytest.mark.parametrize("name", REACHING)
def test_it_reaches_nothing(
    name: str,
    tmp_path: Path,
    listening: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GULLIVER_CANARY", SECRET)
    canary, target = tmp_path / "canary", tmp_path / "target"
    canary.write_text(SECRET)
    code = REACHING[name].format(canary=canary, target=target, port=listening.getsockname()[1])

    result = run(code, timeout=TIMEOUT)

    assert SECRET not in f"{result.stdout} {result.value} {result.error}"
    assert canary.read_text() == SECRET
    assert sorted(path.name for path in tmp_path.iterdir()) == ["canary"]
    with pytest.raises(BlockingIOError):
        listening.accept()
    assert SECRET not in "".join(capfd.readouterr())
    assert plain_program_runs()


@pytest.mark.parametrize("name", EXHAUSTING)
def test_it_ends_within_its_limits(name: str) -> None:
    started = time.monotonic()

    result = run(EXHAUSTING[name], timeout=TIMEOUT, memory_mb=64, output_bytes=5000)

    assert time.monotonic() - started < PATIENCE
    assert result.status in ("ok", "error", "timeout", "memory", "output", "unsupported")
    assert len(result.stdout.encode(errors="replace")) <= 5000
    assert len(result.error) <= 500
    assert plain_program_runs()


def test_there_are_enough_of_them() -> None:
    assert len(REACHING) + len(EXHAUSTING) >= 40
