"""Answers that must have a shape: guided while they are written, checked before they leave, repaired once, else the fallback's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gulliver.errors import GulliverError
from gulliver.inference import Cost, Draft, Meter
from gulliver.models.base import Message, Sampling
from gulliver.serving.answering import Outcome, Wishes, drawing_of
from gulliver.serving.choose import Served
from gulliver.serving.errors import SERVER, ApiError, failed_request
from gulliver.serving.fallback import Fallback
from gulliver.serving.session import Engines, OneRequest
from gulliver.serving.tools import Read, Shape
from gulliver.strategies.confidence import sureness
from gulliver.strategies.greedy import Greedy
from gulliver.strategies.sample import Sample
from gulliver.tasks.base import Answer

GUIDED = ("openvino", "scripted", "endpoint")
"""Engines that can be asked for a shape; what an endpoint makes of it is checked like any other answer."""


@dataclass(frozen=True)
class _Tried:
    """A recipe's best try: `problem` says why it must not leave."""

    outcome: Outcome
    problem: str = ""
    cut: bool = False


def check_guided(served: Served) -> None:
    """
    Raises:
        ApiError: the recipe's engine cannot guide what it writes.
    """
    if served.recipe.model.engine not in GUIDED:
        told = f"The engine {served.recipe.model.engine} has no guided decoding, so that no format can be promised."
        raise ApiError(400, told, code="unsupported_parameter", param="response_format")


async def answer_shaped(
    served: Served,
    fallback: Fallback | None,
    messages: Sequence[Message],
    shape: Shape,
    wishes: Wishes,
    engines: Engines,
) -> Outcome:
    """The conversation as it stands, without the recipe's way of asking, which would contradict the format.

    The recipe's own answer leaves when it has the shape and is sure enough; all that was asked is paid for.

    Raises:
        ApiError: neither recipe nor fallback gives an answer of this shape.
    """
    put = shape.put(messages)
    first: _Tried | None = None
    try:
        first = await _tried(served, put, shape, wishes, engines)
    except ApiError as error:
        if error.status < 500 or fallback is None:
            raise
    if first is not None and not first.problem:
        sure = first.outcome.confidence
        if fallback is None or (sure is not None and sure >= fallback.threshold):
            return first.outcome
    if fallback is None:
        assert first is not None
        raise _invalid(first)
    second = await _tried(fallback.served, put, shape, wishes, engines)
    if second.problem:
        if first is not None and not first.problem:
            return replace(first.outcome, cost=first.outcome.cost + second.outcome.cost)
        raise _invalid(second)
    before = first.outcome if first is not None else None
    cost = second.outcome.cost + (before.cost if before else Cost())
    return replace(second.outcome, by="fallback", confidence=before.confidence if before else None, cost=cost)


async def _tried(served: Served, messages: Sequence[Message], shape: Shape, wishes: Wishes, engines: Engines) -> _Tried:
    """One draft, and a second one that is told what was wrong with the first."""
    meter = Meter()
    session = OneRequest(engines, served.seed if wishes.seed is None else wishes.seed, wants_tokens=wishes.tokens)
    lm = session.bind(served.recipe.model, meter)
    sampling = _sampling(served, shape, wishes)
    put = list(messages)
    repaired = False
    while True:
        try:
            draft = (await lm.draws(put, 1, sampling))[0]
        except ApiError:
            raise
        except GulliverError as error:
            raise ApiError(400, str(error)) from None
        if draft.finish == "failed":
            raise failed_request(draft.error)
        read = shape.read(draft.text)
        cut = draft.finish == "length"
        if not read.problem or cut or repaired:
            outcome = _outcome(served, shape, draft, read, meter)
            # A JSON text that was cut leaves with finish_reason "length", as clients expect; a call that was cut does not.
            problem = "" if cut and not shape.functions else read.problem
            return _Tried(replace(outcome, tokens=session.tokens, repaired=repaired), problem, cut)
        put = [*messages, Message("assistant", draft.text), Message("user", _repair(read.problem, shape))]
        repaired = True


def _sampling(served: Served, shape: Shape, wishes: Wishes) -> Sampling:
    drawing = drawing_of(served.recipe.strategy, wishes)
    most = wishes.max_tokens or served.pattern.max_tokens
    if isinstance(drawing, Greedy):
        return Sampling(most, stop=wishes.stop, guide=shape.guide)
    assert isinstance(drawing, Sample)
    return Sampling(most, drawing.temperature, drawing.top_p, drawing.top_k, wishes.stop, shape.guide)


def _repair(problem: str, shape: Shape) -> str:
    wanted = "Write the corrected call." if shape.functions else "Write the corrected JSON alone."
    return f"That is not valid. {problem} {wanted}"


def _outcome(served: Served, shape: Shape, draft: Draft, read: Read, meter: Meter) -> Outcome:
    return Outcome(
        text=read.text,
        finish="length" if draft.finish == "length" else "stop",
        recipe=served.name,
        cost=meter.cost,
        confidence=sureness(Answer(logprob=draft.logprob, tokens=draft.completion_tokens)),
        logprob=draft.logprob,
        calls=read.calls,
    )


def _invalid(tried: _Tried) -> ApiError:
    if tried.cut:
        told = "The call was cut by the length limit and does not leave; ask with a larger max_tokens."
        return ApiError(400, told, code="length", param="max_tokens")
    told = f"The model gave nothing of the shape that is asked for, also when told what was wrong: {tried.problem}"
    return ApiError(502, told, SERVER, "invalid_output")
