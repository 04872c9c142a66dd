"""A PostgreSQL server of a test's own: started in a folder of its own on a free port, stopped and removed at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lacking() -> str:
    """Why no server can be started here; "" when one can."""
    if not all(shutil.which(program) for program in ("initdb", "pg_ctl")):
        return "initdb and pg_ctl are not installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed (the extra postgres)"
    if os.getuid() == 0 and (shutil.which("setpriv") is None or _other() is None):
        return "PostgreSQL does not run as root, and there is no other user to run it"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """Its URL, without a database's name."""
    place = Path(tempfile.mkdtemp(prefix="gulliver-pg-"))
    other = _other() if os.getuid() == 0 else None
    if other is not None:
        os.chown(place, other.pw_uid, other.pw_gid)
    data, log = place / "data", place / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        # trust: it listens to this machine only, for as long as the test runs; no fsync, since nothing in it is to last.
        _as(other, "initdb", "-D", str(data), "-U", "gulliver", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        _as(other, "pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield f"postgresql://gulliver@127.0.0.1:{port}"
        finally:
            _as(other, "pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _other() -> "pwd.struct_passwd | None":
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _as(other: "pwd.struct_passwd | None", *command: str) -> None:
    drop = (
        ["setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"] if other is not None else []
    )
    # The server inherits what it is started with: its output goes to its log, so that nobody waits for it here.
    done = subprocess.run(
        [*drop, *command], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
