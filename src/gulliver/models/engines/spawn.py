"""A process of ours with two pipes: started without the user's main module, its output in a log, ended with its parent."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gulliver.home import folder

_COUNT = itertools.count(1)


@dataclass(frozen=True)
class Spawned:
    """The process, this side's ends of its pipes as file descriptors (`into` is read here, `out` written), and its log."""

    process: "subprocess.Popen[bytes]"
    into: int
    out: int
    log: Path


def start_of(module: str) -> str:
    """The program that runs `main(into, out, parent)` of a module of ours.

    Not `-m`, so that neither the user's main module nor files in the working folder are imported; the path comes last.
    """
    return f"import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; main(*map(int, sys.argv[1:]))"


def spawn(start: str, name: str, environment: Mapping[str, str] | None = None) -> Spawned:
    """Start the program (see `start_of`). `name` begins that of its log in `GULLIVER_HOME/logs`, which no other has.

    Raises:
        OSError: it cannot be started.
    """
    log = _log_path(f"{name}-{os.getpid()}-{next(_COUNT)}.log")
    there_read, out = os.pipe()
    into, there_write = os.pipe()
    root = str(Path(__file__).parents[3])
    try:
        with log.open("ab") as stream:
            # A session of its own, so that Ctrl-C in the terminal does not reach it.
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", start, root, str(there_read), str(there_write), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                pass_fds=(there_read, there_write),
                start_new_session=True,
                env={**os.environ, **environment} if environment else None,
            )
    except OSError:
        os.close(into)
        os.close(out)
        raise
    finally:
        os.close(there_read)
        os.close(there_write)
    return Spawned(process, into, out, log)


def how_it_ended(process: "subprocess.Popen[bytes]", why: str = "") -> str:
    """The end of a process in words; `why`: what it could still say itself. One that does not end is killed."""
    try:
        code = process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    how = why or f"exit code {code}"
    if code < 0:
        with contextlib.suppress(ValueError):
            how = f"signal {signal.Signals(-code).name}"
        if code == -signal.SIGKILL:
            how += ", often a lack of memory"
    return how


def _log_path(name: str) -> Path:
    try:
        path = folder("logs") / name
        path.touch()
    except OSError:
        return Path(os.devnull)
    return path
