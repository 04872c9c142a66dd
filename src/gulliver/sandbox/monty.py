"""Run a program in `pydantic-monty`: a small Python interpreter in worker processes without files, network or clock.

Each program has a session of its own. `time.sleep` returns at once, the clock stands still and `random` is seeded, so
that a program gives the same result each time.
"""

import atexit
import datetime
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gulliver.sandbox.gaps import lacks

Status = Literal["ok", "error", "timeout", "memory", "output", "unsupported"]

CLOCK = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
WORKERS = 4
LONGEST = 60.0
_LARGEST_PROGRAM = 200_000
_LARGEST_INTEGER = 10_000
_FUNCTION = re.compile(r"<[\w-]*function .* at 0x[0-9a-f]+>")  # how the interpreter hands out a function


@dataclass(frozen=True)
class RunResult:
    """What a program did.

    Attributes:
        status: `ok`; `error` (it raised, or is no Python); `timeout`; `memory`; `output` (it printed too much);
            `unsupported` (it may be right, but the sandbox lacks something it uses).
        value: the value of the last line when that is an expression and plain data, else None.
        seconds: wall time.
    """

    status: Status
    stdout: str = ""
    value: Any = None
    error: str = ""
    seconds: float = 0.0


def run(
    code: str,
    *,
    timeout: float = 2.0,
    memory_mb: int = 256,
    output_bytes: int = 20_000,
    inputs: Mapping[str, Any] | None = None,
) -> RunResult:
    """Run `code`; whatever it is, this returns within about `timeout` (seconds, at most 60) plus one.

    Safe to call from several threads. `inputs` become global names of the program.
    """
    import pydantic_monty as monty

    started = time.monotonic()
    printed = monty.CollectString(max_bytes=output_bytes)
    if len(code) > _LARGEST_PROGRAM:
        return RunResult("error", error=f"the program is longer than {_LARGEST_PROGRAM} characters")
    status: Status = "ok"
    value, error = None, ""
    limits = {
        "max_feed_duration_secs": min(timeout, LONGEST),
        "max_memory": memory_mb * 2**20,
        "max_recursion_depth": 500,
    }
    policy = {"sleep": "zero", "datetime": CLOCK, "random_start": {"seed": 0}}
    try:
        code.encode()
        with _pool().checkout(limits=limits, os_policy=policy) as session:
            value = session.feed_run(code, inputs=dict(inputs) if inputs else None, print_callback=printed)
    except monty.MontyCrashedError as crash:
        # The worker was killed from outside because the interpreter could not stop itself in time.
        status, error = "timeout" if "timeout" in str(crash) else "error", _short(crash)
    except Exception as raised:  # whatever a model wrote, the study goes on
        status, error = _kind(raised, output_bytes), _short(raised)
    return RunResult(status, _text(printed.output), _plain_or_none(value), error, time.monotonic() - started)


def _kind(raised: BaseException, output_bytes: int) -> Status:
    text = str(raised)
    if _raised_by_program(raised):
        return "error"
    if text.startswith("TimeoutError") and "time limit exceeded" in text:
        return "timeout"
    if text.startswith("MemoryError") and "memory limit exceeded" in text:
        return "output" if f"> {output_bytes} bytes" in text else "memory"
    return "unsupported" if lacks(text) else "error"


def _raised_by_program(raised: BaseException) -> bool:
    """Whether a `raise` or `assert` of the program itself is where it ended."""
    frames = raised.traceback() if hasattr(raised, "traceback") else []
    line = (frames[-1].source_line or "").strip() if frames else ""
    return line.startswith(("raise", "assert"))


_lock = threading.Lock()
_running: Any = None


def _pool() -> Any:
    """The workers, started when first needed and stopped with this process."""
    global _running
    with _lock:
        if _running is None:
            import pydantic_monty as monty

            # Some operations cannot be interrupted from inside: then the pool kills the worker a second later.
            pool = monty.Monty(max_processes=WORKERS, feed_duration_limit_grace=1.0, request_timeout=LONGEST + 5)
            _running = pool.__enter__()
            atexit.register(pool.__exit__, None, None, None)
        return _running


def _forget() -> None:
    """A forked child has no part in its parent's workers."""
    global _running, _lock
    _running, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _plain_or_none(value: Any) -> Any:
    try:
        return _plain(value)
    except RecursionError:
        return None


def _plain(value: Any) -> Any:
    """Plain data only: a program's own classes and functions come back as None."""
    if isinstance(value, int) and value.bit_length() > _LARGEST_INTEGER:
        return None  # Python refuses to write such a number down
    if isinstance(value, str):
        return None if _FUNCTION.fullmatch(value) else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(part) for part in value), key=repr)
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if type(value).__name__.startswith("Monty") or callable(value):
        return None
    text = str(value)
    return text if len(text) <= 1000 else None


def _text(output: Any) -> str:
    return output if isinstance(output, str) else ""


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[-1] if lines else type(error).__name__)[:500]
