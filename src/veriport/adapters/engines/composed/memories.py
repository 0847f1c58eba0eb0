"""Values that are made once by whoever asks first, while the others wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define

from veriport.ports.errors import DeadlineExceeded, TransientError

if TYPE_CHECKING:
    from cachetools import TTLCache

_T = TypeVar("_T")


class Memory:
    """Values by key, so many and for so long; one call at a time makes the value of a key."""

    def __init__(self, most: int, ttl_seconds: float, monotonic: Callable[[], float]) -> None:
        self._most, self._ttl_seconds, self._monotonic = most, ttl_seconds, monotonic
        self._making: dict[Hashable, _Making] = {}
        self._lock = threading.Condition()

    @cached_property
    def _values(self) -> TTLCache[Hashable, Any]:
        """Made on use, under the lock: the numbers are looked at after this object is made."""
        from cachetools import TTLCache  # noqa: PLC0415  # imported on use

        return TTLCache(self._most, self._ttl_seconds, timer=self._monotonic)

    def get(self, key: Hashable) -> Any:  # noqa: ANN401  # whatever was kept
        """What is kept under a key, or ``None``."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: Hashable, value: object) -> None:
        """Keep a value."""
        with self._lock:
            self._values[key] = value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()

    def wake(self) -> None:
        """Let those who wait look again whether they were cancelled."""
        with self._lock:
            self._lock.notify_all()

    def once(self, key: Hashable, make: Callable[[], tuple[_T, bool]], cancelled: Callable[[], bool]) -> _T:
        """The value that is kept, or being made, or a new one; ``make`` says whether to keep it.

        Whoever waits for another one gets its exception, too, but makes the value itself where the other one
        was cancelled or was late. To be cancelled ends the wait with ``TransientError``.
        """
        with self._lock:
            while (kept := self._values.get(key)) is None:
                if (leading := self._making.get(key)) is None:
                    break
                self._lock.wait_for(lambda: leading.ended or cancelled())
                if cancelled():
                    raise TransientError("the measurement was cancelled")
                if leading.error is None:
                    return leading.value  # type: ignore[no-any-return]  # what was made for this key
                if leading.given_up:
                    continue
                if isinstance(leading.error, DeadlineExceeded):
                    break  # it began before: nobody waits for one late call after the other
                raise leading.error
            if kept is not None:
                return kept  # type: ignore[no-any-return]  # what was kept under this key
            mine = self._making[key] = _Making()
        try:
            mine.value, keep = make()
        except BaseException as error:
            mine.given_up = cancelled() or not isinstance(error, Exception)
            mine.error, keep = error, False
            raise
        finally:
            self._end(key, mine, keep=keep)
        return mine.value  # type: ignore[no-any-return]  # what was made just now

    def _end(self, key: Hashable, made: _Making, *, keep: bool) -> None:
        with self._lock:
            made.ended = True
            if keep:
                self._values[key] = made.value
            if self._making.get(key) is made:
                del self._making[key]
            self._lock.notify_all()


@define(eq=False)
class _Making:
    """What comes of a value that one call makes; ``given_up`` says that its error is of this call alone."""

    ended: bool = False
    value: Any = None
    error: BaseException | None = None
    given_up: bool = False
