"""The state store in a server of Redis, and in one of Valkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.servers.redis import fresh_prefix
from veriport.adapters.stores.redis import RedisStateStore
from veriport.ports.stores import StateStore
from veriport.testing.suites.stores import StateStoreSuite


@pytest.mark.server
class TestRedisStateStore(StateStoreSuite):
    @pytest.fixture
    def opener(self, redis_url: str) -> Callable[[], StateStore]:
        return partial(RedisStateStore, redis_url, prefix=fresh_prefix())

    @pytest.fixture
    def store(self, opener: Callable[[], StateStore]) -> Iterator[StateStore]:
        store = opener()
        yield store
        store.close()


@pytest.mark.server
class TestValkeyStateStore(TestRedisStateStore):
    @pytest.fixture
    def opener(self, valkey_url: str) -> Callable[[], StateStore]:
        return partial(RedisStateStore, valkey_url, prefix=fresh_prefix())
