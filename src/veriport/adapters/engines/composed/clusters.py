"""Jobs on clusters of somebody else: what Dask, Ray or any executor of futures does for us.

An executor is known by its ``submit``, as ``concurrent.futures`` defines it; where work is done, how often it
is tried and what becomes of dead workers is its matter.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, Protocol, cast, runtime_checkable

from veriport.adapters.engines.composed.child import answer
from veriport.adapters.engines.composed.jobs import Job, message_of
from veriport.domain.datasets import without_credentials
from veriport.domain.errors import ConfigurationError
from veriport.domain.measurements import Measured
from veriport.ports.errors import MissingExtra, TransientError


class Promise(Protocol):
    """What an executor gives for work: a future."""

    def result(self) -> Any:  # noqa: ANN401  # of any work
        """Wait for the result, or raise what the work raised."""
        ...

    def cancel(self) -> Any:  # noqa: ANN401  # a Boolean, or nothing
        """Do not do the work, if it has not begun."""
        ...


@runtime_checkable
class Executor(Protocol):
    """What takes work from several threads at once, such as a ``concurrent.futures.Executor``."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Promise:  # noqa: ANN401
        """Begin to do it."""
        ...


class Away:
    """Does one job after the other with an executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._promise: Promise | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def __call__(self, job: Job) -> Measured:
        """What the job measures there. Raises what it raises; ``TransientError`` where the work is lost."""
        promise = self._begun(message_of(job))
        try:
            found, error = pickle.loads(promise.result())  # noqa: S301  # of our own function
        except CancelledError:
            raise TransientError("it was stopped") from None
        except Exception as lost:
            raise TransientError(f"the executor lost it: {type(lost).__name__}: {lost}") from lost
        if error is not None:
            raise error
        return cast("Measured", found)

    def _begun(self, message: bytes) -> Promise:
        with self._lock:
            if self._stopped:
                raise TransientError("it was stopped")
            try:
                self._promise = self._executor.submit(answer, message)
            except RuntimeError as closed:
                raise TransientError(f"the executor takes no work: {closed}") from closed
            return self._promise

    def stop(self) -> None:
        """Cancel the job; what has begun is left behind where the executor cannot stop it."""
        with self._lock:
            self._stopped = True
            if self._promise is not None:
                self._promise.cancel()

    def close(self) -> None:
        """Nothing is held; the executor is its owner's."""


@contextmanager
def dask(address: str | None, within: float | None = None) -> Iterator[Executor]:
    """The Dask cluster at an address, or that of the client that the program has.

    Raises ``ConfigurationError`` where neither is given, or the address is none, and ``TransientError`` where
    no cluster answers ``within`` so many seconds, or within Dask's own.
    """
    distributed = _library("distributed", "dask")
    with ExitStack() as stack:
        try:
            if address:
                # a client that is made with an address that is none is never closed, which its end waits for
                distributed.comm.get_address_host(address)
            client = (
                stack.enter_context(distributed.Client(address, set_as_default=False, **_patience(within)))
                if address
                else distributed.default_client()
            )
        except ValueError as absent:
            where = (
                f"at {_shown(address)}" if address else "here: make a distributed.Client, or give 'address'"
            )
            raise ConfigurationError(f"there is no Dask cluster {where}") from absent
        except OSError as down:
            raise TransientError(f"no Dask cluster answers at {_shown(address)}") from down
        yield client.get_executor(pure=False, retries=0)


def _patience(within: float | None) -> dict[str, float]:
    """How long to try to connect: what Dask says, but not longer than there is time."""
    if within is None:
        return {}
    settings, utils = _library("dask.config", "dask"), _library("dask.utils", "dask")
    return {"timeout": min(within, utils.parse_timedelta(settings.get("distributed.comm.timeouts.connect")))}


def _shown(address: str | None) -> str:
    return without_credentials(address or "")


@contextmanager
def ray(address: str | None, within: float | None = None) -> Iterator[Executor]:
    """The Ray cluster at an address, or that which the program is connected to, else a new local one.

    Raises ``TransientError`` where none answers at the address. How long Ray tries is its own matter.
    """
    del within
    library = _library("ray", "ray")
    if not library.is_initialized():
        try:
            library.init(address=address)
        except ConnectionError as absent:
            raise TransientError(f"no Ray cluster answers at {_shown(address)}") from absent
    yield _Ray(library)


class _Ray:
    def __init__(self, library: Any) -> None:  # noqa: ANN401  # a module
        self._ray = library

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Promise:  # noqa: ANN401
        remote = self._ray.remote(max_retries=0)(function)
        return _RayPromise(self._ray, remote.remote(*arguments))


class _RayPromise:
    def __init__(self, library: Any, reference: Any) -> None:  # noqa: ANN401  # Ray's own
        self._ray, self._reference = library, reference

    def result(self) -> Any:  # noqa: ANN401  # of any work
        return self._ray.get(self._reference)

    def cancel(self) -> None:
        self._ray.cancel(self._reference, force=True)


def _library(module: str, extra: str) -> Any:  # noqa: ANN401  # a module
    try:
        return import_module(module)
    except ImportError as missing:
        raise MissingExtra(f"running: {extra}", extra) from missing
