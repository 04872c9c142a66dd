"""The server's paths."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gulliver.serving import embedding, handling
from gulliver.serving.errors import SERVER, ApiError, error_response, unavailable
from gulliver.serving.metrics import Metrics
from gulliver.serving.openapi import document
from gulliver.serving.room import Room

log = logging.getLogger("gulliver.serving")
Endpoint = Callable[[Request], Awaitable[Response]]
PATHS = (
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models", "/health", "/ready", "/metrics",
    "/openapi.json",
)  # fmt: skip


def make_app(room: Room) -> ASGIApp:
    """The application: FastAPI's paths, with counting, logging and a last word on every failure around them."""
    app = FastAPI(title="gulliver serve", docs_url=None, redoc_url=None, openapi_url=None)
    created = int(time.time())

    async def chat(request: Request) -> Response:
        return await handling.chat(request, room)

    async def completions(request: Request) -> Response:
        return await handling.completions(request, room)

    async def embeddings(request: Request) -> Response:
        return await embedding.embeddings(request, room)

    async def models(request: Request) -> Response:
        room.keys.find(request.headers.get("authorization"))
        vectors = [room.encoder.name] if room.encoder is not None else []
        rows = [_model(name, created) for name in (*room.served, *vectors)]
        return JSONResponse({"object": "list", "data": rows})

    async def model(request: Request) -> Response:
        room.keys.find(request.headers.get("authorization"))
        return JSONResponse(_model(room.find(request.path_params["name"]).name, created))

    async def health(_: Request) -> Response:
        quality = {} if room.audit is None else {"quality": room.audit.told()}
        return JSONResponse({"status": "ok"} | quality)

    async def ready(_: Request) -> Response:
        if not room.ready():
            raise unavailable("The server is stopping." if room.draining else "An engine is being started.")
        return JSONResponse({"status": "ready"})

    async def metrics(_: Request) -> Response:
        return Response(room.metrics.text(), media_type="text/plain; version=0.0.4")

    async def openapi(_: Request) -> Response:
        return JSONResponse(document())

    # Plain routes: bodies are read here, within limits, and what FastAPI would look for in a signature costs time.
    post: dict[str, Endpoint] = {
        "/v1/chat/completions": chat, "/v1/completions": completions, "/v1/embeddings": embeddings
    }  # fmt: skip
    get: dict[str, Endpoint] = {
        "/v1/models": models, "/v1/models/{name:path}": model, "/health": health, "/ready": ready, "/metrics": metrics,
        "/openapi.json": openapi,
    }  # fmt: skip
    for method, paths in (("POST", post), ("GET", get)):
        for path, endpoint in paths.items():
            app.router.add_route(path, endpoint, methods=[method])
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _left)
    return Watched(app, room.metrics)


class Watched:
    """Counts, logs (method, path and status, never a text) and answers what nobody expected."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"] if scope["path"] in PATHS else "other"
        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # our mistake; its text may quote a prompt, so only its kind and place are kept
            log.error("unexpected %s at %s", type(error).__name__, _place(error))
            if not status:
                told = ApiError(500, "Something unexpected happened here; the log says where.", SERVER, "internal")
                await error_response(told)(scope, receive, noted)
        finally:
            took = time.perf_counter() - began
            self._metrics.requests.labels(path, status or "none").inc()
            self._metrics.seconds.labels(path).observe(took)
            log.info("%s %s %s %.1f ms", scope["method"], path, status or "none", 1000 * took)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-4:]))


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "gulliver"}


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {404: "There is no such path here.", 405: "This path does not take that method."}
    made = ApiError(
        error.status_code, told.get(error.status_code, "The request is not right."), headers=error.headers or {}
    )
    return error_response(made)


async def _left(_: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it
