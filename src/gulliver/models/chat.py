"""From messages to the text a model reads, by the chat template in its card."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from gulliver.errors import ModelError
from gulliver.models.base import Card, Message

if TYPE_CHECKING:
    import jinja2

# A prompt must not change from day to day, or nothing could be replayed.
_TODAY = datetime(2026, 1, 1, tzinfo=UTC)


def render(card: Card, messages: Sequence[Message]) -> str:
    """The prompt text, complete: it is tokenised without any token added.

    A base model (no template) reads the contents with blank lines between, after its begin token.

    Raises:
        ModelError: the template refuses these messages.
    """
    if card.chat_template is None:
        return card.bos + "\n\n".join(message.content for message in messages) + "\n"
    import jinja2

    turns = [{"role": message.role, "content": message.content} for message in messages]
    try:
        return _compiled(card.chat_template).render(
            messages=turns, bos_token=card.bos, eos_token=card.eos, add_generation_prompt=True
        )
    except jinja2.TemplateError as error:
        raise ModelError(f"The chat template of {card.name} refuses this conversation ({error}).") from None


@lru_cache(maxsize=32)
def _compiled(source: str) -> "jinja2.Template":
    from jinja2.exceptions import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> NoReturn:
        raise TemplateError(message)

    def to_json(value: Any, indent: int | None = None) -> str:
        import json

        return json.dumps(value, ensure_ascii=False, indent=indent)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = _TODAY.strftime
    return environment.from_string(source)
