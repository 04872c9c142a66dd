"""What a client gets: OpenAI's objects, with what the answer cost and who gave it beside them."""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from typing import Any
from urllib.parse import quote

from gulliver.inference import Cost
from gulliver.serving.answering import Outcome

_PLAIN = " |()=,.:;@?&/'\"[]+*"


def header(text: str) -> str:
    """Text that may stand in a header; what may not is percent-encoded."""
    return quote(text, safe=_PLAIN)


def total(outcomes: Sequence[Outcome]) -> Cost:
    """The cost of all choices together."""
    return reduce(add, (outcome.cost for outcome in outcomes))


def headers(outcomes: Sequence[Outcome], ignored: Sequence[str]) -> dict[str, str]:
    """Who answered, how sure, at what cost; of several choices the least sure."""
    cost = total(outcomes)
    sure = [outcome.confidence for outcome in outcomes if outcome.confidence is not None]
    fell = any(outcome.by == "fallback" for outcome in outcomes)
    told = {
        "x-gulliver-recipe": header(next((o.recipe for o in outcomes if o.by == "fallback"), outcomes[0].recipe)),
        "x-gulliver-answered-by": "fallback" if fell else "recipe",
        "x-gulliver-flops": f"{cost.flops_computed:.6g}",
        "x-gulliver-seconds": f"{cost.seconds:.6g}",
    }
    if sure:
        told["x-gulliver-confidence"] = f"{min(sure):.6g}"
    if ignored:
        told["x-gulliver-as-measured"] = ", ".join(ignored)
    return told


def usage(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Tokens read and written, of all drafts."""
    cost = total(outcomes)
    both = cost.prompt_tokens + cost.completion_tokens
    return {
        "prompt_tokens": cost.prompt_tokens,
        "completion_tokens": cost.completion_tokens,
        "total_tokens": both,
    }


def told(outcome: Outcome) -> dict[str, Any]:
    """What OpenAI's objects have no place for."""
    return {
        "recipe": outcome.recipe,
        "answered_by": outcome.by,
        "status": outcome.status,
        "value": outcome.value,
        "votes": outcome.votes,
        "confidence": outcome.confidence,
        "logprob": outcome.logprob,
        "flops": outcome.cost.flops_computed,
        "seconds": outcome.cost.seconds,
        "repaired": outcome.repaired,
    }


def reason(outcome: Outcome) -> str:
    """OpenAI's `finish_reason`."""
    return "tool_calls" if outcome.calls else outcome.finish


def tool_calls(outcome: Outcome) -> list[dict[str, Any]]:
    """The calls as OpenAI's clients read them."""
    return [
        {
            "id": f"call_{secrets.token_hex(12)}",
            "type": "function",
            "function": {"name": call["name"], "arguments": json.dumps(call["arguments"], ensure_ascii=False)},
        }
        for call in outcome.calls
    ]


def token_logprobs(outcome: Outcome, chat: bool) -> dict[str, Any] | None:
    """What was asked of single tokens: the one that was written, each; of others no engine here tells."""
    if outcome.tokens is None:
        return None
    if chat:
        rows = [
            {"token": text, "logprob": value, "bytes": list(text.encode()), "top_logprobs": []}
            for text, value in outcome.tokens
        ]
        return {"content": rows, "refusal": None}
    places = list(accumulate((len(text) for text, _ in outcome.tokens), initial=0))
    return {
        "tokens": [text for text, _ in outcome.tokens],
        "token_logprobs": [value for _, value in outcome.tokens],
        "top_logprobs": None,
        "text_offset": places[:-1],
    }


class Answers:
    """Makes the objects of one request, whole or in pieces."""

    def __init__(self, model: str, chat: bool) -> None:
        self.model = model
        self.chat = chat
        made = {"id": f"{'chatcmpl' if chat else 'cmpl'}-{secrets.token_hex(12)}", "created": int(time.time())}
        self._whole = made | {"object": "chat.completion" if chat else "text_completion", "model": model}
        self._piece = made | {"object": "chat.completion.chunk" if chat else "text_completion", "model": model}

    def whole(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """The answer in one object."""
        choices = [self._choice(index, outcome) for index, outcome in enumerate(outcomes)]
        return self._whole | {"choices": choices, "usage": usage(outcomes)}

    def opening(self, index: int) -> dict[str, Any]:
        """The first piece of a choice."""
        return self._delta(index, {"role": "assistant", "content": ""}, "")

    def more(self, index: int, text: str) -> dict[str, Any]:
        """A piece of text."""
        return self._delta(index, {"content": text}, text)

    def closing(self, index: int, outcome: Outcome) -> dict[str, Any]:
        """The last piece of a choice."""
        piece = self._delta(index, {}, "")
        logprobs = token_logprobs(outcome, self.chat)
        piece["choices"][0] |= {"finish_reason": reason(outcome), "logprobs": logprobs, "gulliver": told(outcome)}
        return piece

    def calls(self, index: int, outcome: Outcome) -> Iterator[dict[str, Any]]:
        """The pieces of a choice's calls: each begins with its name, and its arguments follow."""
        for number, call in enumerate(tool_calls(outcome)):
            arguments = call["function"]["arguments"]
            begun = {"index": number, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
            yield self._delta(index, {"tool_calls": [begun]}, "")
            yield self._delta(index, {"tool_calls": [{"index": number, "function": {"arguments": arguments}}]}, "")

    def used(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """The piece that tells what was used, when that is asked for."""
        return self._piece | {"choices": [], "usage": usage(outcomes)}

    def _choice(self, index: int, outcome: Outcome) -> dict[str, Any]:
        said: dict[str, Any] = {"text": outcome.text}
        if self.chat:
            said = {"message": {"role": "assistant", "content": outcome.text, "refusal": None}}
        if outcome.calls:
            said["message"] |= {"content": outcome.text or None, "tool_calls": tool_calls(outcome)}
        logprobs = token_logprobs(outcome, self.chat)
        return {
            "index": index, **said, "logprobs": logprobs, "finish_reason": reason(outcome), "gulliver": told(outcome),
        }  # fmt: skip

    def _delta(self, index: int, delta: dict[str, Any], text: str) -> dict[str, Any]:
        said: dict[str, Any] = {"delta": delta} if self.chat else {"text": text}
        return self._piece | {"choices": [{"index": index, **said, "logprobs": None, "finish_reason": None}]}
