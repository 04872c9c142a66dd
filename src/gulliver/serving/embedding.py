"""`/v1/embeddings`: sentence vectors from an encoder, beside the recipe."""

import asyncio
import base64
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gulliver.inference import Cost
from gulliver.models.encoder import Encoder
from gulliver.serving.errors import SERVER, ApiError
from gulliver.serving.handling import admitted
from gulliver.serving.room import Room
from gulliver.serving.schema import Strict, read_body

MOST_TEXTS = 256
Text = Annotated[str, Field(min_length=1)]


class EmbeddingBody(Strict):
    """The body of `/v1/embeddings`."""

    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
    model: str = Field("", max_length=1000)
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = Field(None, ge=1, le=100_000)
    user: str | None = None


async def embeddings(request: Request, room: Room) -> Response:
    """`/v1/embeddings`."""
    async with AsyncExitStack() as stack:
        body = read_body(EmbeddingBody, await admitted(request, room, stack))
        encoder = _encoder(room, body)
        texts = [body.input] if isinstance(body.input, str) else body.input
        try:
            async with asyncio.timeout(room.limits.seconds), room.queue.place():
                vectors, tokens = await asyncio.to_thread(_embed, encoder, texts)
        except TimeoutError:
            told = f"No vectors within {room.limits.seconds:g} s; ask again, or for fewer texts."
            raise ApiError(504, told, SERVER, "timeout") from None
        cost = Cost(1, tokens, flops_computed=tokens * encoder.flops_per_token)
        room.metrics.answered("encoder", cost)
        rows = [_row(index, vector, body.encoding_format == "base64") for index, vector in enumerate(vectors)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        made = {"object": "list", "data": rows, "model": encoder.name, "usage": usage}
        return JSONResponse(made, headers={"x-gulliver-flops": f"{cost.flops_computed:.6g}"})


def _encoder(room: Room, body: EmbeddingBody) -> Encoder:
    encoder = room.encoder
    if encoder is None:
        told = "No model here gives vectors; start the server with --embeddings minilm-22m."
        raise ApiError(404, told, code="model_not_found", param="model")
    if body.model not in ("", encoder.name):
        told = f"Vectors are given by {encoder.name} alone; name it, or no model."
        raise ApiError(404, told, code="model_not_found", param="model")
    if body.dimensions not in (None, encoder.dimensions):
        told = f"A vector of {encoder.name} has {encoder.dimensions} dimensions and cannot be shortened."
        raise ApiError(400, told, param="dimensions")
    return encoder


def _embed(encoder: Encoder, texts: Sequence[str]) -> tuple[Any, int]:
    """Vectors, shape (texts, dimensions), and the tokens that were read."""
    return encoder.embed(texts), sum(encoder.tokens(texts))


def _row(index: int, vector: Any, as_base64: bool) -> dict[str, Any]:
    told = base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode() if as_base64 else vector.tolist()
    return {"object": "embedding", "index": index, "embedding": told}
