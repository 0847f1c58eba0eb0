"""Two receivers on loopback: one drops repeats by ``webhook-id``, one cannot. Both are slow, down or rude at times."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Counts what it took: ``arrived`` by message id, ``known`` the runs that it heard of.

    One that ``drops`` repeats hears of a run only by a message that it did not have before.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, drops: bool, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.drops = drops
        self.arrived: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.chance = random.Random(seed)  # noqa: S311  # for a test
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def take(self, identity: str, run_id: str) -> None:
        """A message arrived."""
        with self.lock:
            if not (self.drops and identity in self.arrived):
                self.known[run_id] += 1
            self.arrived[identity] += 1

    @property
    def repeats(self) -> int:
        """How many messages came that were there already."""
        return self.arrived.total() - len(self.arrived)

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that was killed went away: nothing to say."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # as http.server wants it
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        luck, delay = self.server.chance.random(), self.server.chance.random() * 0.03
        time.sleep(delay)  # a real network takes its time
        if luck < 0.03:
            self._answer(503)
            return
        self.server.take(self.headers["webhook-id"], body["run_id"])
        if luck < 0.05:
            self.close_connection = True  # taken, and the answer is lost
        elif luck < 0.06:
            time.sleep(0.5)
            self._answer(200)
        else:
            self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as http.server has it
        """Say nothing."""


@contextmanager
def listening(*, drops: bool, seed: int) -> Iterator[Receiver]:
    """A receiver that listens until the end of the context."""
    with Receiver(drops=drops, seed=seed) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
