"""Jobs in processes of their own, which can be killed with all that they started."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import BinaryIO, cast

from veriport.adapters.engines.composed.child import receive, send
from veriport.adapters.engines.composed.jobs import Job, message_of
from veriport.domain.measurements import Measured
from veriport.ports.errors import TransientError

_CHILD = "veriport.adapters.engines.composed.child"


class Child:
    """Does one job after the other in a process that is started with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def __call__(self, job: Job) -> Measured:
        """What the job measures there. Raises what it raises; ``TransientError`` when the process dies."""
        message = message_of(job)
        process = self._started()
        try:
            send(cast("BinaryIO", process.stdin), message)
            answer = receive(cast("BinaryIO", process.stdout))
        except OSError:
            answer = None
        if answer is None:
            raise TransientError(f"the process that measured it ended with {self._ended(process)}")
        found, error = pickle.loads(answer)  # noqa: S301  # of our own child
        if error is not None:
            raise error
        return cast("Measured", found)

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise TransientError("it was stopped")
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603  # this very Python
                    [sys.executable, "-m", _CHILD],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=True,
                )
                send(cast("BinaryIO", self._process.stdin), pickle.dumps(sys.path))
            return self._process

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        self.stop()
        code = process.wait()
        return f"signal {-code}" if code < 0 else f"code {code}"

    def stop(self) -> None:
        """Kill the process and its group; it takes no further job."""
        with self._lock:
            self._stopped = True
            process = self._process
            if process is not None:
                with suppress(ProcessLookupError):
                    _kill(process)

    def close(self) -> None:
        """End the process, and reap it."""
        self.stop()
        process = self._process
        if process is not None:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    cast("BinaryIO", pipe).close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)  # its group has its number: it leads a session
    else:
        process.kill()
