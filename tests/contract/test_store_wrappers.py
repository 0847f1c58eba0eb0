"""Stores around other stores are state stores as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.servers.redis import fresh_prefix
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.encrypted import OVERHEAD, encrypted
from veriport.adapters.stores.measured import measured
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.adapters.stores.prefixed import PrefixedStateStore
from veriport.adapters.stores.redis import RedisStateStore
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.records import MAX_VALUE
from veriport.ports.clocks import Clock
from veriport.ports.stores import StateStore
from veriport.testing.suites.stores import StateStoreSuite, found, put

KEYS = (b"k" * 32, b"o" * 32)


class Frozen(StateStoreSuite):
    @pytest.fixture
    def clock(self) -> Clock:
        return FrozenClock()


class TestPrefixedStateStore(Frozen):
    @pytest.fixture
    def store(self, clock: Clock) -> StateStore:
        inner = MemoryStateStore(clock)
        for key in ("tenants/a", "tenants/b/a", "tenants", "z"):
            put(inner, key, b"of another")
        return PrefixedStateStore(inner, "tenants/a/")


class TestMeasuredStateStore(Frozen):
    @pytest.fixture
    def store(self, clock: Clock) -> StateStore:
        return measured(MemoryStateStore(clock), MemoryTelemetry())


class Encrypted(StateStoreSuite):
    @pytest.mark.parametrize("value", [b"", b"\0", bytes(range(256)), b"x" * (MAX_VALUE - OVERHEAD)], ids=len)
    def test_a_value_is_any_bytes(self, store: StateStore, value: bytes) -> None:
        put(store, "a", value)
        assert found(store, "a").value == value


class TestEncryptedStateStore(Frozen, Encrypted):
    @pytest.fixture
    def store(self, clock: Clock) -> StateStore:
        return encrypted(MemoryStateStore(clock), KEYS)


def open_encrypted(url: str, prefix: str) -> StateStore:
    return encrypted(RedisStateStore(url, prefix=prefix), KEYS)


@pytest.mark.server
class TestEncryptedRedisStateStore(Encrypted):
    @pytest.fixture
    def opener(self, redis_url: str) -> Callable[[], StateStore]:
        return partial(open_encrypted, redis_url, fresh_prefix())

    @pytest.fixture
    def store(self, opener: Callable[[], StateStore]) -> Iterator[StateStore]:
        store = opener()
        yield store
        store.close()
