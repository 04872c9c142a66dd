"""Information capacity: how many bits of text a model's predictions save, over the logarithm of what a token costs it.

capacity = (8 x bytes a token - bits a token + bias) / log2(FLOPs a token), after Yuan et al. 2025 (arXiv:2511.08066): bytes
a token are the tokenizer's efficiency, bits a token what the model needs to code one. The publication chooses a negative
bias for each text set such that the sizes of a series come out alike (its code: -24, -18.7 and -27 bits); 0 is none.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gulliver.inference import Session, Store
from gulliver.inference.flops import forward_flops
from gulliver.laws.base import Array, LawError
from gulliver.models import load_model
from gulliver.models.base import Card, Model

LENGTH = 1024
"""FLOPs a token are the mean over a text of so many tokens, as published."""
_DRAWS = 2000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Window:
    """A piece of text: `scored` is predicted after `before`, which starts it and is not counted."""

    before: str
    scored: str

    @property
    def size(self) -> int:
        """Bytes counted, as UTF-8."""
        return len(self.scored.encode())


@dataclass(frozen=True)
class Scored:
    """What a model made of the windows: their bytes, tokens and bits, each (W,)."""

    name: str
    family: str
    parameters: int
    flops_per_token: float
    size: Array
    tokens: Array
    bits: Array
    seconds: float = 0.0

    @property
    def complexity(self) -> float:
        """log2 of FLOPs a token."""
        return math.log2(self.flops_per_token)

    def saved(self, rows: Array | None = None) -> Array:
        """Bits that a token saves, over all windows (shape ()) or over those of each draw `rows` (draws, W)."""
        size, tokens, bits = (v if rows is None else v[rows] for v in (self.size, self.tokens, self.bits))
        return np.asarray((8.0 * size.sum(-1) - bits.sum(-1)) / tokens.sum(-1))


@dataclass(frozen=True)
class Capacity:
    """A model's line, with 95 % limits from windows drawn anew.

    Attributes:
        bytes_per_token: the tokenizer's efficiency on this text; bits_per_byte: the model's, whatever the tokenizer.
        saved: bits saved a token.
    """

    name: str
    family: str
    parameters: int
    windows: int
    tokens: int
    bytes_per_token: float
    bits_per_byte: float
    saved: float
    flops_per_token: float
    capacity: float
    low: float
    high: float


@dataclass(frozen=True)
class Sibling:
    """What the capacity of `smaller` says of `larger`, of the same family, at a bias fixed before.

    Attributes:
        predicted, measured: bits per byte of the larger one.
        error: predicted over measured less one, with its limits (the same windows for both).
        unchanged: the error of saying that the larger one needs the bits of the smaller one.
        equal_bias: the bias at which the two capacities are equal; with two sizes there always is one.
        sizes: of this family in the table; a bias that was chosen by them tests nothing unless there are three.
    """

    smaller: str
    larger: str
    predicted: float
    measured: float
    error: float
    low: float
    high: float
    unchanged: float
    equal_bias: float
    sizes: int


def flops_per_token(card: Card, length: int = LENGTH) -> float:
    """Forward FLOPs a token, averaged over `length` tokens written one after another.

    Raises:
        LawError: the card does not say how large the model is.
    """
    flops = forward_flops(card, 1, length) / length
    if flops <= 0:
        raise LawError(
            f"{card.name} does not say its parameters, so its FLOPs a token are unknown; use a model that does."
        )
    return flops


def windows_of(text: str, count: int, characters: int) -> list[Window]:
    """`count` windows of `characters`, spread evenly over the text; each is scored from its second word on.

    Raises:
        LawError: the text is too short for two such windows.
    """
    room = len(text) - characters
    count = min(count, len(text) // characters)
    if count < 2:
        raise LawError(
            f"The text has {len(text)} characters, too few for two windows of {characters}; give a longer one."
        )
    out = []
    for k in range(count):
        piece = text[round(k * room / (count - 1)) :][:characters].lstrip()
        at = piece.find(" ", 1)
        if 0 < at < len(piece) - 1:
            out.append(Window(piece[:at], piece[at:]))
    if len(out) < 2:
        raise LawError("The text has fewer than two windows with a space in them; give running text.")
    return out


def score(models: Sequence[str], windows: Sequence[Window], progress: Progress | None = None) -> list[Scored]:
    """Each model's bits for the windows, one model after another; what was scored before comes from the store.

    Raises:
        ModelError: a model cannot be loaded.
        LawError: a model's engine cannot score, or its FLOPs are unknown.
    """

    async def all_of() -> list[Scored]:
        out = []
        async with Store() as store, Session(store) as session:
            for name in models:
                model = load_model(name)
                if progress is not None:
                    progress(f"{name}: {len(windows)} windows, {sum(w.size for w in windows)} bytes")
                out.append(await _one(session, model, windows))
                await session.keep_only()
        return out

    return asyncio.run(all_of())


async def _one(session: Session, model: Model, windows: Sequence[Window]) -> Scored:
    flops = flops_per_token(model.card)
    bound = session.bind(model)
    drafts = await asyncio.gather(*(bound.weigh(w.before, [w.scored]) for w in windows))
    bits, tokens = [], []
    for (draft,) in drafts:
        if draft.logprob is None or not draft.completion_tokens:
            raise LawError(f"{model.name} cannot score this text: {draft.error or 'its engine does not tell.'}")
        bits.append(-draft.logprob / math.log(2.0))
        tokens.append(draft.completion_tokens)
    return Scored(
        model.name, model.card.family, model.card.parameters, flops, np.array([float(w.size) for w in windows]),
        np.array(tokens, dtype=np.float64), np.array(bits), bound.meter.cost.seconds,
    )  # fmt: skip


def capacities(scored: Sequence[Scored], bias: float = 0.0, seed: int = 0) -> list[Capacity]:
    """Each model's capacity, with limits."""
    out = []
    for s in scored:
        drawn = (s.saved(_drawn(s, seed)) + bias) / s.complexity
        low, high = np.quantile(drawn, [0.025, 0.975])
        saved = float(s.saved())
        out.append(
            Capacity(
                s.name, s.family, s.parameters, len(s.size), int(s.tokens.sum()), float(s.size.sum() / s.tokens.sum()),
                float(s.bits.sum() / s.size.sum()), saved, s.flops_per_token, (saved + bias) / s.complexity,
                float(low), float(high),
            )
        )  # fmt: skip
    return out


def siblings(scored: Sequence[Scored], bias: float = 0.0, seed: int = 0) -> list[Sibling]:
    """Every pair of sizes of one family: the larger one's bits per byte, predicted from the smaller one's capacity.

    The prediction keeps the larger model's own tokenizer and FLOPs: it needs 8 - (capacity x log2 FLOPs - bias) x tokens
    a byte.
    """
    out = []
    families: dict[str, list[Scored]] = {}
    for s in sorted(scored, key=lambda s: s.parameters):
        families.setdefault(s.family, []).append(s)
    for members in families.values():
        for i, small in enumerate(members):
            for large in members[i + 1 :]:
                rows = _drawn(small, seed)
                predicted, measured = _predicted(small, large, bias), _bits(large)
                drawn = _predicted(small, large, bias, rows) / _bits(large, rows) - 1.0
                low, high = np.quantile(drawn, [0.025, 0.975])
                out.append(
                    Sibling(
                        small.name, large.name, float(predicted), float(measured), float(predicted / measured - 1.0),
                        float(low), float(high), float(_bits(small) / measured - 1.0), equal_bias(small, large), len(members),
                    )
                )  # fmt: skip
    return out


def equal_bias(first: Scored, second: Scored) -> float:
    """The bias at which both have one capacity; infinite when a token costs both the same."""
    a, b = first.complexity, second.complexity
    return math.inf if a == b else float((first.saved() * b - second.saved() * a) / (a - b))


def _bits(s: Scored, rows: Array | None = None) -> Array:
    bits, size = (v if rows is None else v[rows] for v in (s.bits, s.size))
    return np.asarray(bits.sum(-1) / size.sum(-1))


def _predicted(small: Scored, large: Scored, bias: float, rows: Array | None = None) -> Array:
    """Bits per byte of the larger model if its capacity is the smaller one's."""
    size, tokens = (v if rows is None else v[rows] for v in (large.size, large.tokens))
    saved = (small.saved(rows) + bias) * large.complexity / small.complexity - bias
    return np.asarray(8.0 - saved * tokens.sum(-1) / size.sum(-1))


def _drawn(s: Scored, seed: int) -> Array:
    """Windows drawn with replacement, the same for every model of a table, (draws, W)."""
    count = len(s.size)
    return np.asarray(np.random.default_rng([seed, 7]).integers(0, count, (_DRAWS, count)))
