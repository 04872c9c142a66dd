"""A Ray cluster of a test's own on this machine, started as its users start one, and gone at the end with all its processes."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

LONGEST = 240.0  # some twenty Python processes start, on whatever the machine has left
_PORTS = (
    "port",
    "ray-client-server-port",
    "dashboard-agent-grpc-port",
    "dashboard-agent-listen-port",
    "runtime-env-agent-port",
    "metrics-export-port",
)
"""All stated, since a node whose ports are found out waits for processes that report them, and gives up on a busy machine."""


@dataclass(frozen=True)
class Running:
    """Where it is: for a driver beside it, and for Ray's client."""

    address: str
    client: str
    process: psutil.Process


def lacking() -> str:
    """Why none can be started here; "" when one can."""
    return "" if importlib.util.find_spec("ray") else "ray is not installed: pip install 'gulliver[ray]'"


@contextlib.contextmanager
def ray_cluster(cpus: int = 2) -> Iterator[Running]:
    place = Path(tempfile.mkdtemp(prefix="gr-", dir="/tmp"))  # short: sockets lie in it
    ports = dict(zip(_PORTS, _free(len(_PORTS)), strict=True))
    options = [f"--{name}={port}" for name, port in ports.items()]
    options += [f"--temp-dir={place}", f"--num-cpus={cpus}", "--node-ip-address=127.0.0.1", "--include-dashboard=false"]
    options += ["--object-store-memory=100000000", "--disable-usage-stats"]
    settings = {"RAY_AUTH_MODE": "disabled", "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "120", "RAY_worker_niceness": "0"}
    with (place / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *options],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **settings},
        )
    try:
        _wait(process, place / "out")
        host = "127.0.0.1"
        yield Running(
            f"{host}:{ports['port']}", f"ray://{host}:{ports['ray-client-server-port']}", psutil.Process(process.pid)
        )
    finally:
        _end(process)
        shutil.rmtree(place, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", out: Path) -> None:
    end = time.monotonic() + LONGEST
    while b"Ray runtime started" not in (said := out.read_bytes()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Ray did not start: {said[-2000:].decode(errors='replace')}")
        time.sleep(0.2)


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
        for one in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    process.kill()
    process.wait()


def _free(count: int) -> list[int]:
    """Ports that nobody has, below those that Ray gives to its workers."""
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        for port in range(20000 + os.getpid() % 5000 * 2, 32000):
            probe = stack.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                break
    return found
