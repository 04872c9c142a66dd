"""A judge that is a model: it is shown the question, the reference and the answer, and says yes or no."""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gulliver.errors import TaskError
from gulliver.inference.bound import BoundModel
from gulliver.inference.types import Draft
from gulliver.models import check_runs, load_model
from gulliver.models.base import Message, Model
from gulliver.tasks import extract
from gulliver.tasks.base import Answer, Item, Judgement, Kind
from gulliver.tasks.judges import found

RUBRIC = "The answer is right if it says the same as the reference, in whatever words; otherwise it is not."
_PROMPT = """You judge whether an answer to a question is right.

<question>
{question}
</question>
{reference}
<answer>
{answer}
</answer>

{rubric}

Is the answer right? Reply with one word: yes or no."""
_REFERENCE = "\n<reference>\n{}\n</reference>\n"
_LONGEST = 6000


@dataclass(frozen=True)
class ModelJudge:
    """`name` is a model as a study names it; `rubric` says in words what is right, or the file `path` does.

    It is asked greedily, one short reply an answer, so that the store replays it. How far it can be trusted is measured by
    `gulliver agreement` on answers that a person has labelled.

    Raises:
        TaskError: the rubric cannot be read.
    """

    name: str
    rubric: str = ""
    path: str = ""
    max_tokens: int = 8
    kind: ClassVar[Kind] = "free"
    answer_only: ClassVar[str] = ""
    after_reasoning: ClassVar[str] = "Think step by step, then give the final answer."

    def __post_init__(self) -> None:
        if self.rubric and self.path:
            raise TaskError("The judge model has a rubric and a path to one; give one of them.")
        if self.max_tokens < 1:
            raise TaskError("The judge model needs max_tokens of at least 1.")
        _ = self.text

    @property
    def text(self) -> str:
        """The rubric."""
        if not self.path:
            return self.rubric or RUBRIC
        try:
            return Path(self.path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError(f"The rubric {self.path} cannot be read: {error}.") from None

    @property
    def model(self) -> Model:
        """The model that judges; fetched when it is not here.

        Raises:
            ModelError: there is none of that name, or it cannot be had or run.
        """
        return _loaded(self.name)

    @property
    def key(self) -> str:
        """What a measured agreement belongs to: the model as run, the prompt, the rubric."""
        model = self.model
        content = [model.card.digest, model.engine, model.engine_version, _PROMPT, self.text, self.max_tokens]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def read(self, draft: Draft, item: Item) -> Answer:
        """The whole reply: the model that judges finds the answer in it."""
        return found(draft.text.strip() or None)

    def right(self, value: Any, item: Item) -> bool:
        """
        Raises:
            TaskError: always; a model has to be asked, see `judgement`.
        """
        raise TaskError("This answer is judged by a model and needs a session to ask it in.")

    async def judgement(self, value: Any, item: Item, lm: BoundModel) -> Judgement:
        """Ask `lm`, which is `model` bound to a session, about one answer; a reply without yes or no is `failed`."""
        draft = await lm.generate(self.put(value, item), max_tokens=self.max_tokens)
        if draft.finish == "failed":
            return Judgement("failed", f"the judge {self.name} failed: {draft.error}")
        said = verdict(draft.text)
        if said is None:
            return Judgement("failed", f"the judge {self.name} said neither yes nor no: {draft.text[:100]!r}")
        return Judgement("right" if said else "wrong", f"the judge {self.name} said {'yes' if said else 'no'}")

    def put(self, value: Any, item: Item) -> tuple[Message, ...]:
        """What the model is asked about one answer. Marks in the texts that would end their part are taken out."""
        target = "" if item.target in (None, "") else _REFERENCE.format(_inside(item.target))
        text = _PROMPT.format(
            question=_inside(item.question), reference=target, answer=_inside(value), rubric=self.text
        )
        return (Message("user", text),)


def verdict(written: str) -> bool | None:
    """yes or no, as a reply settles on one; None when it does not."""
    said = extract.choice(written, ("yes", "no"))
    return None if said is None else said == "yes"


@functools.cache
def _loaded(name: str) -> Model:
    model = load_model(name)
    check_runs(model)
    return model


def _inside(text: Any) -> str:
    """Text that stands between marks: cut in its middle when it is very long, and unable to end its part."""
    plain = str(text).strip()
    for mark in ("question", "reference", "answer"):
        plain = plain.replace(f"</{mark}>", f"({mark})").replace(f"<{mark}>", f"({mark})")
    half = _LONGEST // 2
    return plain if len(plain) <= _LONGEST else f"{plain[:half]}\n[…]\n{plain[-half:]}"
