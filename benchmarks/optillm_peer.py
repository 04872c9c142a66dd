"""optillm's proxy in an environment of its own, made on first use in `GULLIVER_HOME/peers`, in front of any endpoint.

It is installed with what its proxy needs and without what only its own models need.
"""

import contextlib
import os
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from pathlib import Path

from gulliver.home import folder

VERSION = "0.4.0"
NEEDS = (
    "flask", "openai", "numpy", "networkx", "z3-solver<=4.15.4.0", "sympy", "math-verify", "aiohttp", "PyYAML", "requests",
    "cerebras_cloud_sdk", "tiktoken",
)  # fmt: skip
START = 120.0
# It draws five samples unless its class is told otherwise, and no option of its command line tells it.
_SAMPLES = "from optillm.self_consistency import AdvancedSelfConsistency as A; A.__init__.__defaults__ = ({}, *A.__init__.__defaults__[1:]); "


def environment() -> Path:
    """The Python of optillm's own environment."""
    place = folder("peers") / f"optillm-{VERSION}"
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        venv.create(place, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, *NEEDS], check=True)
        subprocess.run([*pip, "--no-deps", f"optillm=={VERSION}"], check=True)
        (place / "ready").touch()
    return python


@contextlib.contextmanager
def optillm(backend: int, samples: int = 5) -> Iterator[int]:
    """Its proxy in front of the backend: its port. A body with `optillm_approach: self_consistency` draws so many samples."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder("peers") / "optillm.log"
    code = f"{_SAMPLES.format(samples)}from optillm import main; main()"
    options = ["--approach", "none", "--base-url", f"http://127.0.0.1:{backend}/v1", "--port", str(port), "--log", "error"]  # fmt: skip
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(environment()), "-c", code, *options], stdout=out, stderr=out, env={**os.environ, "OPENAI_API_KEY": "none"}
        )  # fmt: skip
        try:
            _wait(port, process, log)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"optillm did not start; see {log}")
        time.sleep(0.2)
