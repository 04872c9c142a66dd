"""One question to one recipe: as it was measured, or, where it takes a single draft, as the client wishes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gulliver.errors import GulliverError
from gulliver.inference import Cost, Draft, Meter
from gulliver.models.base import Message, Sampling
from gulliver.serving.choose import Served
from gulliver.serving.engine import OnText
from gulliver.serving.errors import ApiError, failed_request
from gulliver.serving.question import asked_item
from gulliver.serving.session import Engines, OneRequest
from gulliver.strategies import Strategy
from gulliver.strategies.confidence import confidence
from gulliver.strategies.first import First
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.sample import Sample
from gulliver.tasks.base import Answer, Item
from gulliver.tasks.bfcl_calls import Call


@dataclass(frozen=True)
class Wishes:
    """What a client says beside the conversation; None leaves it as it was measured. `tokens`: each token's
    log-probability is to be told."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    tokens: bool = False

    def named(self) -> list[str]:
        """The wishes that a recipe of several drafts does not follow."""
        values = {"max_tokens": self.max_tokens, "temperature": self.temperature, "top_p": self.top_p}
        return [key for key, value in values.items() if value is not None] + (["stop"] if self.stop else [])


@dataclass(frozen=True)
class Outcome:
    """One answer. `text` is what the client reads; `value` what was read out of it, in canonical form.

    Attributes:
        calls: of functions, each valid by its schema.
        tokens: the draft's, each with its log-probability (nats); None where nobody asked, or nothing tells.
        repaired: whether a first draft had not the shape that was asked for.
    """

    text: str
    finish: Literal["stop", "length"]
    recipe: str
    cost: Cost
    value: str = ""
    status: str = "read"
    confidence: float | None = None
    votes: int = 1
    logprob: float | None = None
    by: Literal["recipe", "fallback"] = "recipe"
    calls: tuple[Call, ...] = ()
    tokens: tuple[tuple[str, float], ...] | None = None
    repaired: bool = False


def single(strategy: Strategy) -> bool:
    """Whether the answer is one draft as it was written: such can be streamed, and follow wishes."""
    plain = strategy.whole is None and isinstance(strategy.choosing, First)
    return plain and isinstance(strategy.drawing, Greedy | Sample)


def repeats(strategy: Strategy, wishes: Wishes) -> bool:
    """Whether every further draft would be the first one again."""
    return single(strategy) and isinstance(drawing_of(strategy, wishes), Greedy)


async def answer(
    served: Served,
    messages: Sequence[Message],
    wishes: Wishes,
    engines: Engines,
    on_text: OnText | None = None,
) -> Outcome:
    """The recipe's answer to the conversation.

    Raises:
        ApiError: it cannot be had.
    """
    strategy = served.recipe.strategy
    seed = served.seed if wishes.seed is None else wishes.seed
    meter = Meter()
    try:
        item = asked_item(served.pattern, messages)
        if not single(strategy):
            lm = OneRequest(engines, seed).bind(served.recipe.model, meter, served.recipe.others)
            return _outcome(await strategy.answer(item, lm), served, meter)
        put = strategy.ask(item)
        heard = None if put.runs_code else on_text
        session = OneRequest(engines, seed, heard, wishes.tokens)
        lm = session.bind(served.recipe.model, meter, served.recipe.others)
        put = replace(put, max_tokens=wishes.max_tokens or put.max_tokens, stop=(*put.stop, *wishes.stop))
        draft = (await drawing_of(strategy, wishes).draw(put, lm, 1))[0]
    except ApiError:
        raise
    except GulliverError as error:
        raise ApiError(400, str(error)) from None
    if draft.finish == "failed":
        raise failed_request(draft.error)
    read = await asyncio.to_thread(_read, put, draft) if put.runs_code else _read(put, draft)
    outcome = _outcome(read, served, meter)
    return replace(outcome, finish="length" if draft.finish == "length" else "stop", tokens=session.tokens)


async def complete(
    served: Served, prompt: str, wishes: Wishes, engines: Engines, on_text: OnText | None = None
) -> Outcome:
    """What the recipe's model writes after a text, without the recipe's way of asking.

    Raises:
        ApiError: it cannot be had.
    """
    model, meter = served.recipe.model, Meter()
    seed = served.seed if wishes.seed is None else wishes.seed
    session = OneRequest(engines, seed, on_text, wishes.tokens)
    temperature = 0.0 if wishes.temperature is None else wishes.temperature
    sampling = Sampling(wishes.max_tokens or 16, temperature, wishes.top_p or 1.0, 0, wishes.stop)
    text = prompt if model.engine == "endpoint" else f"{model.card.bos}{prompt}"
    reply = await session.written(model, text, sampling, meter)
    if reply.finish == "failed":
        raise failed_request(reply.error)
    read = Answer(reply.text, text=reply.text, logprob=reply.logprob, tokens=reply.completion_tokens)
    outcome = _outcome(read, served, meter)
    return replace(outcome, finish="length" if reply.finish == "length" else "stop", tokens=session.tokens)


def drawing_of(strategy: Strategy, wishes: Wishes) -> Greedy | Sample:
    """The strategy's own drawing, changed as wished; a greedy draft where it draws several, or in a way of its own."""
    own = strategy.drawing if single(strategy) and isinstance(strategy.drawing, Greedy | Sample) else Greedy()
    if wishes.temperature == 0:
        return Greedy()
    if wishes.temperature is None and (wishes.top_p is None or isinstance(own, Greedy)):
        return own
    before = own if isinstance(own, Sample) else Sample(top_p=1.0)
    return replace(before, temperature=wishes.temperature or before.temperature, top_p=wishes.top_p or before.top_p)


def _read(item: Item, draft: Draft) -> Answer:
    try:
        return item.read(draft)
    except Exception:  # a judge that needs more of an item than a question; the text stands all the same
        return Answer(status="unreadable", text=draft.text, logprob=draft.logprob, tokens=draft.completion_tokens)


def _outcome(read: Answer, served: Served, meter: Meter) -> Outcome:
    if read.status == "failed":
        raise failed_request(read.detail)
    value = "" if read.value is None else str(read.value)
    # A program is how the answer was found, not the answer.
    text = value if value and (read.program or not read.text) else read.text
    sure = confidence(read, served.recipe.strategy, meter)
    finish: Literal["stop", "length"] = "length" if read.status == "truncated" else "stop"
    return Outcome(text, finish, served.name, meter.cost, value, read.status, sure, read.votes, read.logprob)
