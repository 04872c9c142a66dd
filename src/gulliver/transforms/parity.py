"""Whether a changed model is still the model it should be: token ids of rendered prompts first, then what it expects.

A learning transform may leave `reference.npz` in its folder: what the model that was trained, adapter not merged, expects on
a few texts. The file that came out is held against it, which tells a wrong merge from a strong tuning. Its arrays, for N
texts of T tokens in all and the K likeliest next tokens (64 do):

    texts     (N,)    str      the texts exactly as they were tokenised
    ids       (T,)    int32    their tokens, one text after the other
    starts    (N+1,)  int32    where each text begins, and T
    top       (T, K)  int32    after each token, the trained model's likeliest next tokens
    logprobs  (T, K)  float32  their log-probabilities, nats, from 32-bit logits

`write_reference` writes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gulliver.errors import ModelError
from gulliver.models.base import Card, Message, Model
from gulliver.models.chat import render
from gulliver.models.files import writing
from gulliver.training.base import Example
from gulliver.transforms.neutral import CONVERSATIONS, TEXTS
from gulliver.transforms.reading import Reading, Wanted, divergence, read

Verdict = Literal["same", "close", "changed", "broken", "unchecked"]

VERSION = 1
"""Raised when the same models get another verdict; a check on record from before is then run again."""
PROBES = 6
"""Probes that are read; of each at most the last `PROBE_CHARACTERS`."""
PROBE_CHARACTERS = 1200
SAME, CLOSE = 0.001, 0.1
"""KL on neutral texts, nats a token: below the first nothing changed that matters, below the second little did."""
LOST = 1.0
"""Nats a token by which neutral texts may become less likely before the change is called broken."""
UNLEARNED = 0.1
"""Nats a token by which the expected completions may become less likely in tuning on others like them."""
UNMERGED, NUMERICS, APART = 0.2, 0.002, 0.03
"""A merge is wrong when the file is further from the trained model than this part of the way that training went (beside what
number formats do), or than `APART`, nats a token."""


@dataclass(frozen=True)
class Parity:
    """What the check found; numbers are per token, over texts that no task is about unless they say otherwise.

    Attributes:
        sentence: what there is to say, for a report or an alarm.
        difference: where the first differing token is, "" when all are equal.
        kl: KL(parent || child), nats. top1: share of tokens after which both expect the same one most.
        nats_before, nats_after: what a token of these texts costs the parent and the child.
        task_before, task_after: the same for the completions of the probes; None without any.
        reference: KL(trained model || file); learned: KL(trained model || parent), both on the reference's texts.
    """

    verdict: Verdict
    sentence: str
    ids_equal: bool = True
    difference: str = ""
    kl: float = 0.0
    top1: float = 1.0
    tokens: int = 0
    nats_before: float = 0.0
    nats_after: float = 0.0
    task_before: float | None = None
    task_after: float | None = None
    reference: float | None = None
    learned: float | None = None

    @property
    def alarming(self) -> bool:
        """Whether this looks like a mistake rather than a change."""
        return self.verdict in ("broken", "unchecked")


def check(
    parent: Model, child: Model, probes: Sequence[Example] = (), learned: bool = False, reference: Path | None = None
) -> Parity:
    """Hold a changed model against what it was made from.

    Args:
        probes: prompts rendered for the parent, with the completions that are expected, when known.
        learned: whether examples were learned, so that the model may differ where they are alike.
        reference: the trainer's file, if it left one.

    Raises:
        ModelError: one of the two cannot be loaded.
    """
    probes = probes[:PROBES]
    whole = tuple(probe.prompt + probe.completion for probe in probes)
    prompts = tuple(probe.prompt[-PROBE_CHARACTERS:] for probe in probes if probe.completion)
    tasks = tuple(
        probe.prompt[-PROBE_CHARACTERS:] + probe.completion[:PROBE_CHARACTERS] for probe in probes if probe.completion
    )
    trained = _load_reference(reference) if reference is not None and reference.is_file() else None
    conversations = _rendered(parent.card)
    before = read(
        parent,
        Wanted((*TEXTS, *(text for text in conversations if text is not None))),
        Wanted((*(text or "" for text in conversations), *whole), only_ids=True),
        *([Wanted(tasks), Wanted(prompts, only_ids=True)] if tasks else []),
        *([Wanted(ids=_ids(trained[1]), about=trained[1])] if trained else []),
    )
    texts = (*(text or "" for text in _rendered(child.card)), *whole)
    after = read(
        child,
        Wanted(ids=_ids(before[0]), about=before[0]),
        Wanted(texts, only_ids=True),
        *([Wanted(ids=_ids(before[2]), about=before[2])] if tasks else []),
        *([Wanted(ids=_ids(trained[1]), about=trained[1]), Wanted(trained[0], only_ids=True)] if trained else []),
    )
    found = Parity(
        "same",
        "",
        kl=float(divergence(before[0], after[0]).mean()),
        top1=float((before[0].best == after[0].best).mean()),
        tokens=len(before[0].ids),
        nats_before=-float(np.nanmean(before[0].said)),
        nats_after=-float(np.nanmean(after[0].said)),
        difference=_first_difference(before[1].texts(), after[1].texts()) or _doubled(texts, after[1].texts()),
    )
    if tasks:
        where = _completions(before[2], before[3])
        found = replace(
            found, task_before=-float(before[2].said[where].mean()), task_after=-float(after[2].said[where].mean())
        )
    if trained:
        found = replace(
            found,
            learned=float(divergence(trained[1], before[-1]).mean()),
            reference=float(divergence(trained[1], after[-2]).mean()),
            difference=found.difference or _first_difference(trained[1].texts(), after[-1].texts(), "The trainer"),
        )
    return judge(found, learned)


def judge(found: Parity, learned: bool) -> Parity:
    """The verdict that numbers deserve, and its sentence."""
    found = replace(found, ids_equal=not found.difference)
    numbers = f"KL {found.kl:.2g} nats a token, {found.top1:.1%} of next tokens agree on {found.tokens} tokens of neutral text, which cost {found.nats_before:.2f} nats a token before and {found.nats_after:.2f} after"

    def told(verdict: Verdict, sentence: str) -> Parity:
        return replace(found, verdict=verdict, sentence=sentence)

    if found.difference:
        return told("broken", f"{found.difference} Mend the template or tokenizer before trusting any answer.")
    if not np.isfinite([found.kl, found.nats_after]).all():
        return told("broken", "The changed model gives numbers that are none: its weights are damaged.")
    if None not in (found.reference, found.learned) and _unmerged(found):
        return told(
            "broken",
            f"The file is not the model that was trained: KL {found.reference:.2g} nats a token between them, where training went {found.learned:.2g} from the parent; the merge is wrong.",
        )
    rise = found.nats_after - found.nats_before
    if rise > LOST:
        return told(
            "broken",
            f"Neutral text became {rise:.2f} nats a token less likely: {numbers}.",
        )
    if learned and found.task_before is not None and found.task_after is not None:
        if found.task_after - found.task_before > UNLEARNED:
            return told(
                "broken",
                f"What was to be learned became less likely ({found.task_before:.2f} to {found.task_after:.2f} nats a token); the merge is wrong or the training diverged.",
            )
        numbers += f"; what was to be learned went from {found.task_before:.2f} to {found.task_after:.2f} nats a token"
    if found.kl < SAME:
        return told("same", f"Same model: {numbers}.")
    if found.kl < CLOSE:
        return told("close", f"Close to its parent: {numbers}.")
    return told("changed", f"Changed: {numbers}.")


def _unmerged(found: Parity) -> bool:
    return (found.reference or 0.0) > min(NUMERICS + UNMERGED * (found.learned or 0.0), APART)


def write_reference(
    path: Path, texts: Sequence[str], ids: Sequence[Sequence[int]], logprobs: Any, keep: int = 64
) -> None:
    """Write a trainer's `reference.npz`.

    Args:
        logprobs: for each text an array (tokens, vocabulary) of log-probabilities of the next token, 32-bit.

    Raises:
        ModelError: the disk is full.
    """
    top = [np.argsort(-np.asarray(each), axis=-1)[:, :keep].astype(np.int32) for each in logprobs]
    kept = [np.take_along_axis(np.asarray(each), best, -1) for each, best in zip(logprobs, top, strict=True)]
    with writing(path) as part, part.open("wb") as stream:
        np.savez(
            stream,
            texts=np.array(list(texts), dtype=np.str_),
            ids=np.array([i for each in ids for i in each], np.int32),
            starts=np.cumsum([0, *(len(each) for each in ids)]).astype(np.int32),
            top=np.concatenate(top),
            logprobs=np.concatenate(kept).astype(np.float32),
        )


def check_logits(model: Model, reference: Path) -> float:
    """KL(trained model || model), nats a token, on the texts of a trainer's `reference.npz`.

    Raises:
        ModelError: the file is damaged, or the model cannot be loaded.
    """
    _, trained = _load_reference(reference)
    return float(divergence(trained, read(model, Wanted(ids=_ids(trained), about=trained))[0]).mean())


def _load_reference(path: Path) -> tuple[tuple[str, ...], Reading]:
    try:
        with np.load(path) as data:
            ids, starts, top, logprobs = (data[name] for name in ("ids", "starts", "top", "logprobs"))
            texts = tuple(str(text) for text in data["texts"])
    except Exception as error:  # numpy raises whatever a damaged archive leads it to
        raise ModelError(
            f"{path} is no reference of a training ({error}); remove its folder and train again."
        ) from None
    return texts, Reading(ids, starts, top, logprobs, top[:, 0], np.full(len(ids), np.nan, np.float32))


def _ids(reading: Reading) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(each) for each in reading.texts())


def _rendered(card: Card) -> list[str | None]:
    """The conversations as this model reads them; None where its template refuses one."""

    def one(conversation: Sequence[Message]) -> str | None:
        try:
            return render(card, conversation)
        except ModelError:
            return None

    return [one(conversation) for conversation in CONVERSATIONS]


def _first_difference(before: list[list[int]], after: list[list[int]], who: str = "The parent") -> str:
    for number, (one, other) in enumerate(zip(before, after, strict=True), 1):
        if one != other:
            place = next(
                (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
            )
            return (
                f"{who} and the changed model read prompt {number} differently from token {place + 1} on "
                f"({one[place : place + 4]} became {other[place : place + 4]}, {len(one)} tokens became {len(other)})."
            )
    return ""


def _doubled(texts: Sequence[str], read_as: list[list[int]]) -> str:
    """The parent may have the same fault, so this is looked for and not compared."""
    for number, (text, ids) in enumerate(zip(texts, read_as, strict=True), 1):
        if text.startswith("<") and len(ids) > 1 and ids[0] == ids[1]:
            return f"Prompt {number} begins with token {ids[0]} twice: a begin token was added to one that was there."
    return ""


def _completions(whole: Reading, prompts: Reading) -> Any:
    """Places in `whole.said` that hold the log-probability of a completion's token."""
    places: list[int] = []
    for text, prompt, start in zip(whole.texts(), prompts.texts(), whole.starts.tolist(), strict=False):
        shared = next(
            (i for i, (a, b) in enumerate(zip(text, prompt, strict=False)) if a != b), min(len(text), len(prompt))
        )
        places += range(start + max(shared, 1) - 1, start + len(text) - 1)
    return np.array(places, np.int64)
