"""A file's digest is of what it holds now, and is read once."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from gulliver.models.files import file_digest


def test_a_digest_is_read_once_and_again_when_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = hashlib.file_digest

    def counted(stream: Any, kind: str) -> Any:
        read.append(stream.name)
        return whole(stream, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert [file_digest(file) for _ in range(3)] == [hashlib.sha256(b"one").hexdigest()] * 3
    assert len(read) == 1
    file.write_bytes(b"two")  # as long as before
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1))
    assert file_digest(file) == hashlib.sha256(b"two").hexdigest()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        file_digest(file)
