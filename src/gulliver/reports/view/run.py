"""The server's life: say where it is, answer until it is stopped."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp


def address_of(host: str, listening: socket.socket) -> str:
    """Where a browser finds it."""
    port = listening.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(app: ASGIApp, listening: socket.socket, told: Callable[[], None]) -> None:
    """Answer until Ctrl-C or SIGTERM. `told` is called when connections are taken."""
    config = uvicorn.Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    told()
    uvicorn.Server(config).run([listening])
