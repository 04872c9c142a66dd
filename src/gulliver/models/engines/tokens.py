"""What local engines share: a request becomes tokens, or is refused with a sentence; where a text ends."""

from collections.abc import Callable
from dataclasses import dataclass

from gulliver.models.base import Embed, Generate, Reply, Request, Score

# Files name one end token; chat models were taught to end a turn with another.
ENDS = ("<|im_end|>", "<|endoftext|>", "<end_of_turn>", "<|eot_id|>", "<|end|>", "<|end_of_text|>")

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Tokens:
    """A request as token ids.

    Attributes:
        ids: the prompt's, then those of what is scored.
        prompt: how many of them are the prompt's.
        new: how many may follow; at least 1 to generate, 0 to score.
    """

    request: Generate | Score
    ids: list[int]
    prompt: int
    new: int


def tokenise(request: Request, encode: Encode, most: int, guides: bool = False) -> Tokens | Reply:
    """The request's tokens, with `max_tokens` cut to the room; or the reply, when nothing is to be computed.

    Args:
        encode: text to ids, with no token added.
        most: tokens that the engine can hold for one request, read and written.
        guides: whether the engine can keep a guide.
    """
    if isinstance(request, Embed):
        return _refused("This engine does not embed text; use an encoder.")
    if isinstance(request, Generate) and request.sampling.guide and not guides:
        return _refused("This engine cannot guide what is written; use openvino.")
    try:
        (request.prompt + getattr(request, "continuation", "")).encode()
    except UnicodeEncodeError:
        return _refused("The prompt holds half a character (a lone surrogate); mend the text it was made from.")
    prompt = encode(request.prompt) if request.prompt else []
    ids = prompt
    new = 0
    if isinstance(request, Score):
        ids = _joined(request, prompt, encode)
        if len(ids) == len(prompt):
            return Reply(prompt_tokens=len(prompt), logprob=0.0)
    else:
        new = min(request.sampling.max_tokens, most - len(ids))
    if not prompt:
        return _refused("The prompt is empty; write at least one token.")
    if len(ids) >= most:
        return _refused(f"The prompt has {len(ids)} tokens and at most {most - 1} can be read; shorten it.")
    if isinstance(request, Generate) and new < 1:
        return _refused("max_tokens is below 1; ask for at least one token.")
    return Tokens(request, ids, len(prompt), new)


def before_stop(text: str, stop: tuple[str, ...]) -> str:
    """The text up to the first stop string."""
    places = [place for place in (text.find(mark) for mark in stop if mark) if place >= 0]
    return text[: min(places)] if places else text


def _joined(request: Score, before: list[int], encode: Encode) -> list[int]:
    """Tokens of both together, as the model would write them; apart when they would merge where they meet."""
    together = encode(request.prompt + request.continuation) if request.prompt else []
    if together[: len(before)] == before and len(together) > len(before):
        return together
    return before + (encode(request.continuation) if request.continuation else [])


def _refused(sentence: str) -> Reply:
    return Reply(finish="failed", error=sentence)
