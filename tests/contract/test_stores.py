"""Every state store of ours keeps the contract of the state store port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.servers.postgres import fresh_schema
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.stores.postgres import PostgresStateStore
from veriport.adapters.stores.sqlite import SqliteStateStore
from veriport.ports.clocks import Clock
from veriport.ports.stores import StateStore
from veriport.testing.suites.stores import StateStoreSuite


class TestMemoryStateStore(StateStoreSuite):
    @pytest.fixture
    def clock(self) -> Clock:
        return FrozenClock()

    @pytest.fixture
    def store(self, clock: Clock) -> StateStore:
        return MemoryStateStore(clock)


class TestSqliteStateStore(StateStoreSuite):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Callable[[], StateStore]:
        return partial(SqliteStateStore, tmp_path / "state" / "state.db", SystemClock())

    @pytest.fixture
    def store(self, opener: Callable[[], StateStore]) -> Iterator[StateStore]:
        store = opener()
        yield store
        store.close()


@pytest.mark.server
class TestPostgresStateStore(StateStoreSuite):
    @pytest.fixture
    def opener(self, postgres_url: str) -> Callable[[], StateStore]:
        return partial(PostgresStateStore, postgres_url, schema=fresh_schema())

    @pytest.fixture
    def store(self, opener: Callable[[], StateStore]) -> Iterator[StateStore]:
        store = opener()
        yield store
        store.close()
