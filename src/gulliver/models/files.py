"""Files that appear whole or not at all: digests, locks between processes, writing aside and renaming."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path

from gulliver.errors import ModelError
from gulliver.home import folder

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and of how much."""

CHUNK = 1 << 22


def silent(what: str, done: int, total: int) -> None:
    """A `Progress` that says nothing."""


def file_digest(path: Path) -> str:
    """The sha256 of a file's content, in hex; read once a process for as long as the file does not change."""
    state = path.stat()
    return _digest(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _digest(path: Path, *_state: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def state_of(files: Sequence[Path]) -> list[list[str | int]]:
    """Name, size and time of each file: what changes when a file does, without reading it."""
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def joint_digest(files: Sequence[Path]) -> str:
    """The sha256 of several files' names and contents, in hex."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file_digest(file)}\n".encode())
    return digest.hexdigest()


def card_place(path: Path) -> Path:
    """Where the card of a folder of weights is kept, which may not be ours to write into."""
    return folder("cards") / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"


def check_digest(path: Path, sha256: str | None, what: str = "") -> None:
    """Remove the file and stop when its digest is not the pinned one; nothing is pinned by None or "".

    Raises:
        ModelError: the digest differs.
    """
    if not sha256:
        return
    found = file_digest(path)
    if found != sha256:
        path.unlink(missing_ok=True)
        raise ModelError(
            f"{what or path.name} has the sha256 {found[:16]}…, not the pinned {sha256[:16]}…; it was removed, "
            "so try again or take the file from a source you trust."
        )


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of that name against other processes and threads; waits until it is free. Not reentrant."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
    with (folder("locks") / f"{plain}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def only_one(target: Path) -> AbstractContextManager[None]:
    """Hold a file's lock, so that two processes don't make it at once."""
    mark = hashlib.sha256(str(target.absolute()).encode()).hexdigest()[:16]
    return locked(f"{target.name}-{mark}")


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; renamed to it when the block ends well, removed when it does not.

    Raises:
        ModelError: the folder cannot be written, or the disk is full.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        aside.replace(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if aside.exists():
            aside.unlink()
