"""The server's life: bind, answer, drain, end."""

import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from gulliver.errors import GulliverError
from gulliver.serving.app import make_app
from gulliver.serving.connections import guarded
from gulliver.serving.room import Room


class Server(uvicorn.Server):
    """Uvicorn, which on SIGTERM or SIGINT stops taking requests, lets those under way end, and ends with 0."""

    def __init__(self, config: uvicorn.Config, room: Room) -> None:
        super().__init__(config)
        self._room = room

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._room.draining = True
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one.

    Raises:
        GulliverError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Named TCP, or asyncio would leave Nagle's algorithm on, and small answers would wait 40 ms.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
    except OSError as error:
        raise GulliverError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}); choose another --port or --host."
        ) from None
    return made


async def serve(room: Room, listening: socket.socket, told: Callable[[], None]) -> None:
    """Answer until a signal comes. `told` is called when connections are taken."""
    config = uvicorn.Config(
        make_app(room),
        http=guarded(room.limits.patience),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(room.limits.drain)),
    )
    server = Server(config, room)
    told()
    try:
        await server.serve([listening])
    finally:
        await room.close()


def log_to_stderr() -> None:
    """One line a request, without texts."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name in ("gulliver.serving", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO if name.startswith("gulliver") else logging.ERROR)
        logger.propagate = False
