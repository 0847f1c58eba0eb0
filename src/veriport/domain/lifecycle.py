"""In which state an engine is that is started and stopped, and what may happen to it.

``STEPS`` is the whole state machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen
from returns.result import Failure, Result, Success


class EngineState(StrEnum):
    """Where the life of an engine is."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  #: it could not be started or stopped


class LifeEvent(StrEnum):
    """What may happen to an engine."""

    START = "start"
    STARTED = "started"
    STOP = "stop"
    STOPPED = "stopped"
    FAIL = "fail"


#: Each event that a state allows, and the state that it leads to. Any other is refused.
STEPS: Mapping[tuple[EngineState, LifeEvent], EngineState] = {
    (EngineState.CREATED, LifeEvent.START): EngineState.STARTING,
    (EngineState.CREATED, LifeEvent.STOP): EngineState.STOPPING,
    (EngineState.STARTING, LifeEvent.STARTED): EngineState.RUNNING,
    (EngineState.STARTING, LifeEvent.FAIL): EngineState.FAILED,
    (EngineState.RUNNING, LifeEvent.STOP): EngineState.STOPPING,
    (EngineState.STOPPING, LifeEvent.STOPPED): EngineState.STOPPED,
    (EngineState.STOPPING, LifeEvent.FAIL): EngineState.FAILED,
    (EngineState.STOPPED, LifeEvent.START): EngineState.STARTING,
    (EngineState.FAILED, LifeEvent.START): EngineState.STARTING,
    (EngineState.FAILED, LifeEvent.STOP): EngineState.STOPPING,
}


@frozen
class NotNow:
    """An event that the state of an engine does not allow; nothing changed."""

    state: EngineState
    event: LifeEvent

    def __str__(self) -> str:
        """Which event in which state."""
        return f"an engine that is {self.state.value} cannot {self.event.value}"


def step(state: EngineState, event: LifeEvent) -> Result[EngineState, NotNow]:
    """The state after ``event``; ``Failure`` if it is not allowed."""
    after = STEPS.get((state, event))
    return Failure(NotNow(state, event)) if after is None else Success(after)
