"""The store's tables, and how its database is opened: SQLite in WAL mode, or PostgreSQL by URL."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from gulliver.errors import GulliverError, MissingExtra
from gulliver.home import home

meta = sql.MetaData()
answers = sql.Table(
    "answers",
    meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("model", sql.String(64), index=True, nullable=False),
    sql.Column("engine", sql.Text, nullable=False),
    sql.Column("request", sql.Text, nullable=False),
    sql.Column("reply", sql.Text, nullable=False),
    sql.Column("created", sql.Float, nullable=False),
)
judgements = sql.Table(
    "judgements",
    meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("model", sql.String(64), index=True, nullable=False),
    sql.Column("judged", sql.Text, nullable=False),
    sql.Column("created", sql.Float, nullable=False),
)
peaks = sql.Table(
    "peaks",
    meta,
    sql.Column("key", sql.String(64), primary_key=True),
    sql.Column("bytes", sql.BigInteger, nullable=False),
)
_ATTEMPTS = 5  # processes that start at once may make the same table; the one that comes second finds it there
_PATIENCE = 30  # seconds that one process waits for another's lock on a SQLite file


def open_database(url: str | Path | None = None) -> sql.Engine:
    """The database with its tables, made where they are missing.

    Args:
        url: a file, a SQLAlchemy URL, or None for `store.sqlite` in `GULLIVER_HOME`.

    Raises:
        GulliverError: the database cannot be opened or written.
        MissingExtra: it is in PostgreSQL and its driver is not installed.
    """
    made = _address(url)
    try:
        engine = sql.create_engine(made)
    except ModuleNotFoundError:
        raise MissingExtra(f"A store in {made.get_backend_name()}", "postgres") from None
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _careful)
    for attempt in range(_ATTEMPTS):
        try:
            meta.create_all(engine)
            return engine
        except sql.exc.SQLAlchemyError as error:
            if attempt < _ATTEMPTS - 1 and ("already exists" in str(error) or "pg_type_typname" in str(error)):
                continue
            engine.dispose()
            mend = "free some disk space" if "is full" in str(error) else "check the path or move it away"
            if engine.dialect.name != "sqlite":
                mend = "check that the server runs and that you may write there"
            raise GulliverError(f"The store {shown(made)} cannot be opened ({short(error)}); {mend}.") from None
    raise AssertionError("unreachable")


def shown(url: sql.URL) -> str:
    """A database's address without its password."""
    return url.render_as_string(hide_password=True)


def insert(engine: sql.Engine, table: sql.Table) -> Any:
    """An insert of this database's dialect, which knows ON CONFLICT."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)


def short(error: Exception) -> str:
    """The first line of what the database said."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def file_of(engine: sql.Engine) -> Path | None:
    """The file of a SQLite database; None for a server, or a database in memory."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name and name != ":memory:" else None


def _address(url: str | Path | None) -> sql.URL:
    if url is None:
        url = home() / "store.sqlite"
    if isinstance(url, Path):
        try:
            url.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GulliverError(f"The folder {url.parent} cannot be made ({error.strerror}); give another.") from None
        return sql.URL.create("sqlite", database=str(url))
    try:
        made = sql.make_url(url)
    except sql.exc.ArgumentError:
        raise GulliverError(
            f"{url!r} is no database URL; write a file's path, or postgresql://user@host/database."
        ) from None
    if made.drivername in ("postgresql", "postgres"):
        made = made.set(drivername="postgresql+psycopg")
    return made


def _careful(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
    _turn_wal_on(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _turn_wal_on(cursor: sqlite3.Cursor) -> None:
    """Turns WAL on, as often as it takes: of two who turn it on at once SQLite refuses one without waiting."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
