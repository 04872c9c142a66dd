"""Every request ever answered, by content: nothing is paid for twice, nothing finished is lost.

SQLite in WAL mode with `synchronous=FULL` through SQLAlchemy (PostgreSQL by URL). Replies are committed at most 0.5 s or
256 replies apart, and no caller sees a reply before its commit.

With the switch that keeps no text, replies live in this process's memory only, and what is committed is each item's
judgement: hashes, an outcome, and what it cost.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.inference.keys import model_key, plain
from gulliver.inference.tables import answers, file_of, insert, judgements, open_database, peaks, short
from gulliver.models.base import Model, Reply, Request

INTERVAL = 0.5
BATCH = 256
LOOK = 1000
"""Keys of one read; SQLite takes some thousands, PostgreSQL more."""


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
            "request": _written(plain(request)),
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
