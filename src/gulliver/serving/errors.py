"""What goes wrong while serving, and how it is said: one sentence in OpenAI's error shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse

from gulliver.errors import GulliverError

REQUEST = "invalid_request_error"
SERVER = "server_error"


@dataclass
class ApiError(GulliverError):
    """A request that ends with `status` (4xx or 5xx).

    Attributes:
        kind: OpenAI's `type`; code: its machine-readable `code`; param: the field that is wrong.
        headers: more headers of the response, such as Retry-After.
    """

    status: int
    message: str
    kind: str = REQUEST
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.message)


def error_body(error: ApiError) -> dict[str, Any]:
    """The error as OpenAI's clients read it."""
    return {"error": {"message": error.message, "type": error.kind, "param": error.param, "code": error.code}}


def error_response(error: ApiError) -> JSONResponse:
    """The whole response to a request that failed."""
    return JSONResponse(error_body(error), error.status, dict(error.headers))


def too_busy(seconds: int, why: str, code: str = "queue_full") -> ApiError:
    """429: ask again after `seconds`."""
    told = f"{why}; ask again in {seconds} s."
    return ApiError(429, told, "rate_limit_error", code, headers={"Retry-After": str(seconds)})


def unavailable(why: str, seconds: int = 5) -> ApiError:
    """503: the engine or the server cannot answer now."""
    return ApiError(503, why, SERVER, "unavailable", headers={"Retry-After": str(seconds)})


_REQUESTS_OWN = ("The prompt", "max_tokens", "This engine does not embed")


def failed_request(sentence: str) -> ApiError:
    """What an engine said of a request that it could not answer: the request's fault, or the engine's."""
    if sentence.startswith("The prompt has"):
        return ApiError(400, sentence, code="context_length_exceeded", param="messages")
    if sentence.startswith(_REQUESTS_OWN):
        return ApiError(400, sentence)
    return ApiError(502, sentence or "The engine gave no answer; ask again.", SERVER, "engine_error")
