"""A Spark Connect server for tests: PySpark ships it, and what it needs is Java.

The fixture ``spark_connect_url`` lasts as long as the session. The server listens on the loopback interface
only, and so does the driver inside it.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from attrs import frozen

from tests.servers.process import free_port, running

#: What sessions of tests have in common, in a process of their own or in ours.
SETTINGS: Mapping[str, str] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",  # tables are so small that to compile takes longest
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.session.timeZone": "UTC",
    "spark.log.level": "ERROR",
}


@frozen
class Server:
    """A server that runs: where it is, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """What a client is given."""
        return f"sc://127.0.0.1:{self.port}"


@contextmanager
def spark_server(folder: Path, **settings: str) -> Iterator[Server]:
    """A server with ``settings`` in place of ours, whose files are in ``folder``."""
    port = free_port()
    given = {
        **SETTINGS,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.local.dir": str(folder),
        **settings,
    }
    home = _home()
    command: list[str | Path] = [
        home / "bin" / "spark-submit",
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"),
        *(part for name, value in given.items() for part in ("--conf", f"{name}={value}")),
    ]
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    environment = {**ours, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONNECT_MODE": "0"}
    log = folder / f"{port}.log"
    with running(command, lambda: _listens(port), log=log, environment=environment, cwd=folder) as process:
        yield Server(port, process.pid)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _home() -> Path:
    """Where the programs are; without them or without Java a test is skipped, but fails in CI."""
    found = find_spec("pyspark")
    home = Path(found.origin or "").parent if found else Path()
    lacking = {
        "pyspark is not installed": not (home / "bin" / "spark-submit").is_file(),
        "there is no Java": not (shutil.which("java") or os.environ.get("JAVA_HOME")),
        "grpcio is not installed": find_spec("grpc") is None,
    }
    for reason, applies in lacking.items():
        if applies and os.environ.get("CI"):
            pytest.fail(reason)
        if applies:
            pytest.skip(reason)
    return home


@pytest.fixture(scope="session")
def spark_connect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Spark Connect server that runs, in another zone than ours."""
    folder = tmp_path_factory.mktemp("spark-connect")
    with spark_server(folder, **{"spark.sql.session.timeZone": "Asia/Kathmandu"}) as server:
        yield server.url
