"""A model as one item sees it: what a strategy calls."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

from gulliver.errors import ModelError
from gulliver.inference.types import Draft
from gulliver.models.base import Embed, Generate, Message, Model, Reply, Sampling, Score
from gulliver.models.chat import render

if TYPE_CHECKING:
    from gulliver.inference.session import Meter, Session

Told = TypeVar("Told")


class BoundModel:
    """A model as one item sees it: a strategy asks, and never sees batches, the store, seeds or costs."""

    def __init__(
        self, session: "Session", model: Model, meter: "Meter", others: Mapping[str, Model] | None = None
    ) -> None:
        self._session = session
        self._others = others or {}
        self.model = model
        self.meter = meter

    def other(self, name: str) -> "BoundModel":
        """Another model that the recipe names, as the same item sees it: what it costs is the item's too.

        Raises:
            ModelError: the recipe does not name it.
        """
        if name not in self._others:
            raise ModelError(f"The model {name!r} was not opened with {self.model.name}; name it in the recipe.")
        return self.beside(self._others[name])

    async def generate(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        top_p: float = 1.0,
        top_k: int = 0,
        stop: Sequence[str] = (),
        begun: str = "",
    ) -> Draft:
        """One draft: draw number 0. `begun`: as for `draws`."""
        sampling = Sampling(max_tokens, temperature, top_p, top_k, tuple(stop))
        return (await self.draws(prompt, 1, sampling, begun=begun))[0]

    async def draws(
        self, prompt: str | Sequence[Message], n: int, sampling: Sampling, *, start: int = 0, begun: str = ""
    ) -> list[Draft]:
        """Drafts number `start` to start + n-1 of one prompt; greedy drafts are all the same one.

        Args:
            begun: what the reply starts with; the drafts go on from there, and their text is what follows.

        Raises:
            ModelError: a reply is begun and the model is behind a server, whose protocol has no word for that.
        """
        text = self._text(prompt) + self._begun(begun)
        numbers = range(start, start + n) if sampling.temperature > 0 else range(1)
        replies = await self._session.answer(self.model, [Generate(text, sampling)] * len(numbers), numbers, self.meter)
        if sampling.temperature <= 0:
            replies *= n
        return [
            Draft(reply.text, reply.finish, i, reply.completion_tokens, reply.logprob, reply.error)
            for i, reply in enumerate(replies, start)
        ]

    async def score(self, prompt: str | Sequence[Message], continuations: Sequence[str]) -> list[float]:
        """Log-probability (nats) of each continuation after the prompt.

        Raises:
            ModelError: the engine cannot score.
        """
        requests = [Score(self._text(prompt), continuation) for continuation in continuations]
        replies = await self._session.answer(self.model, requests, [0] * len(requests), self.meter)
        return [_told(reply.logprob, reply) for reply in replies]

    async def weigh(self, prompt: str | Sequence[Message], continuations: Sequence[str]) -> list[Draft]:
        """Each continuation as a draft, with its log-probability (nats) and tokens; a failed one says why.

        Here a prompt of messages is put as a chat, and a prompt that is a string is read as it stands (after the
        model's begin token), as a base model would read it.
        """
        raw = isinstance(prompt, str) and self.model.engine != "endpoint"
        text = f"{self.model.card.bos}{prompt}" if raw else self._text(prompt)
        requests = [Score(text, continuation) for continuation in continuations]
        replies = await self._session.answer(self.model, requests, [0] * len(requests), self.meter)
        return [
            Draft(continuation, reply.finish, 0, reply.completion_tokens, reply.logprob, reply.error)
            for continuation, reply in zip(continuations, replies, strict=True)
        ]

    async def embed(self, text: str) -> tuple[float, ...]:
        """A vector for a text.

        Raises:
            ModelError: the engine cannot embed.
        """
        reply = (await self._session.answer(self.model, [Embed(text)], [0], self.meter))[0]
        return _told(reply.vector, reply)

    def beside(self, model: Model) -> "BoundModel":
        """Another model that this item asks too (a scorer, a larger model), at the expense of the same item."""
        return BoundModel(self._session, model, self.meter, self._others)

    def _begun(self, text: str) -> str:
        if text and self.model.engine == "endpoint":
            raise ModelError(
                f"{self.model.name} is behind a server and cannot go on with a reply that was begun; use a local model, or a strategy without steps."
            )
        return text

    def _text(self, prompt: str | Sequence[Message]) -> str:
        messages = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
        if self.model.engine == "endpoint":
            return json.dumps([asdict(message) for message in messages], ensure_ascii=False)
        return render(self.model.card, messages)


def _told(value: Told | None, reply: Reply) -> Told:
    if value is None:
        raise ModelError(reply.error or "This model's engine cannot do that; use another engine.")
    return value
