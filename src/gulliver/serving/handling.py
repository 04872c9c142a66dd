"""From a request to its response: key, body, place in the queue, answer; whatever ends it, nothing stays."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gulliver.inference import Cost
from gulliver.models.base import Message, Role
from gulliver.serving.answering import Outcome, Wishes, answer, complete, repeats, single
from gulliver.serving.answers import Answers, header, headers
from gulliver.serving.body import gone, read_json
from gulliver.serving.choose import Served
from gulliver.serving.errors import SERVER, ApiError
from gulliver.serving.fallback import answer_or_fall_back
from gulliver.serving.room import Room
from gulliver.serving.schema import ChatBody, Common, CompletionBody, read_body
from gulliver.serving.shaped import answer_shaped, check_guided
from gulliver.serving.streamed import tells_tokens
from gulliver.serving.streaming import EventStream, Pieces
from gulliver.serving.tools import Shape, shape_of

_ROLES: dict[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "user"
}  # fmt: skip
Tell = Callable[[int, str], None]
Heard = Callable[[str], None] | None
SLOW_READER = 60.0
"""Seconds that a client has to read a stream's end after the time limit of its answer."""


@dataclass(frozen=True)
class Job:
    """The choices of one request.

    Attributes:
        one: answers choice number i; what it is given hears that choice's text so far.
        distinct: so many choices are asked for, the others are the first again.
        ignored: wishes that the recipe does not follow.
    """

    one: Callable[[int, Heard], Awaitable[Outcome]]
    choices: int
    distinct: int
    ignored: tuple[str, ...] = ()


async def chat(request: Request, room: Room) -> Response:
    """`/v1/chat/completions`."""
    async with AsyncExitStack() as stack:
        body = read_body(ChatBody, await admitted(request, room, stack))
        served = room.find(body.model)
        wishes = _wishes(body, body.max_completion_tokens or body.max_tokens, bool(body.logprobs))
        shape = _shape(body, served)
        _check_tokens(wishes, served, alone=shape is not None)
        messages = [Message(_ROLES[turn.role], turn.text) for turn in body.messages]
        fallback = room.falls_back(served)

        async def one(index: int, heard: Heard) -> Outcome:
            own = _numbered(wishes, served, index)
            if shape is not None:
                outcome = await answer_shaped(served, fallback, messages, shape, own, room.engines)
            elif fallback is not None:
                outcome = await answer_or_fall_back(served, fallback, messages, own, room.engines)
            else:
                outcome = await answer(served, messages, own, room.engines, heard)
            if room.audit is not None and served.name == room.name:
                room.audit.consider(messages, shape, own, outcome)
            return outcome

        strategy, n = served.recipe.strategy, body.n or 1
        ignored = () if single(strategy) or shape is not None else tuple(wishes.named())
        job = Job(one, n, 1 if fallback is None and repeats(strategy, wishes) else n, ignored)
        return await _respond(request, room, body, served, job, stack)


async def completions(request: Request, room: Room) -> Response:
    """`/v1/completions`: the recipe's model on a text as it stands."""
    async with AsyncExitStack() as stack:
        body = read_body(CompletionBody, await admitted(request, room, stack))
        served = room.find(body.model)
        wishes = _wishes(body, body.max_tokens, body.logprobs is not None)
        _check_tokens(wishes, served, alone=True)
        prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
        n = body.n or 1

        async def one(index: int, heard: Heard) -> Outcome:
            return await complete(
                served, prompts[index // n], _numbered(wishes, served, index % n), room.engines, heard
            )

        job = Job(one, n * len(prompts), n * len(prompts))
        return await _respond(request, room, body, served, job, stack)


async def admitted(request: Request, room: Room, stack: AsyncExitStack) -> Any:
    """The body's JSON, once the key is known; the key is in use until the stack ends."""
    if room.draining:
        raise ApiError(503, "The server is stopping; ask another.", SERVER, "draining", headers={"Connection": "close"})
    stack.enter_context(room.keys.find(request.headers.get("authorization")).use())
    return await read_json(request, room.limits.body, room.limits.patience)


def _wishes(body: Common, max_tokens: int | None, tokens: bool) -> Wishes:
    return Wishes(max_tokens, body.temperature, body.top_p, body.stops, body.seed, tokens)


def _shape(body: ChatBody, served: Served) -> Shape | None:
    """What the reply must be; a conversation about tools that asks for nothing is free, but put as it stands too.

    Raises:
        ApiError: it cannot be promised.
    """
    parallel = body.parallel_tool_calls is not False
    shape = shape_of(body.tools or (), body.tool_choice, parallel, body.response_format)
    if shape is not None:
        check_guided(served)
    spoken = any(turn.role == "tool" or turn.tool_calls for turn in body.messages)
    return Shape() if shape is None and spoken else shape


def _check_tokens(wishes: Wishes, served: Served, alone: bool) -> None:
    """
    Raises:
        ApiError: log-probabilities of tokens are asked for where there is not one draft, or nothing tells.
    """
    if not wishes.tokens or ((alone or single(served.recipe.strategy)) and tells_tokens(served.recipe.model)):
        return
    told = f"The engine {served.recipe.model.engine} tells no log-probabilities of single tokens."
    if tells_tokens(served.recipe.model):
        told = "This recipe compares several drafts, so that its answer has no log-probabilities of single tokens; ask RECIPE@direct."
    raise ApiError(400, told, code="unsupported_parameter", param="logprobs")


def _numbered(wishes: Wishes, served: Served, index: int) -> Wishes:
    """The wishes of choice number `index`, whose draws have a seed of their own."""
    return replace(wishes, seed=(served.seed if wishes.seed is None else wishes.seed) + index)


async def _respond(
    request: Request, room: Room, body: Common, served: Served, job: Job, stack: AsyncExitStack
) -> Response:
    answers = Answers(served.name, isinstance(body, ChatBody))
    if body.stream:
        return await _stream(request, room, body, answers, job, stack)
    outcomes = await _unless_gone(request, _limited(room, lambda: _all(job, None)))
    if outcomes is None:
        return Response(status_code=499)  # nobody reads it
    _count(room, outcomes)
    return JSONResponse(answers.whole(outcomes), headers=headers(outcomes, job.ignored))


async def _stream(
    request: Request, room: Room, body: Common, answers: Answers, job: Job, stack: AsyncExitStack
) -> Response:
    async def work(tell: Tell) -> Sequence[Outcome]:
        outcomes = await _limited(room, lambda: _all(job, tell))
        _count(room, outcomes)
        return outcomes

    usage = body.stream_options is not None and body.stream_options.include_usage
    pieces = Pieces(answers, work, usage)
    stack.push_async_callback(pieces.stop)
    if await _unless_gone(request, _begun(pieces)) is None:
        return Response(status_code=499)
    told = {"x-gulliver-recipe": header(answers.model)}
    if job.ignored:
        told["x-gulliver-as-measured"] = ", ".join(job.ignored)
    return EventStream(pieces, told, room.limits.seconds + SLOW_READER, stack.pop_all().aclose)


async def _begun(pieces: Pieces) -> bool:
    await pieces.begin()
    return True


async def _all(job: Job, tell: Tell | None) -> Sequence[Outcome]:
    """All choices at once; the first that fails ends the others."""

    def heard(index: int) -> Heard:
        return None if tell is None else lambda text: tell(index, text)

    if job.distinct == 1:  # no task of its own: each costs a turn of the event loop
        outcomes = [await job.one(0, heard(0))]
    else:
        outcomes = await _together([job.one(index, heard(index)) for index in range(job.distinct)])
    return [*outcomes, *[replace(outcomes[0], cost=Cost())] * (job.choices - job.distinct)]


async def _together(work: Sequence[Awaitable[Outcome]]) -> list[Outcome]:
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _limited(room: Room, work: Callable[[], Awaitable[Sequence[Outcome]]]) -> Sequence[Outcome]:
    """The work in its turn, within the time limit.

    Raises:
        ApiError: 429, or 504.
    """
    try:
        async with asyncio.timeout(room.limits.seconds), room.queue.place():
            return await work()
    except TimeoutError:
        for engine in room.engines.values():
            engine.suspect(room.limits.seconds)
        told = f"No answer within {room.limits.seconds:g} s; ask again, or for fewer tokens."
        raise ApiError(504, told, SERVER, "timeout") from None


async def _unless_gone(request: Request, work: Awaitable[Any]) -> Any:
    """The work's result, or None when the client went before it was done; the work is then ended."""
    task = asyncio.ensure_future(work)
    watch = asyncio.create_task(gone(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, watch):
            pending.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


def _count(room: Room, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        room.metrics.answered(outcome.by, outcome.cost)
