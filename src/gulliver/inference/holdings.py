"""What a store holds, and how to look at it or rewrite it as a whole: `gulliver store stats | prune`.

Answers are read in the order of their keys, some thousands at a time, so that neither memory nor a long read of the database
grows with the store.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.inference.tables import answers, file_of, judgements, open_database, short

Tell = Callable[[str, int, int], None]
CHUNK = 5000


@dataclass(frozen=True)
class Share:
    """The answers of one model on one engine; bytes are those of requests and replies as text."""

    model: str
    engine: str
    answers: int
    bytes: int
    oldest: float
    newest: float


@dataclass(frozen=True)
class Holdings:
    """What is in a store.

    Attributes:
        bytes: on disk, as far as the database tells, with what it keeps beside its file.
        oldest, newest: seconds of the epoch; None when there are no answers.
        judgements: of items whose texts were not kept.
        shares: by model and engine, the largest first.
    """

    where: str
    answers: int
    judgements: int
    bytes: int
    oldest: float | None
    newest: float | None
    shares: tuple[Share, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Choice:
    """Which answers and judgements are meant: all conditions hold.

    Attributes:
        before: kept before this time (seconds of the epoch).
        models: digests of weights; None for all.
    """

    before: float | None = None
    models: tuple[str, ...] | None = None

    def of(self, table: sql.Table) -> sql.ColumnElement[bool]:
        """As a condition on a table of the store."""
        conditions: list[sql.ColumnElement[bool]] = [sql.true()]
        if self.before is not None:
            conditions.append(table.c.created < self.before)
        if self.models is not None:
            conditions.append(table.c.model.in_(self.models))
        return sql.and_(*conditions)


@contextlib.contextmanager
def database(url: str | Path | None = None) -> Iterator[sql.Engine]:
    """The store's database, closed at the end.

    Raises:
        GulliverError: it cannot be opened, read or written.
    """
    engine = open_database(url)
    try:
        yield engine
    except sql.exc.SQLAlchemyError as error:
        raise GulliverError(
            f"The store cannot be used ({short(error)}); try again when nothing else uses it."
        ) from None
    finally:
        engine.dispose()


def look(engine: sql.Engine, choice: Choice | None = None, tell: Tell | None = None) -> Holdings:
    """Count what is there, or only what is chosen."""
    choice = choice or Choice()
    found: dict[tuple[str, str], Share] = {}
    size = sql.func.length(answers.c.request) + sql.func.length(answers.c.reply)
    grouped = (
        sql.select(
            answers.c.model, answers.c.engine, sql.func.count(), sql.func.sum(size),
            sql.func.min(answers.c.created), sql.func.max(answers.c.created),
        ).where(choice.of(answers)).group_by(answers.c.model, answers.c.engine)
    )  # fmt: skip
    with engine.connect() as connection:
        models = list(connection.execute(sql.select(answers.c.model).distinct()).scalars())
        for place, model in enumerate(models):
            if tell is not None:
                tell("counting answers", place, len(models))
            for row in connection.execute(grouped.where(answers.c.model == model)):
                name, ran, kept, size_, oldest, newest = row
                found[(name, ran)] = Share(name, ran, int(kept), int(size_), float(oldest), float(newest))
    judged = count(engine, judgements, choice)
    if tell is not None:
        tell("counting answers", len(models), max(1, len(models)))
    shares = tuple(sorted(found.values(), key=lambda share: (-share.answers, share.model, share.engine)))
    return Holdings(
        engine.url.render_as_string(hide_password=True), sum(s.answers for s in shares), judged, disk(engine),
        min((s.oldest for s in shares), default=None), max((s.newest for s in shares), default=None), shares,
    )  # fmt: skip


def disk(engine: sql.Engine) -> int:
    """Bytes on disk: the file and its WAL, or PostgreSQL's tables with their indexes."""
    file = file_of(engine)
    if file is not None:
        beside = [file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")]
        return sum(path.stat().st_size for path in beside if path.exists())
    if engine.dialect.name != "postgresql":
        return 0
    with engine.connect() as connection:
        sizes = [sql.func.pg_total_relation_size(table.name) for table in (answers, judgements)]
        return int(sum(connection.execute(sql.select(*sizes)).one()))


def pages(
    engine: sql.Engine, table: sql.Table, columns: Sequence[sql.ColumnElement[Any]], choice: Choice
) -> Iterator[Sequence[sql.Row[Any]]]:
    """The chosen rows of a table in the order of their keys, `CHUNK` at a time; the first column must be the key."""
    last = ""
    while True:
        chosen = sql.select(*columns).where(table.c.key > last, choice.of(table)).order_by(table.c.key).limit(CHUNK)
        with engine.connect() as connection:
            rows = connection.execute(chosen).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def prune(engine: sql.Engine, choice: Choice, tell: Tell | None = None) -> int:
    """Delete what is chosen and give the room back to the disk; returns how many answers and judgements went.

    Raises:
        GulliverError: another process has the store open (SQLite rewrites the whole file to make it smaller).
    """
    with _alone(engine):
        whole = sum(count(engine, table, choice) for table in (answers, judgements))
        gone = 0
        for table in (answers, judgements):
            for rows in pages(engine, table, [table.c.key], choice):
                with engine.begin() as connection:
                    for start in range(0, len(rows), 1000):
                        keys = [key for (key,) in rows[start : start + 1000]]
                        # The condition again: what was kept anew under a key meanwhile stays.
                        connection.execute(sql.delete(table).where(table.c.key.in_(keys), choice.of(table)))
                gone += len(rows)
                if tell is not None:
                    tell("deleting", gone, whole)
        if tell is not None:
            tell("giving room back to the disk", 0, 1)
        _shrink(engine)
        if tell is not None:
            tell("giving room back to the disk", 1, 1)
    return gone


def count(engine: sql.Engine, table: sql.Table, choice: Choice) -> int:
    """How many rows of a table are chosen."""
    with engine.connect() as connection:
        return int(
            connection.execute(sql.select(sql.func.count()).select_from(table).where(choice.of(table))).scalar_one()
        )


def _shrink(engine: sql.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(sql.text("PRAGMA busy_timeout=1000"))
            connection.execute(sql.text("VACUUM"))
            connection.execute(sql.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        elif (
            engine.dialect.name == "postgresql"
        ):  # beside those who write: room is used again, and the file keeps its size
            connection.execute(sql.text("VACUUM (ANALYZE) answers, judgements"))


@contextlib.contextmanager
def _alone(engine: sql.Engine) -> Iterator[None]:
    """Held against every process that has the store open to write (see `Store`); a database server needs none."""
    file = file_of(engine)
    if file is None or sys.platform == "win32":
        yield
        return
    import fcntl

    with file.with_name(f"{file.name}.lock").open("ab") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GulliverError(
                f"Another process is using the store {file}, and pruning rewrites it; wait until that study has ended, then run the same command again."
            ) from None
        yield
