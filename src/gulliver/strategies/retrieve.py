"""Put passages found in a folder or file before the question."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from gulliver.errors import TaskError
from gulliver.models.base import Message
from gulliver.strategies.base import strategy
from gulliver.tasks.base import Item

if TYPE_CHECKING:
    from gulliver.retrieval import Index, Passage

_HEAD = "Use these passages to answer."


@strategy("retrieve")
@dataclass(frozen=True)
class Retrieve:
    """The `k` passages of `source` (a folder or file) that fit the question best, put before it (retrieval-augmented
    generation, Lewis et al. 2020, arXiv:2005.11401); other asking parts may follow.

    `by`: `bm25`, `dense` or `hybrid`; `via`: `passages`, or `summaries` to take passages only from the documents whose summaries
    fit. `size` and `overlap` in words; `encoder`: a rung, a sentence-transformers folder, or `corpus`, learned from
    the passages; with `adapt` it is fitted to them. The search is for the question, or for the row's column `query`. Its cost is not in the ledger.
    """

    k: int = 3
    source: str = ""
    by: str = "hybrid"
    via: str = "passages"
    size: int = 120
    overlap: int = 20
    encoder: str = "minilm-22m"
    adapt: bool = False
    query: str = ""
    tokens: ClassVar[int] = 32
    role: ClassVar[str] = "asking"

    def __post_init__(self) -> None:
        if self.k < 1 or self.size < 1 or not 0 <= self.overlap < self.size:
            raise ValueError("k and size must be at least 1, and overlap at least 0 and below size")
        if self.by not in ("bm25", "dense", "hybrid") or self.via not in ("passages", "summaries"):
            raise ValueError('by must be "bm25", "dense" or "hybrid", and via "passages" or "summaries"')

    def find(self, item: Item) -> "list[Passage]":
        """The passages for an item, the best first.

        Raises:
            TaskError: no source is given, or the row lacks the column to search for.
            RetrievalError: the source cannot be read.
        """
        if not self.source:
            raise TaskError('retrieve needs something to search; write retrieve(source="FOLDER").')
        wanted = item.fields.get(self.query) if self.query else item.question
        if not wanted:
            raise TaskError(f"retrieve searches for the column {self.query!r}, which item {item.id} lacks.")
        return [passage for passage, _ in self._index().search(str(wanted), self.k, self.by, self.via)]

    @property
    def material(self) -> str:
        """What is searched, told by content; "" where nothing is named."""
        return self._index().place.name if self.source else ""

    def _index(self) -> "Index":
        from gulliver.retrieval import Making, open_index

        return open_index(self.source, Making(self.size, self.overlap, self.encoder, self.adapt))

    def ask(self, item: Item) -> Item:
        """The item with the passages before its question, in its prompt and in its bare text."""
        found = self.find(item)
        return with_passages(item, [passage.shown for passage in found]) if found else item


def with_passages(item: Item, passages: list[str]) -> Item:
    """An item whose question, last message and bare text have numbered passages before them."""
    listed = "\n\n".join(f"[{number}] {text}" for number, text in enumerate(passages, 1))
    before = f"{_HEAD}\n\n{listed}\n\n"
    *earlier, last = item.prompt
    return replace(
        item,
        question=before + item.question,
        prompt=(*earlier, Message(last.role, before + last.content)),
        cloze=f"{listed}\n\n{item.cloze}" if item.cloze else "",
    )
