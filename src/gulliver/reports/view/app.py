"""The pages' paths: a frame, the script and the style, and each study's data as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from gulliver.errors import GulliverError
from gulliver.reports.assets import script, style
from gulliver.reports.html import shell
from gulliver.reports.pairs import comparison_json
from gulliver.reports.safe import plain
from gulliver.reports.view.draws import drafts_of
from gulliver.reports.view.guard import Guard
from gulliver.reports.view.library import Library
from gulliver.studies.comparison import compare_recipes
from gulliver.studies.progress import running_studies
from gulliver.studies.result import RecipeResult, StudyResult

TICK = 0.3
"""Seconds between two looks at what runs."""
Papers = Callable[[], list[dict[str, Any]]]


def make_app(library: Library, papers: Papers, host: str = "127.0.0.1", store: str | Path | None = None) -> ASGIApp:
    """The application. `papers` gives the rows of the bibliography; `store` is where drafts are read from."""
    app = FastAPI(title="gulliver view", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def page() -> Response:
        return Response(shell("view.html.jinja").render(), media_type="text/html")

    @app.get("/page.js")
    def javascript() -> Response:
        return Response(script(), media_type="text/javascript")

    @app.get("/page.css")
    def stylesheet() -> Response:
        return Response(style(), media_type="text/css")

    @app.get("/api/studies")
    def studies() -> Response:
        return _ready(library.rows())

    @app.get("/api/studies/{key}")
    def study(key: str) -> Response:
        return _ready(library.get(key).document)

    @app.get("/api/studies/{key}/columns")
    def columns(key: str) -> Response:
        return _ready(library.get(key).columns)

    @app.get("/api/studies/{key}/texts")
    def texts(key: str) -> Response:
        return _ready(library.get(key).texts)

    @app.get("/api/studies/{key}/items/{place}")
    def item(key: str, place: int) -> Response:
        found = library.get(key).texts
        if not 0 <= place < len(found):
            raise GulliverError(f"The study {key} has no item number {place}.")
        return _ready(found[place])

    @app.get("/api/studies/{key}/draws/{recipe}/{place}")
    def draws(key: str, recipe: int, place: int) -> Response:
        shown = library.get(key)
        one = _recipe(shown.result, recipe)
        ids = shown.columns["ids"]
        if not 0 <= place < len(ids):
            raise GulliverError(f"The study {key} has no item number {place}.")
        wanted = {record.item for record in one.records}
        name = next((r.item for r in one.records if plain(r.item) == ids[place]), "")
        if name not in wanted:
            raise GulliverError(f"{one.recipe} was not asked this item.")
        return _json({"drafts": [asdict(draft) for draft in drafts_of(shown.result, one, name, store)]})

    @app.get("/api/compare")
    def compare(first: str, a: int, second: str, b: int) -> Response:
        one, other = library.get(first).result, library.get(second).result
        done = compare_recipes((one, _recipe(one, a)), (other, _recipe(other, b)))
        data = comparison_json(done)
        if first != second:
            data["flips"] = [{"item": i, "first": asdict(x), "second": asdict(y)} for i, x, y in done.flips]
        return _json(data)

    @app.get("/api/papers")
    def bibliography() -> Response:
        return _json(papers())

    @app.get("/api/live")
    async def live(request: Request) -> Response:
        return StreamingResponse(_events(library, request), media_type="text/event-stream")

    app.add_exception_handler(GulliverError, _said)
    return Guard(app, host)


async def _events(library: Library, request: Request) -> AsyncIterator[str]:
    """What runs now, whenever it changes, and a word when a run was finished; ends when nobody listens."""
    told, stamp = "", ""
    while not await request.is_disconnected():
        now = await asyncio.to_thread(lambda: json.dumps(plain(running_studies())))
        fresh = await asyncio.to_thread(library.stamp)
        if stamp and fresh != stamp:
            yield "event: studies\ndata: {}\n\n"
        if now != told:
            yield f"event: live\ndata: {now}\n\n"
        told, stamp = now, fresh
        await asyncio.sleep(TICK)


def _recipe(result: StudyResult, place: int) -> RecipeResult:
    if not 0 <= place < len(result.recipes):
        raise GulliverError(f"The run {result.run.id} has no recipe number {place + 1}.")
    return result.recipes[place]


def _json(data: Any) -> Response:
    return _ready(plain(data))


def _ready(data: Any) -> Response:
    """What the library keeps is plain and clean already; with many items a second look at every text would be felt."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Response(text, media_type="application/json")


async def _said(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=404)
