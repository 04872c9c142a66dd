"""The OpenAPI document, made of the bodies that are really read."""

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from gulliver.serving.embedding import EmbeddingBody
from gulliver.serving.schema import ChatBody, CompletionBody

_REFERENCE = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1 of every path."""
    bodies = (ChatBody, CompletionBody, EmbeddingBody)
    _, made = models_json_schema([(body, "validation") for body in bodies], ref_template=_REFERENCE)
    post = {
        "/v1/chat/completions": _post("Answer a conversation with the recipe.", "ChatBody"),
        "/v1/completions": _post("Go on from a text with the recipe's model.", "CompletionBody"),
        "/v1/embeddings": _post("Vectors of texts.", "EmbeddingBody"),
    }
    get = {
        "/v1/models": "The recipe, and its model with other strategies.",
        "/health": "Whether the server runs.",
        "/ready": "Whether a request that comes now will be answered.",
        "/metrics": "Counters for Prometheus.",
        "/openapi.json": "This document.",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "gulliver serve", "version": "1"},
        "paths": post | {path: {"get": _operation(about)} for path, about in get.items()},
        "components": {"schemas": {**made["$defs"], "Error": _ERROR}},
    }


def _post(about: str, body: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=body)}
    asked = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"post": _operation(about) | {"requestBody": asked}}


def _operation(about: str) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Error")}}}
    return {
        "summary": about,
        "responses": {
            "200": {"description": "As OpenAI's."},
            "4XX": {"description": "The request is not right, in OpenAI's error shape.", "content": error},
            "5XX": {"description": "It could not be answered, in OpenAI's error shape.", "content": error},
        },
    }
