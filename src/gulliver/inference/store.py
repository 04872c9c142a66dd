"""Every request ever answered, by content: nothing is paid for twice, nothing finished is lost.

SQLite in WAL mode with `synchronous=FULL` through SQLAlchemy (PostgreSQL by URL). Replies are committed at most 0.5 s or
256 replies apart, and no caller sees a reply before its commit.

With the switch that keeps no text, replies live in this process's memory only, and what is committed is each item's
judgement: hashes, an outcome, and what it cost.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.inference.tables import answers, file_of, insert, judgements, open_database, peaks, short
from gulliver.models.base import PATIENCE, Generate, Model, Reply, Request, Sampling

INTERVAL = 0.5
BATCH = 256
VERSION = "1"
LOOK = 1000
"""Keys of one read; SQLite takes some thousands, PostgreSQL more."""
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_ASCII = json.JSONEncoder(sort_keys=True)


def request_key(model: Model, request: Request, draw: int, seed: int) -> str:
    """The content address of one answer: weights, engine and its settings, text, parameters, draw.

    A sampled draw also depends on the study's seed; a greedy one does not, so studies share it.
    """
    return request_keys(model, [request], [draw], seed)[0]


def request_keys(model: Model, requests: Sequence[Request], draws: Sequence[int], seed: int) -> list[str]:
    """The key of each request. One that stands there again, for its next draw, is written out once."""
    keys: list[str] = []
    before: Request | None = None
    rest, sampled = b"", False
    for request, draw in zip(requests, draws, strict=True):
        if request is not before:
            before, rest = request, _parts_of(model, request).encode("utf-8", "surrogatepass")
            sampled = isinstance(request, Generate) and request.sampling.temperature > 0
        told = f"[{seed}, {draw}]" if sampled else "[]"
        keys.append(hashlib.sha256(f'{{"draw": {told}, '.encode() + rest).hexdigest())
    return keys


def model_key(model: Model) -> str:
    """The content address of a model as run: weights, engine, settings."""
    return _told(model).key


def draw_seed(model: Model, request: Generate, draw: int, seed: int) -> int:
    """The engine seed of draw number `draw`: a hash, so that the first 16 of 64 draws are the 16 draws."""
    text = f"[{json.dumps(model.card.digest)}, {_texts(request)[1]}, {seed}, {draw}]"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def seeded(model: Model, request: Request, draw: int, seed: int) -> Request:
    """The request as an engine is asked: with the seed of its draw, where one is drawn."""
    if not isinstance(request, Generate) or request.sampling.temperature <= 0:
        return request
    return Generate(request.prompt, request.sampling, draw_seed(model, request, draw, seed))


def texts_are_kept() -> bool:
    """False when the environment says GULLIVER_KEEP_TEXT=0 (or false, no, off): no text reaches the disk then."""
    return os.environ.get("GULLIVER_KEEP_TEXT", "").strip().lower() not in ("0", "false", "no", "off")


class Store:
    """Answers by key. Use as an async context manager; reading is immediate, writing waits for its commit.

    `keep_text` says whether prompts and replies are written down; when not, judgements are.
    """

    def __init__(self, url: str | Path | None = None, keep_text: bool = True) -> None:
        """`url`: a file, a SQLAlchemy URL, or None for `store.sqlite` in `GULLIVER_HOME`.

        `keep_text` True still gives way to the environment (see `texts_are_kept`).

        Raises:
            GulliverError: the database cannot be opened or written.
            MissingExtra: it is in PostgreSQL and its driver is not installed.
        """
        self._engine = open_database(url)
        self.keep_text = keep_text and texts_are_kept()
        self._unkept: dict[str, Reply] = {}
        self._waiting: list[tuple[sql.Table, dict[str, Any], asyncio.Future[bool]]] = []
        self._looking: list[tuple[list[str], asyncio.Future[dict[str, Reply]]]] = []
        self._mark: IO[bytes] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    async def __aenter__(self) -> "Store":
        self._mark = _mark_in_use(file_of(self._engine))
        self._wake = asyncio.Event()
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._wake.set()
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        self._flush()
        self._engine.dispose()
        if self._mark is not None:
            self._mark.close()

    def get(self, keys: list[str]) -> dict[str, Reply]:
        """The replies that are there, by key."""
        found = {key: self._unkept[key] for key in keys if key in self._unkept}
        with self._engine.connect() as connection:
            for some in _parts([key for key in keys if key not in found]):
                # Written out, since SQLAlchemy takes as long to expand a list of keys as the database to find them.
                rows = connection.exec_driver_sql(self._chosen(len(some)), tuple(some)).all()
                replies = json.loads(f"[{','.join([reply for _, reply in rows])}]")
                found.update((key, _reply(data)) for (key, _), data in zip(rows, replies, strict=True))
        return found

    def _chosen(self, keys: int) -> str:
        mark = "?" if self._engine.dialect.paramstyle == "qmark" else "%s"
        return f"SELECT key, reply FROM answers WHERE key IN ({', '.join([mark] * keys)})"

    async def find(self, keys: list[str]) -> dict[str, Reply]:
        """As `get`, with all that is looked for at the same moment read together: a read costs more than a row."""
        if not keys:
            return {}
        loop = asyncio.get_running_loop()
        if not self._looking:
            loop.call_soon(self._look)
        found: asyncio.Future[dict[str, Reply]] = loop.create_future()
        self._looking.append((keys, found))
        return await found

    def _look(self) -> None:
        looking, self._looking = self._looking, []
        try:
            replies = self.get(list(dict.fromkeys(key for keys, _ in looking for key in keys)))
        except Exception as error:
            for _, found in looking:
                if not found.done():
                    found.set_exception(error)
            return
        for keys, found in looking:
            if not found.done():
                found.set_result({key: replies[key] for key in keys if key in replies})

    async def put(self, key: str, model: Model, request: Request, reply: Reply) -> Reply:
        """Keep one reply; returns the one that is kept, once it is committed (or, without texts, is in this process's memory).

        That is another one where another process answered the same request first.
        """
        if not self.keep_text:
            return self._unkept.setdefault(key, reply)
        row = {
            "key": key,
            "model": model.card.digest,
            "engine": f"{model.engine} {model.engine_version}",
            "request": _written(_plain(request)),
            "reply": json.dumps({name: value for name, value in vars(reply).items() if value is not None}),
            "created": time.time(),
        }
        fresh = await self._commit(answers, row)
        return reply if fresh else (await self.find([key])).get(key, reply)

    def judged(self, key: str) -> tuple[dict[str, Any], float] | None:
        """An item's judgement and when it was made (seconds of the epoch), or None."""
        with self._engine.connect() as connection:
            chosen = sql.select(judgements.c.judged, judgements.c.created).where(judgements.c.key == key)
            row = connection.execute(chosen).first()
        return None if row is None else (json.loads(row[0]), float(row[1]))

    async def put_judged(self, key: str, model: Model, judged: dict[str, Any]) -> None:
        """Keep one item's judgement, which must hold no text; returns once it is committed."""
        row = {"key": key, "model": model.card.digest, "judged": json.dumps(judged), "created": time.time()}
        await self._commit(judgements, row)

    def created(self, keys: Collection[str]) -> dict[str, float]:
        """When each kept answer was committed (seconds of the epoch)."""
        found: dict[str, float] = {}
        with self._engine.connect() as connection:
            for some in _parts(list(keys)):
                chosen = sql.select(answers.c.key, answers.c.created).where(answers.c.key.in_(some))
                found.update((key, float(when)) for key, when in connection.execute(chosen))
        return found

    def peak(self, model: Model, seen: int = 0) -> int:
        """The highest memory (bytes) ever seen of this model's process, after noting `seen`."""
        key = model_key(model)
        with self._engine.begin() as connection:
            if seen > 0:
                new = insert(self._engine, peaks).values(key=key, bytes=seen)
                highest = sql.case((new.excluded.bytes > peaks.c.bytes, new.excluded.bytes), else_=peaks.c.bytes)
                connection.execute(new.on_conflict_do_update(index_elements=["key"], set_={"bytes": highest}))
            known = connection.execute(sql.select(peaks.c.bytes).where(peaks.c.key == key)).scalar()
        return max(seen, known or 0)

    def count(self) -> int:
        """How many answers are kept."""
        with self._engine.connect() as connection:
            return int(connection.execute(sql.select(sql.func.count()).select_from(answers)).scalar_one())

    async def _commit(self, table: sql.Table, row: dict[str, Any]) -> bool:
        """Whether the row is surely new, once it is committed."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((table, row, done))
        if len(self._waiting) == 1 or len(self._waiting) >= BATCH:
            self._wake.set()
        return await done

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            # Others that finish in the same engine step join this commit; the wait is far below the promised interval.
            if len(self._waiting) < BATCH:
                await asyncio.sleep(min(INTERVAL, 0.02))
            self._flush()

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        new: set[tuple[str, str]] = set()
        try:
            with self._engine.begin() as connection:
                for table in {table.name: table for table, _, _ in batch}.values():
                    # Of equal keys the first stays; in one order, so that processes that write at once cannot wait in a circle.
                    rows = {row["key"]: row for of, row, _ in reversed(batch) if of is table}
                    # Another process may have been first with some: then its rows stay, and who wrote looks which.
                    statement = insert(self._engine, table).on_conflict_do_nothing()
                    sent = [rows[key] for key in sorted(rows)]
                    if connection.execute(statement, sent, execution_options=_COUNTED).rowcount == len(sent):
                        new |= {(table.name, key) for key in rows}
        except (sql.exc.SQLAlchemyError, ValueError) as error:
            failure = GulliverError(
                f"The store cannot be written ({short(error)}); free some disk space, then run the same command again."
            )
            for _, _, done in batch:
                if not done.done():
                    done.set_exception(failure)
            return
        for table, row, done in batch:
            mark = (table.name, row["key"])
            if not done.done():
                done.set_result(mark in new)
            new.discard(mark)


_COUNTED = {"preserve_rowcount": True}


def _parts(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + LOOK] for start in range(0, len(keys), LOOK))


def _mark_in_use(file: Path | None) -> IO[bytes] | None:
    """Held while a process may write, so that nobody rewrites the file under it; let go by the system if it is killed."""
    if file is None or sys.platform == "win32":
        return None
    import fcntl

    mark = file.with_name(f"{file.name}.lock").open("ab")
    try:
        fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        mark.close()
        raise GulliverError(
            f"The store {file} is being pruned by another process; run the same command again when that has ended."
        ) from None
    return mark


def _settings(model: Model) -> dict[str, Any]:
    return {key: value for key, value in sorted(model.options.items()) if key not in PATIENCE}


@dataclass(frozen=True)
class _Told:
    """A model as keys tell it: JSON of its engine, settings and weights, and its own key."""

    model: Model
    engine: str
    settings: str
    weights: str
    key: str


_known: dict[int, _Told] = {}


def _told(model: Model) -> _Told:
    """Remembered for the last models that were asked."""
    known = _known.get(id(model))
    if known is not None and known.model is model:
        return known
    settings = _settings(model)
    content = ([model.engine, model.engine_version], settings, model.card.digest)
    key = _digest([model.card.digest, model.engine, model.engine_version, settings])
    if len(_known) >= 64:
        _known.clear()
    engine, stated, weights = (_ENCODER.encode(part) for part in content)
    _known[id(model)] = _Told(model, engine, stated, weights, key)
    return _known[id(model)]


def _parts_of(model: Model, request: Request) -> str:
    """The rest of a key's JSON after its draw, keys in order, put together from texts that many requests share."""
    told = _told(model)
    return (
        f'"engine": {told.engine}, "kind": "{type(request).__name__}", "request": {_request_text(request)}, '
        f'"settings": {told.settings}, "version": "{VERSION}", "weights": {told.weights}}}'
    )


def _request_text(request: Request) -> str:
    if isinstance(request, Generate):
        return _texts(request)[0]
    return _ENCODER.encode(_plain(request))


_last: list[tuple[str, Sampling, str, str]] = []


def _texts(request: Generate) -> tuple[str, str]:
    """The JSON of a prompt and its parameters, as keys and as seeds are made of it; the draws of one prompt share it.

    Compared as objects, since numbers that are equal (1 and 1.0) are not written alike.
    """
    if not _last or _last[0][0] is not request.prompt or _last[0][1] is not request.sampling:
        prompt, sampling = request.prompt, request.sampling
        plain, ascii_ = _sampling_texts(**vars(sampling))
        texts = (
            f'{{"prompt": {encode_basestring(prompt)}, "sampling": {plain}}}',
            f'{{"prompt": {encode_basestring_ascii(prompt)}, "sampling": {ascii_}}}',
        )
        _last[:] = [(prompt, sampling, *texts)]
    return _last[0][2:]


@lru_cache(64, typed=True)
def _sampling_texts(**sampling: Any) -> tuple[str, str]:
    stated = _stated(sampling)
    return _ENCODER.encode(stated), _ASCII.encode(stated)


def _plain(request: Request) -> dict[str, Any]:
    if isinstance(request, Generate):  # the seed follows from the rest and the draw
        return {"prompt": request.prompt, "sampling": _stated(vars(request.sampling))}
    return dict(vars(request))


def _stated(sampling: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without a guide that there is not: keys are as they were before there were guides."""
    return {name: value for name, value in sampling.items() if name != "guide" or value}


def _written(data: dict[str, Any]) -> str:
    """JSON as a database can hold it: half a surrogate pair, which is no text, stays escaped."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


_DEFAULTS = vars(Reply())


def _reply(data: dict[str, Any]) -> Reply:
    if data.get("vector") is not None:
        data["vector"] = tuple(data["vector"])
    reply = object.__new__(Reply)  # a frozen dataclass sets its fields one by one, which is most of reading one back
    reply.__dict__.update(_DEFAULTS, **data)
    return reply


def _digest(content: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(content).encode("utf-8", "surrogatepass")).hexdigest()
