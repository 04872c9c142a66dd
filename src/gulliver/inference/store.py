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
import time
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.home import home
from gulliver.models.base import PATIENCE, Generate, Model, Reply, Request

INTERVAL = 0.5
BATCH = 256
VERSION = "1"

_meta = sql.MetaData()
_answers = sql.Table(
    "answers",
    _meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("model", sql.String(64), index=True, nullable=False),
    sql.Column("engine", sql.Text, nullable=False),
    sql.Column("request", sql.Text, nullable=False),
    sql.Column("reply", sql.Text, nullable=False),
    sql.Column("created", sql.Float, nullable=False),
)
_judged = sql.Table(
    "judgements",
    _meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("model", sql.String(64), index=True, nullable=False),
    sql.Column("judged", sql.Text, nullable=False),
    sql.Column("created", sql.Float, nullable=False),
)
_peaks = sql.Table(
    "peaks",
    _meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("bytes", sql.BigInteger, nullable=False),
)


def request_key(model: Model, request: Request, draw: int, seed: int) -> str:
    """The content address of one answer: weights, engine and its settings, text, parameters, draw.

    A sampled draw also depends on the study's seed; a greedy one does not, so studies share it.
    """
    sampled = isinstance(request, Generate) and request.sampling.temperature > 0
    content = {
        "version": VERSION,
        "weights": model.card.digest,
        "engine": [model.engine, model.engine_version],
        "settings": _settings(model),
        "kind": type(request).__name__,
        "request": _plain(request),
        "draw": [seed, draw] if sampled else [],
    }
    return _digest(content)


def model_key(model: Model) -> str:
    """The content address of a model as run: weights, engine, settings."""
    return _digest([model.card.digest, model.engine, model.engine_version, _settings(model)])


def draw_seed(model: Model, request: Generate, draw: int, seed: int) -> int:
    """The engine seed of draw number `draw`: a hash, so that the first 16 of 64 draws are the 16 draws."""
    text = json.dumps([model.card.digest, _plain(request), seed, draw], sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


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
        """
        if url is None:
            url = home() / "store.sqlite"
        if isinstance(url, Path):
            try:
                url.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise GulliverError(
                    f"The folder {url.parent} cannot be made ({error.strerror}); give another."
                ) from None
            url = f"sqlite:///{url}"
        self._engine = sql.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sql.event.listen(self._engine, "connect", _careful)
        try:
            _meta.create_all(self._engine)
        except sql.exc.SQLAlchemyError as error:
            shown = sql.make_url(url).render_as_string(hide_password=True)
            self._engine.dispose()
            mend = "free some disk space" if "is full" in str(error) else "check the path or move it away"
            raise GulliverError(f"The store {shown} cannot be opened ({_short(error)}); {mend}.") from None
        self.keep_text = keep_text and texts_are_kept()
        self._unkept: dict[str, Reply] = {}
        self._waiting: list[tuple[sql.Table, dict[str, Any], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    async def __aenter__(self) -> "Store":
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

    def get(self, keys: list[str]) -> dict[str, Reply]:
        """The replies that are there, by key."""
        found = {key: self._unkept[key] for key in keys if key in self._unkept}
        keys = [key for key in keys if key not in found]
        with self._engine.connect() as connection:
            for start in range(0, len(keys), 500):
                chosen = sql.select(_answers.c.key, _answers.c.reply).where(
                    _answers.c.key.in_(keys[start : start + 500])
                )
                for key, reply in connection.execute(chosen):
                    found[key] = _reply(json.loads(reply))
        return found

    async def put(self, key: str, model: Model, request: Request, reply: Reply) -> None:
        """Keep one reply; returns once it is committed (or, without texts, is in this process's memory)."""
        if not self.keep_text:
            self._unkept[key] = reply
            return
        row = {
            "key": key,
            "model": model.card.digest,
            "engine": f"{model.engine} {model.engine_version}",
            "request": json.dumps(_plain(request), ensure_ascii=False),
            "reply": json.dumps({k: v for k, v in asdict(reply).items() if v is not None}),
            "created": time.time(),
        }
        await self._commit(_answers, row)

    def judged(self, key: str) -> tuple[dict[str, Any], float] | None:
        """An item's judgement and when it was made (seconds of the epoch), or None."""
        with self._engine.connect() as connection:
            chosen = sql.select(_judged.c.judged, _judged.c.created).where(_judged.c.key == key)
            row = connection.execute(chosen).first()
        return None if row is None else (json.loads(row[0]), float(row[1]))

    async def put_judged(self, key: str, model: Model, judged: dict[str, Any]) -> None:
        """Keep one item's judgement, which must hold no text; returns once it is committed."""
        row = {"key": key, "model": model.card.digest, "judged": json.dumps(judged), "created": time.time()}
        await self._commit(_judged, row)

    def created(self, keys: Collection[str]) -> dict[str, float]:
        """When each kept answer was committed (seconds of the epoch)."""
        found: dict[str, float] = {}
        wanted = list(keys)
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), 500):
                chosen = sql.select(_answers.c.key, _answers.c.created).where(
                    _answers.c.key.in_(wanted[start : start + 500])
                )
                found.update((key, float(when)) for key, when in connection.execute(chosen))
        return found

    def peak(self, model: Model, seen: int = 0) -> int:
        """The highest memory (bytes) ever seen of this model's process, after noting `seen`."""
        key = model_key(model)
        with self._engine.begin() as connection:
            known = connection.execute(sql.select(_peaks.c.bytes).where(_peaks.c.key == key)).scalar()
            if seen > (known or 0):
                connection.execute(sql.delete(_peaks).where(_peaks.c.key == key))
                connection.execute(sql.insert(_peaks).values(key=key, bytes=seen))
        return max(seen, known or 0)

    def count(self) -> int:
        """How many answers are kept."""
        with self._engine.connect() as connection:
            return int(connection.execute(sql.select(sql.func.count()).select_from(_answers)).scalar_one())

    async def _commit(self, table: sql.Table, row: dict[str, Any]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((table, row, done))
        if len(self._waiting) == 1 or len(self._waiting) >= BATCH:
            self._wake.set()
        await done

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
        try:
            with self._engine.begin() as connection:
                for table in {table.name: table for table, _, _ in batch}.values():
                    rows = {row["key"]: row for of, row, _ in batch if of is table}
                    known = connection.execute(sql.select(table.c.key).where(table.c.key.in_(list(rows)))).scalars()
                    for key in list(known):
                        rows.pop(key, None)
                    if rows:
                        connection.execute(sql.insert(table), list(rows.values()))
        except sql.exc.SQLAlchemyError as error:
            failure = GulliverError(
                f"The store cannot be written ({_short(error)}); free some disk space, then run the same command again."
            )
            for _, _, done in batch:
                if not done.done():
                    done.set_exception(failure)
        else:
            for _, _, done in batch:
                if not done.done():
                    done.set_result(None)


def _careful(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _settings(model: Model) -> dict[str, Any]:
    return {key: value for key, value in sorted(model.options.items()) if key not in PATIENCE}


def _plain(request: Request) -> dict[str, Any]:
    data = asdict(request)
    data.pop("seed", None)  # the seed follows from the rest and the draw
    return data


def _reply(data: dict[str, Any]) -> Reply:
    if data.get("vector") is not None:
        data["vector"] = tuple(data["vector"])
    return Reply(**data)


def _digest(content: Any) -> str:
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
