"""What a client may send: OpenAI's bodies, as far as a served recipe can follow them."""

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gulliver.serving.errors import ApiError
from gulliver.serving.tools import MOST_TOOLS, CallBody, FormatBody, NamedTool, ToolBody
from gulliver.tasks.tool_calls import written_calls, written_result

Stop = Annotated[str, Field(min_length=1, max_length=256)]
MOST_CHOICES = 16


class Strict(BaseModel):
    """No field that is not known, nothing converted, and no text of the client's in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class StreamOptions(Strict):
    """How a stream ends."""

    include_usage: bool = False
    include_obfuscation: bool = False


class Common(Strict):
    """What both kinds of request share."""

    model: str = Field("", max_length=1000)
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    n: int | None = Field(None, ge=1, le=MOST_CHOICES)
    stop: Stop | Annotated[list[Stop], Field(max_length=4)] | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    logit_bias: dict[str, float] | None = None
    user: str | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


class Part(Strict):
    """A piece of a message; only text can be read."""

    type: Literal["text"]
    text: str


class Turn(Strict):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | Annotated[list[Part], Field(min_length=1)] | None = None
    name: str | None = None
    refusal: None = None
    tool_calls: Annotated[list[CallBody], Field(min_length=1, max_length=100)] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """What the model reads of it: calls and what they returned in the marks that models know."""
        said = self.content or ""
        if not isinstance(said, str):
            said = "".join(part.text for part in said)
        if self.role == "tool":
            return written_result(said)
        return "\n".join(part for part in (said, written_calls(_calls(self.tool_calls or []))) if part)


def _calls(calls: list[CallBody]) -> list[dict[str, Any]]:
    read = []
    for call in calls:
        try:
            arguments = json.loads(call.function.arguments or "{}")
        except (ValueError, RecursionError):
            raise ApiError(400, "The arguments of a call must be JSON.", param="messages") from None
        read.append({"name": call.function.name, "arguments": arguments})
    return read


class ChatBody(Common):
    """The body of `/v1/chat/completions`."""

    messages: Annotated[list[Turn], Field(min_length=1, max_length=1000)]
    max_completion_tokens: int | None = Field(None, ge=1, le=1_000_000)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: FormatBody | None = None
    tools: Annotated[list[ToolBody], Field(max_length=MOST_TOOLS)] | None = None
    tool_choice: Annotated[str, Field(max_length=20)] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None


class CompletionBody(Common):
    """The body of `/v1/completions`."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=MOST_CHOICES)]
    logprobs: int | None = Field(None, ge=0, le=5)
    echo: bool | None = None
    suffix: str | None = None
    best_of: int | None = Field(None, ge=1, le=MOST_CHOICES)


Body = TypeVar("Body", bound=Strict)


def read_body(kind: type[Body], data: Any) -> Body:
    """A body that was checked, also for what cannot be done here.

    Raises:
        ApiError: 400, with the field that is wrong.
    """
    if not isinstance(data, dict):
        raise ApiError(400, "The body must be a JSON object.")
    try:
        body = kind.model_validate(data)
    except ValidationError as error:
        raise _told(error) from None
    _refuse(body)
    return body


def _told(error: ValidationError) -> ApiError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200].encode("utf-8", "replace").decode()
    if first["type"] == "extra_forbidden":
        return ApiError(400, f"Unrecognized request argument: {place}.", param=place)
    return ApiError(400, f"{place}: {first['msg']}.", param=place)


def _refuse(body: Strict) -> None:
    """Say what no engine here can do, instead of answering as if it had been done."""
    asked: dict[str, str] = {}
    if not isinstance(body, Common):
        return
    if body.frequency_penalty or body.presence_penalty:
        asked["frequency_penalty"] = "penalties on repetition are not supported"
    if body.logit_bias:
        asked["logit_bias"] = "'logit_bias' is not supported"
    if isinstance(body, ChatBody):
        asked |= _refuse_chat(body)
    if isinstance(body, CompletionBody):
        if body.echo or body.suffix or (body.best_of or 1) > 1:
            asked["echo"] = "'echo', 'suffix' and 'best_of' are not supported"
        if body.logprobs:
            asked["logprobs"] = _TOP
    for field, why in asked.items():
        raise ApiError(400, f"{why[0].upper()}{why[1:]} by this server.", code="unsupported_parameter", param=field)


_TOP = "log-probabilities of tokens that were not written (leave top_logprobs out, or 0) are not told"


def _refuse_chat(body: ChatBody) -> dict[str, str]:
    asked = {}
    if body.top_logprobs:
        asked["top_logprobs"] = _TOP
    if body.messages[-1].role not in ("user", "tool"):
        raise ApiError(400, "The last message must be the user's, or what a tool returned.", param="messages")
    for turn in body.messages:
        if turn.content is None and not (turn.role == "assistant" and turn.tool_calls):
            raise ApiError(400, "Every message needs a content, but one of calls.", param="messages")
        if turn.tool_calls and turn.role != "assistant":
            raise ApiError(400, "Only the assistant's messages may hold tool_calls.", param="messages")
    return asked
