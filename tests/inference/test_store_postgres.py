"""The store in a real PostgreSQL keeps the contract of stores."""

import asyncio
import itertools
import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.inference.store import Store
from tests.inference.postgres import lacking, server
from tests.inference.store_contract import StoreContract, in_store

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "a server can be started")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    with server() as url:
        yield url


class TestPostgres(StoreContract):
    @pytest.fixture
    def url(self, running: str) -> str:
        name = f"store_{os.getpid()}_{next(_numbers)}"
        engine = sql.create_engine(
            running.replace("postgresql:", "postgresql+psycopg:") + "/postgres", isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(sql.text(f"create database {name}"))
        engine.dispose()
        return f"{running}/{name}"


def test_a_server_that_is_not_there_is_one_sentence_without_the_password() -> None:
    with pytest.raises(GulliverError, match="cannot be opened") as caught:
        Store("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_a_store_opened_twice_at_once_makes_its_tables_once(running: str) -> None:
    def opened() -> int:
        async def work(store: Store) -> int:
            return store.count()

        return in_store(f"{running}/postgres", work)

    async def open_many() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(opened) for _ in range(6)))

    assert asyncio.run(open_many()) == [0] * 6
