"""Actors of which one runs at a time, in an order that a seed decides, under a clock that only waiting moves.

Each actor is a thread, so that plain synchronous code can be stopped inside any port call. It runs only
while it holds the baton, and gives it back at each port call.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime

from veriport.adapters.clocks.frozen import FrozenClock


class Crash(BaseException):
    """The process of an actor dies here: no code of it may go on."""


def _closed() -> threading.Lock:
    """A gate that the next ``release`` opens for one."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Actor:
    """One process. ``wakes_at`` is the monotonic time until which it does nothing."""

    def __init__(self, name: str, work: Callable[[Actor], None]) -> None:
        self.name = name
        self.work = work
        self.wakes_at = 0.0
        self.freezes = 0
        self.alive = True
        self.turn = _closed()
        self.error: BaseException | None = None


class Stage:
    """Where the actors are. ``chance`` decides everything that could be otherwise."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a seed must give the same run
        self.clock = FrozenClock()
        self.actors: list[Actor] = []
        self.trace: list[str] = []
        self.over = False
        self._back = _closed()

    def enter(self, name: str, work: Callable[[Actor], None], after: float = 0.0) -> None:
        """Add an actor that begins after so many seconds."""
        actor = Actor(name, work)
        actor.wakes_at = self.clock.monotonic() + after
        self.actors.append(actor)
        threading.Thread(target=self._live, args=(actor,), name=name, daemon=True).start()

    def play(self, done: Callable[[], bool], longest: float) -> bool:
        """Let actors run until ``done`` while all wait; whether it was so within ``longest`` seconds."""
        while not self.over:
            ready = [actor for actor in self.actors if actor.wakes_at <= self.clock.monotonic()]
            if ready:
                self._give(self.chance.choice(ready))
                continue
            if done():
                break
            if not self.actors or self.clock.monotonic() > longest:
                self._end()
                return False
            soonest = min(actor.wakes_at for actor in self.actors)
            self.clock.advance(soonest - self.clock.monotonic())
        self._end()
        return True

    def pause(self, actor: Actor, seconds: float = 0.0) -> None:
        """Give the baton back, for so long at least."""
        actor.wakes_at = self.clock.monotonic() + seconds
        self._back.release()
        actor.turn.acquire()
        if self.over:
            raise Crash

    def note(self, actor: Actor, what: str) -> None:
        """Write a line of the trace."""
        self.trace.append(f"{self.clock.monotonic():10.3f} {actor.name:<12} {what}")

    def _give(self, actor: Actor) -> None:
        actor.turn.release()
        self._back.acquire()
        if not actor.alive:
            self.actors.remove(actor)
            if actor.error is not None:
                raise actor.error

    def _live(self, actor: Actor) -> None:
        actor.turn.acquire()
        try:
            if not self.over:
                actor.work(actor)
        except Crash:
            pass
        except BaseException as error:  # noqa: BLE001  # it is raised where the simulation was started
            actor.error = error
        finally:
            actor.alive = False
            self._back.release()

    def _end(self) -> None:
        """Let every actor that still waits fall over."""
        self.over = True
        for actor in tuple(self.actors):
            self._give(actor)


class ActorClock:
    """The clock of one actor: waiting lets the others go on. ``skew`` is by how much its time is wrong."""

    def __init__(self, stage: Stage, actor: Actor, skew: float = 0.0) -> None:
        self._stage = stage
        self._actor = actor
        self._skewed = FrozenClock(stage.clock.now())
        self._skewed.step(skew)

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._skewed.now() + (self._stage.clock.now() - FrozenClock().now())

    def monotonic(self) -> float:
        """See ``Clock``."""
        return self._stage.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        self._stage.pause(self._actor, max(0.0, seconds))
