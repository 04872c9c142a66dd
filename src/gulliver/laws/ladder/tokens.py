"""Text as tokens: a byte-level BPE of any vocabulary, trained on the training part only, and windows of its ids."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gulliver.laws.base import LawError
from gulliver.laws.ladder.texts import Text
from gulliver.models.files import only_one, writing

BEGIN, MASK = 0, 1  # ids of the two special tokens, in every vocabulary
SPECIAL = ("<|begin|>", "<|mask|>")
LEAST = 256 + len(SPECIAL)

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """A text in one vocabulary.

    Attributes:
        train, held_out: ids, in the order of the text.
        sizes: bytes of each id, (vocabulary,).
        digest: of the ids.
    """

    train: Ids
    held_out: Ids
    sizes: Ids
    digest: str
    tokenizer: Any

    def windows(self, context: int, held_out: bool = False) -> Ids:
        """Windows of `context` tokens that don't overlap, (W, context).

        Raises:
            LawError: the text is too short for one.
        """
        ids = self.held_out if held_out else self.train
        count = len(ids) // context
        if count < 1:
            part = "held-out part" if held_out else "training part"
            raise LawError(
                f"The text's {part} has {len(ids)} tokens, fewer than one window of {context}; give more text."
            )
        return ids[: count * context].reshape(count, context)


def tokenise(text: Text, vocabulary: int, folder: Path) -> Tokens:
    """The text's ids, with a tokenizer of `vocabulary` ids trained on its training part and kept in `folder`.

    Raises:
        LawError: the vocabulary is smaller than the bytes and special tokens, or larger than the text has pairs for.
    """
    from tokenizers import Tokenizer

    if vocabulary < LEAST:
        raise LawError(f"A byte-level vocabulary has at least {LEAST} ids, not {vocabulary}.")
    mark = hashlib.sha256(text.train.encode()).hexdigest()[:12]
    path = folder / f"tokenizer-{vocabulary}-{mark}.json"
    with only_one(path):
        if not path.is_file():
            made = _train(text.train, vocabulary)
            with writing(path) as aside:
                aside.write_text(made.to_str(), encoding="utf-8")
        tokenizer = Tokenizer.from_file(str(path))
    if tokenizer.get_vocab_size() != vocabulary:
        raise LawError(
            f"The text has only {tokenizer.get_vocab_size()} different pieces, too few for a vocabulary of {vocabulary}."
        )
    train, held_out = (_encode(tokenizer, part) for part in (text.train, text.held_out))
    sizes = np.zeros(vocabulary, dtype=np.int64)
    for piece, index in tokenizer.get_vocab().items():
        sizes[index] = 0 if piece in SPECIAL else len(piece)  # one character stands for one byte
    digest = f"sha-{hashlib.sha256(train.tobytes() + held_out.tobytes()).hexdigest()[:12]}"
    return Tokens(train, held_out, sizes, digest, tokenizer)


def _train(text: str, vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def _encode(tokenizer: Any, text: str) -> Ids:
    lines = text.splitlines(keepends=True)
    groups = ["".join(lines[start : start + 200]) for start in range(0, len(lines), 200)]
    found = tokenizer.encode_batch(groups, add_special_tokens=False)
    return np.concatenate([np.array(part.ids, dtype=np.int64) for part in found] or [np.zeros(0, np.int64)])
