"""One sentence with given words, in given places, of a given length: what real sentences have, asked for again.

Conditions are read off a sentence of a packaged text, as Yao et al. 2023 (COLLIE, arXiv:2307.08689) do, so that each item can be
met and has a reference. The grammar of an item:

    item     := "Write one sentence." condition "Reply with the sentence alone."
    count    := one keyword, exactly n words
    keywords := two or three keywords, n - 2 to n + 2 words
    places   := exactly n words, two of them at places of their own, at least two apart and none of them the first

n is the length of the reference, and every word asked for is a word of it.
"""

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gulliver.errors import TaskError
from gulliver.tasks import gsm8k, hellaswag
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.constraints import Constraints, Keeps, asked, words_of

KINDS = ("places", "keywords", "count")
SHORTEST, LONGEST = 8, 14
"""Words of a reference."""
LETTERS = 4
"""A keyword has at least as many; shorter words say little."""
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "about after also another around back been before being both does down each from have having here into just more most "
        "much next onto other over same several shown side some such than that their them then there these they this those "
        "through very well were what when where which while will with would",
    )
)
_PLAIN = re.compile(r"[A-Z][a-z ,'-]+(?: [a-z]+)*\.", re.ASCII)


def make(*, kind: str = "mixed", items: int | None = None, seed: int = 0) -> Task:
    """60 items unless stated; of one `kind` (places, keywords, count), or of each in turn.

    Raises:
        TaskError: there is no such kind.
        ModelError: the package that holds the text cannot be fetched.
    """
    if kind not in ("mixed", *KINDS):
        raise TaskError(f"The task constrained_words has the kinds {', '.join(KINDS)} and mixed, not {kind!r}.")
    kinds = KINDS if kind == "mixed" else (kind,)
    sentences = list(references())
    random.Random(f"constrained words {seed}").shuffle(sentences)
    count = 60 if items is None else items
    made = [
        item_of(sentences[n % len(sentences)], kinds[(n + n // len(sentences)) % len(kinds)], f"{kind}-{seed}-{n}")
        for n in range(count)
    ]
    return Task(
        f"constrained_words(kind={kind})", made,
        source=f"sentences of HellaSwag's captions and GSM8K's questions in {gsm8k.PACKAGE} {gsm8k.VERSION}, drawn with seed {seed}",
        license="MIT",
        digest=hashlib.sha256(repr((sentences, kind, count, seed)).encode()).hexdigest(),
        generated=True,
        note=f"conditions read off {len(sentences)} sentences of {SHORTEST} to {LONGEST} words",
    )  # fmt: skip


@cache
def references() -> tuple[str, ...]:
    """The packaged texts' plain sentences, each once: HellaSwag's video captions with what truly follows, GSM8K's questions.

    Raises:
        ModelError: the package cannot be fetched.
    """
    captions = [_whole(item.fields) for item in hellaswag.make().test if "[" not in item.fields["ctx"]]
    stories = [item.question for item in gsm8k.make().test]
    return tuple(dict.fromkeys(sentence for text in (*captions, *stories) for sentence in sentences_of(text)))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text that are plain: letters, commas and a full stop, of the right length, with words to ask for."""
    found = re.split(r"(?<=[.!?]) +", text)
    return [s for s in found if _PLAIN.fullmatch(s) and SHORTEST <= len(words_of(s)) <= LONGEST and len(telling(s)) > 1]


def telling(sentence: str) -> list[str]:
    """The words of a sentence that say what it is about, in order, each once."""
    words = [word for word in words_of(sentence)[1:] if word.isalpha() and word.islower()]
    return list(dict.fromkeys(w for w in words if len(w) >= LETTERS and w not in _COMMON))


def fields_of(sentence: str, kind: str, rng: random.Random) -> dict[str, Any]:
    """Columns of conditions (see `tasks.constraints`) that the sentence meets."""
    words = words_of(sentence)
    n, about = len(words), telling(sentence)
    if kind == "count":
        return {"keywords": [rng.choice(about)], "words": n}
    if kind == "keywords":
        return {"keywords": sorted(rng.sample(about, min(3, len(about)))), "words": [n - 2, n + 2]}
    pairs = [(a, b) for a in range(2, n + 1) for b in range(a + 2, n + 1) if _letters(words[a - 1], words[b - 1])]
    return {"words": n, "positions": {str(place): words[place - 1].lower() for place in rng.choice(pairs)}}


def item_of(sentence: str, kind: str, name: str) -> Item:
    """The item that a sentence gives; the sentence stands in the row as `reference`."""
    fields = fields_of(sentence, kind, random.Random(f"{name} {sentence}"))
    question = f"Write one sentence. {asked(Constraints.of(fields))} Reply with the sentence alone."
    fields |= {"kind": kind, "reference": sentence}
    return make_item(name, question, None, Keeps(), fields=fields, max_tokens=40, stop=("\n",))


def _letters(*words: str) -> bool:
    return all(word.isalpha() for word in words)


def _whole(row: Mapping[str, Any]) -> str:
    ending: Sequence[str] = row["endings"]
    return f"{row['ctx']} {ending[row['expected_index']]}".strip()
