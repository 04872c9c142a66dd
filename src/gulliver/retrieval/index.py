"""An index over a source, kept by content: the same texts cut the same way are read, cut and embedded once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gulliver.home import folder
from gulliver.models.files import Progress, only_one, silent, state_of, writing
from gulliver.retrieval.adapter import train_adapter, turned
from gulliver.retrieval.chunking import chunks
from gulliver.retrieval.corpus_encoder import NAME, CorpusEncoder
from gulliver.retrieval.documents import Document, RetrievalError, read_documents, source_files
from gulliver.retrieval.encoders import TextEncoder, encoder_digest, find_encoder
from gulliver.retrieval.fusion import fuse
from gulliver.retrieval.lexical import Lexical
from gulliver.retrieval.summaries import summaries

Array = npt.NDArray[np.float32]
WAYS = ("bm25", "dense", "hybrid")
DEEP = 100
"""Passages of each ranking that are joined."""
BLOCK = 256
"""Passages embedded before they are written, so that an interrupted index goes on where it was."""
_VERSION = 1


@dataclass(frozen=True)
class Passage:
    """A piece of a document; `number` is its place in the index."""

    number: int
    document: str
    title: str
    text: str

    @property
    def shown(self) -> str:
        """The text under its title, as it is searched and as a model reads it."""
        return f"{self.title}: {self.text}" if self.title else self.text


@dataclass(frozen=True)
class Making:
    """How an index is made: passages of at most `size` words sharing `overlap`; the encoder (a rung, a folder, or `corpus`,
    learned from the passages), and whether it is fitted to them."""

    size: int = 120
    overlap: int = 20
    encoder: str = "minilm-22m"
    adapt: bool = False

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.overlap < self.size:
            raise ValueError("size must be at least 1, and overlap at least 0 and below size")


@dataclass
class Index:
    """Passages that can be searched; what a search needs is made, or read, when it is first needed."""

    passages: tuple[Passage, ...]
    making: Making
    place: Path
    progress: Progress = silent
    _queries: dict[str, Array] = field(default_factory=dict, repr=False)

    def search(self, query: str, k: int = 3, by: str = "hybrid", via: str = "passages") -> list[tuple[Passage, float]]:
        """The `k` best passages with their scores, the best first; fewer when fewer have anything to do with the query.

        Args:
            by: `bm25`, `dense` (cosine), or `hybrid` (both, by reciprocal rank fusion).
            via: `passages`, or `summaries`: only those in the `k` documents whose summaries fit best.

        Raises:
            RetrievalError: there is no such way to search.
            GulliverError: the encoder or a package is missing.
        """
        if by not in WAYS or via not in ("passages", "summaries"):
            raise RetrievalError(
                f"A search goes by {', '.join(WAYS)} and via passages or summaries, not {by!r}, {via!r}."
            )
        if via == "passages":
            return [(self.passages[i], score) for i, score in self.ranking(query, by)[:k]]
        best = {self._summarised.passages[i].document for i, _ in self._summarised.ranking(query, by)[:k]}
        ranked = self.ranking(query, by, deep=len(self.passages))
        return [(self.passages[i], score) for i, score in ranked if self.passages[i].document in best][:k]

    def ranking(self, query: str, by: str, deep: int = DEEP) -> list[tuple[int, float]]:
        """Numbers of passages with their scores, the best first, at most `deep`."""
        rankings = []
        if by in ("bm25", "hybrid"):
            rankings.append(_best(self.lexical.scores(query), deep, above=0.0))
        if by in ("dense", "hybrid"):
            rankings.append(_best(self.vectors @ self._vector(query), deep))
        return rankings[0] if len(rankings) == 1 else fuse([[i for i, _ in ranking] for ranking in rankings])[:deep]

    def warm(self, queries: Sequence[str]) -> None:
        """Embed these queries together, which is faster than one by one."""
        missing = [query for query in dict.fromkeys(queries) if query not in self._queries]
        if missing:
            vectors = self._embedder().embed(missing)
            self._queries |= zip(missing, turned(vectors, self._adapter), strict=True)

    @cached_property
    def lexical(self) -> Lexical:
        """The index by words."""
        place = self.place / "bm25"
        with only_one(place):
            if not place.is_dir():
                self.progress("indexing words", 0, len(self.passages))
                made = Lexical.build([passage.shown for passage in self.passages])
                _whole(place, made.save)
                self.progress("indexing words", len(self.passages), len(self.passages))
        return Lexical.load(place)

    @cached_property
    def vectors(self) -> Array:
        """One unit vector a passage, shape (passages, dimensions)."""
        return turned(self._plain, self._adapter)

    @cached_property
    def _plain(self) -> Array:
        texts = [passage.shown for passage in self.passages]
        return self._embedded(f"vectors-{self._encoder[:16]}", texts)

    @cached_property
    def _adapter(self) -> Array | None:
        if not self.making.adapt:
            return None
        path = self.place / f"adapter-{self._encoder[:16]}.npy"
        with only_one(path):
            if not path.is_file():
                made = train_adapter(
                    [passage.text for passage in self.passages],
                    lambda part, texts: self._embedded(f"adapter-{part}-{self._encoder[:16]}", texts),
                    self.progress,
                )
                _save(path, made)
        return _load(path)

    @cached_property
    def _encoder(self) -> str:
        return NAME if self.making.encoder == NAME else encoder_digest(self.making.encoder, self.progress)

    @cached_property
    def _learned(self) -> CorpusEncoder:
        return CorpusEncoder([passage.shown for passage in self.passages])

    def _embedder(self) -> TextEncoder:
        return self._learned if self.making.encoder == NAME else find_encoder(self.making.encoder, self.progress)

    @cached_property
    def _summarised(self) -> "Index":
        """An index whose passages are the documents' summaries."""
        texts: dict[str, list[str]] = {}
        titles = {passage.document: passage.title for passage in self.passages}
        for passage in self.passages:
            texts.setdefault(passage.document, []).append(passage.text)
        made = summaries(["\n".join(pieces) for pieces in texts.values()])
        passages = tuple(
            Passage(i, name, titles[name], text) for i, (name, text) in enumerate(zip(texts, made, strict=True))
        )
        return Index(passages, self.making, self.place / "summaries", self.progress)

    def _vector(self, query: str) -> Array:
        self.warm([query])
        return self._queries[query]

    def _embedded(self, name: str, texts: Sequence[str]) -> Array:
        """Vectors of these texts, kept as `name`; made in blocks, each written when it is done."""
        whole = self.place / f"{name}.npy"
        with only_one(whole):
            if whole.is_file():
                return _load(whole)
            blocks = []
            for begin in range(0, len(texts), BLOCK):
                block = self.place / f"{name}-{begin}.npy"
                if not block.is_file():
                    self.progress("embedding passages", begin, len(texts))
                    _save(block, self._embedder().embed(texts[begin : begin + BLOCK]))
                blocks.append(block)
            _save(whole, np.concatenate([_load(block) for block in blocks]))
            for block in blocks:
                block.unlink()
            self.progress("embedding passages", len(texts), len(texts))
            return _load(whole)


def open_index(source: str | Path, making: Making | None = None, progress: Progress | None = None) -> Index:
    """The index of a source; in one process it stays open until a file of the source changes.

    Raises:
        RetrievalError: the source cannot be read or holds no text.
    """
    path, how = Path(source).expanduser().absolute(), making or Making()
    state = json.dumps(state_of(source_files(path)))
    kept = _OPEN.get((path, how))
    if kept is None or kept[0] != state:
        kept = _OPEN[path, how] = (state, make_index(read_documents(path), how, progress))
    return kept[1]


_OPEN: dict[tuple[Path, Making], tuple[str, Index]] = {}


def make_index(documents: Sequence[Document], making: Making | None = None, progress: Progress | None = None) -> Index:
    """The index of these documents, in `GULLIVER_HOME/indexes`, by a digest of their texts and of how they are cut."""
    how = making or Making()
    passages = tuple(
        Passage(number, document.name, document.title, text)
        for number, (document, text) in enumerate(
            (document, text) for document in documents for text in chunks(document.text, how.size, how.overlap)
        )
    )
    digest = hashlib.sha256(f"{_VERSION}\n".encode())
    for passage in passages:
        digest.update(json.dumps([passage.document, passage.shown]).encode())
    place = folder("indexes") / digest.hexdigest()[:32]
    manifest = place / "manifest.json"
    if not manifest.is_file():
        data = {"passages": len(passages), "documents": len(documents), "making": asdict(how)}
        with writing(manifest) as aside:
            aside.write_text(json.dumps(data), encoding="utf-8")
    return Index(passages, how, place, progress or silent)


def _best(scores: Array, deep: int, above: float | None = None) -> list[tuple[int, float]]:
    order = np.argsort(-scores, kind="stable")[:deep]
    return [(int(i), float(scores[i])) for i in order if above is None or scores[i] > above]


def _save(path: Path, array: Array) -> None:
    with writing(path) as aside, aside.open("wb") as stream:
        np.save(stream, array)


def _load(path: Path) -> Array:
    return np.asarray(np.load(path), np.float32)


def _whole(place: Path, write: Callable[[Path], None]) -> None:
    """A folder that appears whole or not at all."""
    with writing(place) as aside:
        aside.mkdir()
        write(aside)
