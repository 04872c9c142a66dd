"""A request's body, read with limits on its size, its time and its shape."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from gulliver.serving.errors import ApiError


async def read_json(request: Request, most: int, patience: float) -> Any:
    """The JSON in a body of at most `most` bytes, which must have come within `patience` seconds.

    Raises:
        ApiError: 400, 408 or 413.
        ClientDisconnect: the client went.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "The body must be JSON; send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(415, "A compressed body is not read; send it as it is.")
    stated = request.headers.get("content-length", "0")
    if stated.isdecimal() and int(stated) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(patience):
            raw = await _all(request, most)
    except TimeoutError:
        told = f"The body did not come within {patience:g} s; send it at once."
        raise ApiError(408, told, headers={"Connection": "close"}) from None
    return parse(raw)


def parse(raw: bytes) -> Any:
    """JSON in UTF-8, without NaN, half characters or nesting that no message needs.

    Raises:
        ApiError: 400.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError(400, "The body is not UTF-8 text.") from None
    try:
        data = json.loads(text, parse_constant=_no_constant)
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        raise ApiError(400, "The body is nested too deeply.") from None
    except UnicodeEncodeError:
        raise ApiError(400, "The body holds half a character (a lone surrogate).") from None
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ApiError(400, f"The body is not valid JSON{where}.") from None
    return data


async def _all(request: Request, most: int) -> bytes:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > most:
            raise _too_large(most)
    return bytes(raw)


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The body is larger than {most:,} bytes; shorten it.", headers={"Connection": "close"})


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


async def gone(request: Request) -> None:
    """Returns once the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


__all__ = ["ClientDisconnect", "gone", "parse", "read_json"]
