"""Peers live in environments of their own, under the benchmarks' folder of GULLIVER_HOME; made on first use."""

import subprocess
import venv
from pathlib import Path

from gulliver.home import folder

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"


def peer_python(name: str, *requirements: str) -> Path:
    """The Python of an environment that holds these packages.

    Raises:
        subprocess.CalledProcessError: pip could not install them.
    """
    home = folder("benchmarks") / f"{name}-peer"
    python = home / "bin" / "python"
    ready = home / "ready"
    wanted = "\n".join(requirements)
    if not ready.exists() or ready.read_text(encoding="utf-8") not in ("", wanted):
        venv.create(home, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--constraint", CONSTRAINTS, *requirements], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return python
