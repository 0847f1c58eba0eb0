"""Doing a thing once under a key: who holds it, until when, and what it came to."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from attrs import define, field, frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from returns.pipeline import is_successful

from tests.unsteady import UnsteadyStore
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.stores.memory import MemoryStateStore
from veriport.application.idempotency import Idempotency
from veriport.domain.errors import ConfigurationError
from veriport.domain.idempotency import (
    Claim,
    InProgress,
    Lapsed,
    OtherRequest,
    Stored,
    part_key,
    record_key,
)
from veriport.domain.records import Delete, Record
from veriport.ports.errors import PermanentError, TransientError

LEASE = 60.0
TTL = 3600.0


@frozen
class World:
    """A clock, a store, and those who use it."""

    clock: FrozenClock
    store: UnsteadyStore
    idempotency: Idempotency

    def claim(self, key: str = "k", fingerprint: str = "f") -> Claim:
        """A claim that one gets."""
        reserved = self.idempotency.reserve(key, fingerprint, LEASE)
        assert isinstance(reserved, Claim)
        return reserved


@pytest.fixture
def world() -> World:
    clock = FrozenClock()
    store = UnsteadyStore(MemoryStateStore(clock))
    return World(clock, store, Idempotency(store=store, new_holder=counted()))


def counted() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"holder {next(numbers)}"


# --- what a key means -----------------------------------------------------------------------------


def test_the_first_gets_the_work_and_the_next_learns_until_when(world: World) -> None:
    claim = world.claim()
    assert (claim.key, claim.fingerprint) == ("k", "f")
    assert claim.until == world.clock.now() + timedelta(seconds=LEASE)
    busy = world.idempotency.reserve("k", "f", LEASE)
    assert busy == InProgress(key="k", until=claim.until)
    assert str(busy) == "'k' is in progress elsewhere, at the latest until 12:01:00 UTC"


def test_an_outcome_is_given_to_every_repeat(world: World) -> None:
    claim = world.claim()
    assert is_successful(world.idempotency.complete(claim, {"n": [1, None, "é"]}, TTL))
    known = Stored(key="k", ok=True, outcome={"n": [1, None, "é"]})
    assert world.idempotency.reserve("k", "f", LEASE) == known
    assert world.idempotency.seen("k") == known


def test_a_bad_outcome_is_kept_as_one(world: World) -> None:
    world.idempotency.complete(world.claim(), "no", TTL, ok=False)
    assert world.idempotency.reserve("k", "f", LEASE) == Stored(key="k", ok=False, outcome="no")


def test_a_key_of_another_request_is_refused_while_it_runs_and_when_it_is_done(world: World) -> None:
    claim = world.claim()
    assert world.idempotency.reserve("k", "g", LEASE) == OtherRequest("k")
    world.idempotency.complete(claim, None, TTL)
    refused = world.idempotency.reserve("k", "g", LEASE)
    assert str(refused) == "the key 'k' was used for another request: use a key of its own for each"


def test_looking_reserves_nothing(world: World) -> None:
    assert world.idempotency.seen("k") is None
    claim = world.claim()
    assert world.idempotency.seen("k") == InProgress(key="k", until=claim.until)


def test_an_outcome_is_forgotten_when_its_time_is_over(world: World) -> None:
    world.idempotency.complete(world.claim(), 1, TTL)
    world.clock.advance(TTL - 1)
    assert world.idempotency.seen("k") is not None
    world.clock.advance(1)
    assert world.idempotency.seen("k") is None
    world.claim(fingerprint="another")


# --- leases ---------------------------------------------------------------------------------------


def test_a_claim_lapses_and_another_one_takes_the_work(world: World) -> None:
    first = world.claim()
    world.clock.advance(LEASE)
    second = world.claim()
    assert second.fence > first.fence
    assert second.holder != first.holder


def test_nothing_is_accepted_under_an_old_claim(world: World) -> None:
    first = world.claim()
    world.clock.advance(LEASE)
    lapsed = Lapsed("k")
    assert world.idempotency.complete(first, 1, TTL).failure() == lapsed
    second = world.claim()
    assert world.idempotency.complete(first, 1, TTL).failure() == lapsed
    assert world.idempotency.renew(first, LEASE).failure() == lapsed
    assert world.idempotency.release(first).failure() == lapsed
    world.idempotency.complete(second, 2, TTL).unwrap()
    assert world.idempotency.complete(first, 1, TTL).failure() == lapsed
    assert world.idempotency.release(first).failure() == lapsed
    assert world.idempotency.seen("k") == Stored(key="k", ok=True, outcome=2)


def test_a_renewed_claim_holds_for_longer_under_a_larger_fence(world: World) -> None:
    claim = world.claim()
    world.clock.advance(LEASE - 1)
    renewed = world.idempotency.renew(claim, LEASE).unwrap()
    world.clock.advance(LEASE - 1)
    assert world.idempotency.seen("k") == InProgress(key="k", until=renewed.until)
    assert renewed.fence > claim.fence
    assert is_successful(world.idempotency.complete(renewed, 1, TTL))


def test_what_was_released_is_free_for_any_request(world: World) -> None:
    assert is_successful(world.idempotency.release(world.claim()))
    assert world.idempotency.seen("k") is None
    world.claim(fingerprint="another")


def test_an_outcome_is_not_released(world: World) -> None:
    claim = world.claim()
    world.idempotency.complete(claim, 1, TTL)
    assert world.idempotency.release(claim).failure() == Lapsed("k")
    assert world.idempotency.seen("k") is not None


def test_an_outcome_is_not_replaced(world: World) -> None:
    claim = world.claim()
    world.idempotency.complete(claim, 1, TTL)
    assert world.idempotency.complete(claim, 2, TTL).failure() == Lapsed("k")
    assert world.idempotency.seen("k") == Stored(key="k", ok=True, outcome=1)


# --- lost answers ---------------------------------------------------------------------------------


def test_a_claim_whose_answer_was_lost_is_ours(world: World) -> None:
    world.store.lost = 1
    claim = world.claim()
    assert is_successful(world.idempotency.complete(claim, 1, TTL))


def test_a_renewal_whose_answer_was_lost_holds(world: World) -> None:
    claim = world.claim()
    world.clock.advance(LEASE - 1)
    world.store.lost = 1
    renewed = world.idempotency.renew(claim, LEASE).unwrap()
    assert renewed.until == world.clock.now() + timedelta(seconds=LEASE)
    assert is_successful(world.idempotency.complete(renewed, 1, TTL))


def test_a_completion_whose_answer_was_lost_is_one(world: World) -> None:
    claim = world.claim()
    world.store.lost = 1
    assert is_successful(world.idempotency.complete(claim, 1, TTL))


def test_a_completion_that_nobody_could_answer_can_be_tried_again(world: World) -> None:
    claim = world.claim()
    world.store.lost = 2
    with pytest.raises(TransientError):
        world.idempotency.complete(claim, 1, TTL)
    assert world.idempotency.complete(claim, 2, TTL).failure() == Lapsed("k")
    assert is_successful(world.idempotency.complete(claim, 1, TTL))


def test_a_release_whose_answer_was_lost_is_one(world: World) -> None:
    claim = world.claim()
    world.store.lost = 1
    assert is_successful(world.idempotency.release(claim))


def test_a_store_that_stays_away_is_an_error(world: World) -> None:
    world.store.away = 2
    with pytest.raises(TransientError, match="away"):
        world.claim()
    world.claim()


# --- what is kept ---------------------------------------------------------------------------------


def test_a_large_outcome_is_kept_in_parts(world: World) -> None:
    outcome = [f"{number * 7919 % 1_000_003:06}-{number}" for number in range(60_000)]
    world.idempotency.complete(world.claim(), outcome, TTL)
    assert len(world.store.scan(f"{record_key('k')}/")) > 3
    assert world.idempotency.seen("k") == Stored(key="k", ok=True, outcome=outcome)


def test_a_smaller_outcome_later_is_not_mixed_with_an_old_one(world: World) -> None:
    large = [f"{number * 7919 % 1_000_003:06}" for number in range(60_000)]
    world.idempotency.complete(world.claim(), large, 2 * TTL)
    world.store.commit([Delete(key=record_key("k"))])
    world.idempotency.complete(world.claim(), "small", TTL)
    assert world.idempotency.seen("k") == Stored(key="k", ok=True, outcome="small")


def test_an_outcome_of_which_a_part_is_gone_is_no_outcome(world: World) -> None:
    world.idempotency.complete(world.claim(), 1, TTL)
    world.store.commit([Delete(key=part_key("k", 0))])
    for look in (lambda: world.idempotency.seen("k"), lambda: world.idempotency.reserve("k", "f", LEASE)):
        with pytest.raises(PermanentError, match="the store has lost what 'k' came to"):
            look()


@define(eq=False)
class Expiring(UnsteadyStore):
    """A store in which time passes between any two looks."""

    clock: FrozenClock = field(factory=FrozenClock, kw_only=True)

    def get(self, key: str) -> Record | None:
        found = self.inner.get(key)
        self.clock.advance(1)
        return found


def test_an_outcome_that_expires_while_it_is_read_was_never_seen() -> None:
    clock = FrozenClock()
    store = Expiring(MemoryStateStore(clock), clock=clock)
    idempotency = Idempotency(store=store, new_holder=counted())
    claim = idempotency.reserve("k", "f", LEASE)
    assert isinstance(claim, Claim)
    idempotency.complete(claim, 1, 0.5)
    assert idempotency.seen("k") is None
    clock.advance(1)
    assert isinstance(idempotency.reserve("k", "f", LEASE), Claim)


@define(eq=False)
class Changing(UnsteadyStore):
    """A store in which something happens before the first look at a part of an outcome."""

    happens: Callable[[], object] | None = field(default=None, kw_only=True)

    def get(self, key: str) -> Record | None:
        if key == part_key("k", 0) and self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return self.inner.get(key)


def test_two_outcomes_are_not_mixed(world: World) -> None:
    world.idempotency.complete(world.claim(), "good", TTL)

    def another_one() -> None:
        world.clock.advance(TTL)
        world.idempotency.complete(world.claim(), "bad", TTL, ok=False)

    store = Changing(world.store.inner, happens=another_one)
    known = Idempotency(store=store, new_holder=counted()).seen("k")
    assert known == Stored(key="k", ok=False, outcome="bad")


@pytest.mark.parametrize(
    "outcome", [{1, 2}, object(), float, 10**5000], ids=["set", "object", "class", "long"]
)
def test_what_is_no_plain_data_is_refused_and_the_claim_stands(world: World, outcome: object) -> None:
    claim = world.claim()
    with pytest.raises(ConfigurationError, match="the outcome of 'k' is no plain data"):
        world.idempotency.complete(claim, outcome, TTL)
    assert is_successful(world.idempotency.complete(claim, "plain", TTL))


STRANGE_KEYS = {
    "null": "\0",
    "half a surrogate pair": "a\ud800",
    "emoji": "\N{GRINNING FACE}",
    "long": "k" * 10_000,
    "long halves": "\ud800" * 10_000,
    "long controls": "\x01" * 100_000,
    "blank": " ",
}


@pytest.mark.parametrize("key", STRANGE_KEYS.values(), ids=STRANGE_KEYS)
def test_a_key_is_any_text(world: World, key: str) -> None:
    other = key[:-1] + "x"
    world.claim(other)
    claim = world.claim(key)
    busy = world.idempotency.reserve(key, "f", LEASE)
    assert isinstance(busy, InProgress)
    assert len(str(busy)) < 200
    renewed = world.idempotency.renew(claim, LEASE).unwrap()
    assert is_successful(world.idempotency.complete(renewed, 1, TTL))
    assert world.idempotency.seen(key) == Stored(key=key, ok=True, outcome=1)
    assert isinstance(world.idempotency.seen(other), InProgress)


# --- renewing in the background -------------------------------------------------------------------


def test_a_claim_is_renewed_while_the_work_goes_on(world: World) -> None:
    claim = world.claim()
    with world.idempotency.renewing(claim, 0.03) as stop:
        before = world.store.commits
        for _ in range(3):
            world.store.next_commit()
        now = stop()
    assert world.store.commits >= before + 3
    assert now.fence > claim.fence
    assert is_successful(world.idempotency.complete(now, 1, TTL))


def test_a_claim_is_renewed_long_before_it_lapses(world: World) -> None:
    with world.idempotency.renewing(world.claim(), 3.0):
        world.store.arrived.clear()
        assert world.store.arrived.wait(2.5)


def test_a_renewal_that_nobody_answered_is_made_sure_of(world: World) -> None:
    claim = world.claim()
    with world.idempotency.renewing(claim, 0.03) as stop:
        world.store.next_commit()
        world.store.lost = 2
        while world.store.lost:
            world.store.next_commit()
        now = stop()
    assert is_successful(world.idempotency.complete(now, 1, TTL))


def test_a_claim_that_lapsed_is_not_renewed(world: World) -> None:
    claim = world.claim()
    world.clock.advance(LEASE)
    with world.idempotency.renewing(claim, 0.03) as stop:
        world.store.next_commit()
        second = world.claim()
        now = stop()
    assert world.idempotency.complete(now, 1, TTL).failure() == Lapsed("k")
    assert is_successful(world.idempotency.complete(second, 2, TTL))


@pytest.fixture
def threads_before() -> Iterator[None]:
    """No thread is left that renews."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("claim of")]


@pytest.mark.usefixtures("threads_before")
def test_renewing_ends_with_its_block(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.idempotency.renewing(world.claim(), 0.03):
        raise ZeroDivisionError


# --- laws -----------------------------------------------------------------------------------------


@frozen
class Kept:
    """What the law expects under the key."""

    outcome: object
    until: datetime


HOLDERS = st.sampled_from(["anna", "ben", "cleo"])
STEPS = st.sampled_from([0.5, 1.0, 9.0, 10.0, 30.0])


class OnceUnderAKey(RuleBasedStateMachine):
    """Several holders, a clock, and answers that get lost: one at a time works, one outcome stays."""

    LEASE = 10.0
    TTL = 30.0

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.store = UnsteadyStore(MemoryStateStore(self.clock))
        self.idempotency = Idempotency(store=self.store, new_holder=counted())
        self.claims: dict[str, Claim] = {}
        self.live: str | None = None
        self.kept: Kept | None = None
        self.used = ""
        self.highest = 0
        self.outcomes = itertools.count()

    def _holds(self, who: str) -> bool:
        return self.live == who and self.clock.now() < self.claims[who].until

    def _kept(self) -> Kept | None:
        return self.kept if self.kept is not None and self.clock.now() < self.kept.until else None

    @rule(seconds=STEPS)
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def an_answer_will_be_lost(self) -> None:
        self.store.lost = 1

    @rule(who=HOLDERS, fingerprint=st.sampled_from(["f", "f", "f", "g"]))
    def reserve(self, who: str, fingerprint: str) -> None:
        busy = self.live is not None and self._holds(self.live)
        kept = self._kept()
        reserved = self.idempotency.reserve("k", fingerprint, self.LEASE)
        self.store.lost = 0
        if not busy and kept is None:
            assert isinstance(reserved, Claim)
            assert reserved.fence > self.highest
            self.highest = reserved.fence
            self.claims[who], self.live, self.kept = reserved, who, None
            self.used = fingerprint
        elif fingerprint != self.used:
            assert reserved == OtherRequest("k")
        elif kept is not None:
            assert reserved == Stored(key="k", ok=True, outcome=kept.outcome)
        else:
            assert isinstance(reserved, InProgress)

    @precondition(lambda self: self.claims)
    @rule(who=HOLDERS)
    def renew(self, who: str) -> None:
        if who not in self.claims:
            return
        expected = self._holds(who)
        done = self.idempotency.renew(self.claims[who], self.LEASE)
        self.store.lost = 0
        assert is_successful(done) is expected
        if expected:
            self.claims[who] = done.unwrap()
            self.highest = max(self.highest, self.claims[who].fence)

    @precondition(lambda self: self.claims)
    @rule(who=HOLDERS)
    def complete(self, who: str) -> None:
        if who not in self.claims:
            return
        expected = self._holds(who)
        outcome = {"by": who, "number": next(self.outcomes)}
        done = self.idempotency.complete(self.claims[who], outcome, self.TTL)
        self.store.lost = 0
        assert is_successful(done) is expected
        if expected:
            self.live = None
            self.kept = Kept(outcome, self.clock.now() + timedelta(seconds=self.TTL))

    @precondition(lambda self: self.claims)
    @rule(who=HOLDERS)
    def release(self, who: str) -> None:
        if who not in self.claims:
            return
        held = self._holds(who)
        self.idempotency.release(self.claims[who])
        self.store.lost = 0
        if held:
            self.live = None

    @invariant()
    def the_store_says_the_same(self) -> None:
        known = self.idempotency.seen("k")
        kept = self._kept()
        if kept is not None:
            assert known == Stored(key="k", ok=True, outcome=kept.outcome)
        elif self.live is not None and self._holds(self.live):
            assert known == InProgress(key="k", until=self.claims[self.live].until)
        else:
            assert known is None


TestOnceUnderAKey = OnceUnderAKey.TestCase
