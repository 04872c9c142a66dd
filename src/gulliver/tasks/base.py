"""A task: items, how each is put to a model, and how an answer is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from gulliver.inference.types import Draft
from gulliver.models.base import Message

Status = Literal["read", "unreadable", "truncated", "unsupported", "failed"]
Outcome = Literal["right", "wrong", "unreadable", "truncated", "unsupported", "failed"]
Kind = Literal["number", "choice", "text", "code", "json", "free"]


@dataclass(frozen=True)
class Answer:
    """What was read out of one draft.

    Attributes:
        value: in canonical form, so that equal answers are equal values (voting relies on it); None unless `read`.
        status: `read`; `unreadable` (nothing could be extracted); `truncated` (nothing could, and the draft was cut by
            the length limit); `unsupported` (the sandbox cannot run it); `failed` (the request itself failed).
        text: the draft it came from.
        program: the program that was run, if one was; `detail`: its output or error.
        logprob, tokens: of the draft (nats, summed), and how long it is; None and 0 when the engine does not tell.
        votes: how many drafts agree, when several were drawn.
        confidence: how likely the strategy holds it to be right, in [0, 1]; None when it does not say.
    """

    value: Any = None
    status: Status = "read"
    text: str = ""
    logprob: float | None = None
    tokens: int = 0
    program: str = ""
    detail: str = ""
    votes: int = 1
    confidence: float | None = None

    def of(self, draft: Draft) -> "Answer":
        """The same answer as one that came from this draft."""
        # Not `replace`, which takes five times as long and would be called for every draft.
        return Answer(
            self.value, self.status, draft.text, draft.logprob, draft.completion_tokens,
            self.program, self.detail, self.votes, self.confidence,
        )  # fmt: skip

    @property
    def mean_logprob(self) -> float | None:
        """Log-probability per token (nats); None when the engine does not tell."""
        return None if self.logprob is None else self.logprob / max(1, self.tokens)


@dataclass(frozen=True)
class Exemplar:
    """A worked example for prompts: the same question solved in words and, where it can be, as a program.

    `skills` names what it takes to solve it, with commas between.
    """

    question: str
    answer: str
    rationale: str = ""
    program: str = ""
    skills: str = ""


class Reader(Protocol):
    """Turns a draft into an answer. Must not raise on anything a model can write."""

    def __call__(self, draft: Draft, item: "Item") -> Answer: ...


class Judge(Protocol):
    """Says whether an answer is right; also how to read one by default, and what to ask the model for.

    Attributes:
        kind: what answers are; strategies fit their prompts to it.
        answer_only: the sentence that asks for the bare answer, "" when the question says so itself.
        after_reasoning: the sentence that asks for reasoning first and a final answer that `read` can find.
    """

    @property
    def kind(self) -> Kind: ...

    @property
    def answer_only(self) -> str: ...

    @property
    def after_reasoning(self) -> str: ...

    def read(self, draft: Draft, item: "Item") -> Answer: ...

    def right(self, value: Any, item: "Item") -> bool:
        """Whether a read value is right. May raise: the item is then `failed`, with the reason."""
        ...


@dataclass(frozen=True)
class Item:
    """One question, the prompt that puts it, and the reader of what comes back.

    Attributes:
        question: the bare question as text, after the task's template; strategies build prompts from it.
        prompt: the messages as they will be sent.
        target: what the judge compares with.
        fields: the row it came from.
        choices: the options of this item, in order; with a judge that has as many labels, what these stand for.
        cloze: the bare text that each choice would continue, for strategies that compare continuations; "" where there is
            none. It ends without a space, and a continuation begins with one where it needs one.
        max_tokens: the length limit of one draft.
        runs_code: whether reading may take seconds, because it runs a program.
    """

    id: str
    question: str
    target: Any
    judge: Judge
    prompt: tuple[Message, ...]
    reader: Reader
    fields: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    cloze: str = ""
    exemplars: tuple[Exemplar, ...] = ()
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    runs_code: bool = False

    def read(self, draft: Draft) -> Answer:
        """The answer in a draft; a failed draft is a `failed` answer, an unreadable one that was cut is `truncated`."""
        if draft.finish == "failed":
            return Answer(status="failed", text=draft.text, detail=draft.error)
        answer = self.reader(draft, self)
        if answer.status == "unreadable" and draft.finish == "length":
            answer = replace(answer, status="truncated")
        return answer.of(draft)

    def ask(self, *messages: Message, **changes: Any) -> "Item":
        """The same item with other messages (and other fields, such as `reader` or `max_tokens`), which take the place of
        its `cloze` too."""
        return replace(self, prompt=tuple(messages), **{"cloze": "", **changes})


def make_item(
    id: str,
    question: str,
    target: Any,
    judge: Judge,
    *,
    system: str = "",
    **more: Any,
) -> Item:
    """An item as `direct` would put it: the question, then the sentence that asks for the bare answer."""
    text = f"{question}\n\n{judge.answer_only}" if judge.answer_only else question
    messages: tuple[Message, ...] = (Message("user", text),)
    if system:
        messages = (Message("system", system), *messages)
    return Item(id=id, question=question, target=target, judge=judge, prompt=messages, reader=judge.read, **more)


@dataclass(frozen=True)
class Judgement:
    """`outcome` of one answer; `score` is 1.0 when right, else 0.0."""

    outcome: Outcome
    detail: str = ""

    @property
    def score(self) -> float:
        return 1.0 if self.outcome == "right" else 0.0


def judge(item: Item, answer: Answer) -> Judgement:
    """Judge an answer; a judge that raises makes the item `failed` and says why."""
    if answer.status != "read":
        return Judgement(answer.status, answer.detail)
    try:
        right = item.judge.right(answer.value, item)
    except (Exception, SystemExit) as error:  # a user's judge may raise anything; the study goes on
        return Judgement("failed", f"the judge raised {type(error).__name__}: {error}")
    return Judgement("right" if right else "wrong", answer.detail)


@dataclass(frozen=True)
class Task:
    """Items in splits, and what is known of where they come from.

    Attributes:
        public: whether models may have been trained on it (the report then says so).
        digest: of the items' content, for lock files and reports.
        labels: the distinct targets when this is a classification, else (); floors take part only then.
        size: how many items could be drawn (a generator: None, as many as asked).
    """

    name: str
    test: Sequence[Item]
    train: Sequence[Item] = ()
    dev: Sequence[Item] = ()
    source: str = ""
    license: str = ""
    digest: str = ""
    public: bool = False
    labels: tuple[str, ...] = ()
    generated: bool = False
    note: str = ""


TaskMaker = Callable[..., Task]
