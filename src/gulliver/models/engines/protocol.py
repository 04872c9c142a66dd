"""The OpenAI protocol as data: a request's path and body, and what a body that came back says."""

import json
from typing import Any

from gulliver.models.base import Finish, Generate, Reply
from gulliver.models.guide import read_guide


def request_body(request: Generate, model: str, logprobs: bool = False) -> tuple[str, dict[str, Any]]:
    """The path and the body: `/chat/completions` for a JSON list of messages, `/completions` for plain text."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    if sampling.temperature > 0:
        body["seed"] = request.seed
    if sampling.top_k:
        body["top_k"] = sampling.top_k
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.guide and (schema := _schema(sampling.guide)) is not None:
        shape = {"name": "answer", "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    messages = _messages(request.prompt)
    if messages is None:
        return "/completions", body | {"prompt": request.prompt} | ({"logprobs": 1} if logprobs else {})
    return "/chat/completions", body | {"messages": messages} | ({"logprobs": True} if logprobs else {})


def read_reply(data: Any, request: Generate) -> Reply:
    """A reply out of a body; counts that the server left out are estimated at four characters a token.

    Raises:
        ValueError: the body is not an answer in this protocol.
    """
    try:
        choice = data["choices"][0]
        text = _text(choice["message"]["content"] if "message" in choice else choice["text"])
        reason = choice.get("finish_reason")
        usage = data.get("usage") or {}
        prompt_tokens = int(usage.get("prompt_tokens") or _estimate(request.prompt))
        counted = usage.get("completion_tokens")
        completion_tokens = int(counted) if counted is not None else _estimate(text)
        cached = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
        logprob = _logprob(choice.get("logprobs"))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no answer in it: {type(error).__name__}") from None
    finish: Finish = "stop"
    why = ""
    if reason == "length" or (reason is None and completion_tokens >= request.sampling.max_tokens):
        finish = "length"
    elif reason == "content_filter":
        finish, why = "failed", "The server's content filter withheld the answer."
    return Reply(text, finish, prompt_tokens, completion_tokens, cached, logprob, error=why)


def error_message(body: str, secret: str = "") -> str:
    """What an error's body says, on one line, at most 200 characters, without the key."""
    try:
        data = json.loads(body)
        told = data.get("error") or data.get("message") or data.get("detail") or ""
        text = str(told.get("message", "")) if isinstance(told, dict) else str(told)
    except (ValueError, AttributeError):
        text = ""
    if secret:
        text = text.replace(secret, "***")
    return " ".join(text.split())[:200].rstrip(".")


def _schema(guide: str) -> dict[str, Any] | None:
    """The schema of a reply that is JSON as a whole; what else a guide may say has no word in the protocol."""
    wanted = read_guide(guide)
    return wanted.schema if not wanted.begin else None


def _messages(prompt: str) -> list[Any] | None:
    if not prompt.startswith("["):
        return None
    try:
        data = json.loads(prompt)
    except ValueError:
        return None
    turns = isinstance(data, list) and data and all(isinstance(turn, dict) and "role" in turn for turn in data)
    return data if turns else None


def _text(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, list):  # parts, of which only text is asked for
        return "".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise TypeError("content")
    return content


def _logprob(logprobs: Any) -> float | None:
    if not logprobs:
        return None
    if logprobs.get("content"):
        return float(sum(token["logprob"] for token in logprobs["content"]))
    if logprobs.get("token_logprobs"):
        return float(sum(value for value in logprobs["token_logprobs"] if value is not None))
    return None


def _estimate(text: str) -> int:
    return max(1, len(text) // 4)
