"""To a Ray cluster and back: one that runs, or one of this machine alone, started for a study and ended with it."""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from gulliver.errors import ClusterError, GulliverError, MissingExtra

STORE = 100 * 1024**2
"""Bytes of shared memory for the objects of a cluster of our own; what we send is small and takes another way."""
_CLIENT_PORT = 10001
_REACH = 5.0


@dataclass(frozen=True)
class Cluster:
    """What is connected: `where` it is, in words, and how many machines it has."""

    where: str
    machines: int


def ray_module() -> Any:
    """Ray, imported when it is needed and not before.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return import_module("ray")
    except ImportError:
        raise MissingExtra("--on (many machines)", "ray") from None


@contextlib.contextmanager
def connected(address: str, workers: int | None = None) -> Iterator[Cluster]:
    """Connect for the time of the context; a process that is connected already stays so, and stays as it is.

    Args:
        address: `host:port`, `ray://host:port`, or `ray`: the cluster that RAY_ADDRESS names or that `ray start` started on
            this machine, else one of its own.
        workers: how many a cluster of its own must have room for.

    Raises:
        MissingExtra: Ray is not installed.
        ClusterError: there is no such cluster, or it is of another version.
    """
    ray = ray_module()
    if ray.is_initialized():
        yield Cluster("the Ray cluster of this process", _machines())
        return
    named = address if address != "ray" else os.environ.get("RAY_ADDRESS", "")
    where = f"the Ray cluster at {named}" if named else "Ray on this machine"
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if named:
            _reach(named, where)
            _init(named)
        else:
            _start(workers or 1)
        cluster = Cluster(where, _machines())
    except ImportError:  # ray:// speaks another protocol, whose package comes with the extra
        raise MissingExtra(f"--on {named}", "ray") from None
    except GulliverError:
        raise
    except Exception as error:  # of many kinds, a bare one among them
        ray.shutdown()
        raise ClusterError(f"To {where} there is no way: {_in_short(error)}.") from None
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray sets its own
    try:
        yield cluster
    finally:
        ray.shutdown()


def _init(address: str | None, **more: Any) -> None:
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else each worker warns of a later change
    if address is None or "://" not in address:
        more |= {"log_to_driver": False, "include_dashboard": False}
    ray_module().init(address, logging_level=logging.CRITICAL, **more)


def _start(workers: int) -> None:
    """The cluster that `ray start` left on this machine, else one of this process."""
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray has them stand back, but the study waits for nothing else
    try:
        _init(None, num_cpus=max(os.cpu_count() or 1, workers), object_store_memory=STORE)
    except ValueError:  # so Ray says that there is one, whose size is not ours to state
        _init(None)


def _machines() -> int:
    return max(1, sum(bool(node["Alive"]) for node in ray_module().nodes()))


def _reach(address: str, where: str) -> None:
    """Say at once that nobody is there; Ray itself tries for a minute and more.

    Raises:
        ClusterError: nobody takes a connection at that address, or it is none.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        port = parts.port or (_CLIENT_PORT if parts.scheme else None)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None:
        raise ClusterError(f"{address!r} is no cluster's address; write ray, host:port or ray://host:port.")
    try:
        socket.create_connection((parts.hostname, port), timeout=_REACH).close()
    except OSError as error:
        raise ClusterError(
            f"To {where} there is no way ({getattr(error, 'strerror', None) or 'no answer'}); start it with `ray start --head`, or check the address."
        ) from None


def _in_short(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)[:300].rstrip(".") or type(error).__name__
