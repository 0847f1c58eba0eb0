"""The notifier that a test steers."""

from __future__ import annotations

import pytest

from veriport.adapters.clocks.frozen import FrozenClock
from veriport.adapters.notifiers.memory import MemoryNotifier
from veriport.ports.errors import DeadlineExceeded, PermanentError, TransientError
from veriport.testing.suites.notifiers import a_message


def test_messages_are_kept_in_order_with_repeats() -> None:
    notifier = MemoryNotifier()
    for number in (2, 1, 1):
        notifier.send(a_message(number), 1)
    assert notifier.messages == (a_message(2), a_message(1), a_message(1))


def test_it_fails_as_often_as_it_was_told() -> None:
    notifier = MemoryNotifier()
    notifier.fail(2)
    for _ in range(2):
        with pytest.raises(TransientError):
            notifier.send(a_message(), 1)
    notifier.send(a_message(), 1)
    assert (len(notifier.attempts), len(notifier.messages)) == (3, 1)


def test_it_refuses_until_it_accepts() -> None:
    notifier = MemoryNotifier()
    notifier.refuse()
    with pytest.raises(PermanentError):
        notifier.send(a_message(), 1)
    notifier.accept()
    notifier.send(a_message(), 1)
    assert len(notifier.messages) == 1


def test_slow_takes_the_time_of_the_clock() -> None:
    clock = FrozenClock()
    notifier = MemoryNotifier(clock)
    notifier.be_slow(3)
    notifier.send(a_message(), 5)
    assert clock.monotonic() == 3


def test_what_comes_too_late_is_taken_all_the_same() -> None:
    clock = FrozenClock()
    notifier = MemoryNotifier(clock)
    notifier.be_slow(10)
    with pytest.raises(DeadlineExceeded):
        notifier.send(a_message(), 5)
    assert clock.monotonic() == 5
    assert notifier.messages == (a_message(),)
