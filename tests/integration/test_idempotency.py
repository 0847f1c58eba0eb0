"""Work that happens once, whoever asks for it: programs that start together, and programs that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from veriport import IdempotencyService, RunInProgress

PROGRAMS = 8
PATIENCE_SECONDS = 120

#: What every program begins with. It says that it is ready and goes on when it is told to.
BEGIN = """
import os, sys, time
from pathlib import Path
from veriport import Checkpoint, CustomAction, IdempotencyService, RunInProgress

store, folder, run_id = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
name = "orders"


def note(file, text):
    with open(folder / file, "a") as notes:
        notes.write(f"{text}\\n")


checkpoint = Checkpoint(
    name=name,
    data=str(folder / "orders.csv"),
    rules=[{"column": "id", "type": "unique"}],
    actions=[CustomAction(callback=lambda run: note("heard", run.run_id))],
    store=store,
    blobs=folder / "blobs",
)
print("ready", flush=True)
sys.stdin.readline()
"""

#: The example of the users, which asks again while somebody else is at work.
EXAMPLE = f"""{BEGIN}
service = IdempotencyService(store=store, ttl_seconds=3600)


def once():
    key = f"checkpoint:{{name}}:{{run_id}}"
    if service.is_duplicate(key):
        return service.result(key)          # the cached result
    note("worked", os.getpid())
    result = checkpoint.run()
    service.mark_completed(key, result)
    return result


while (result := once()) is None:
    time.sleep(0.05)
print(result.run_id, result.status)
"""

#: The safe way.
RUN = f"""{BEGIN}
def work():
    note("worked", os.getpid())
    return checkpoint.run()


with IdempotencyService(store) as service:
    result = service.run(f"run:{{run_id}}", work, wait_seconds=60)
print(result.run_id, result.status)
"""

#: Runs of a checkpoint under a key.
CHECKPOINT = f"""{BEGIN}
while True:
    try:
        result = checkpoint.run(idempotency_key=run_id)
        break
    except RunInProgress:
        time.sleep(0.05)
if not result.repeated:
    note("worked", os.getpid())
print(result.run_id, result.status)
"""

#: One who never ends by itself.
ENDLESS = f"""{BEGIN}
def work():
    note("worked", os.getpid())
    print("working", flush=True)
    sys.stdin.readline()


IdempotencyService(store, lease_seconds=2).run(f"run:{{run_id}}", work)
"""

STORES = [
    "file",
    pytest.param("redis", marks=pytest.mark.server),
    pytest.param("valkey", marks=pytest.mark.server),
    pytest.param("postgres", marks=pytest.mark.server),
]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What programs are told of the store: a file, or the address of a server."""
    if request.param == "file":
        return str(tmp_path / "state.db")
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where programs find their data and leave their notes."""
    (tmp_path / "orders.csv").write_text("id\n1\n1\n2\n")
    return tmp_path


@pytest.fixture
def run_id() -> str:
    """A run that nobody has made yet."""
    return uuid.uuid4().hex


@contextmanager
def started(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A program that begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def together(programs: Sequence[str], *arguments: object) -> list[str]:
    """What programs print that go on at the same moment."""
    with ExitStack() as stack:
        running = [stack.enter_context(started(program, *arguments)) for program in programs]
        assert [heard(each) for each in running] == ["ready"] * len(running)
        for each in running:
            tell(each)
        printed = [each.communicate(timeout=PATIENCE_SECONDS)[0].strip() for each in running]
        assert [each.returncode for each in running] == [0] * len(running)
        return printed


def heard(program: subprocess.Popen[str]) -> str:
    """The next line of a program."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


def tell(program: subprocess.Popen[str]) -> None:
    """Let a program go on."""
    assert program.stdin is not None
    program.stdin.write("go\n")
    program.stdin.flush()


def noted(folder: Path, file: str) -> list[str]:
    """What programs noted."""
    return (folder / file).read_text().split()


#: Which programs are tried on which stores; what differs between stores is tried by their own suite.
TRIED = [
    pytest.param(store, program, id=f"{store}-{name}", marks=[] if store == "file" else pytest.mark.server)
    for store, programs in {
        "file": {"example": EXAMPLE, "run": RUN, "checkpoint": CHECKPOINT},
        "redis": {"example": EXAMPLE, "checkpoint": CHECKPOINT},
        "postgres": {"example": EXAMPLE, "checkpoint": CHECKPOINT},
        "valkey": {"run": RUN},
    }.items()
    for name, program in programs.items()
]


@pytest.mark.parametrize(("store", "program"), TRIED, indirect=["store"])
def test_of_many_programs_one_works_and_all_get_its_result(
    store: str, folder: Path, run_id: str, program: str
) -> None:
    printed = together([program] * PROGRAMS, store, folder, run_id)
    assert len(noted(folder, "worked")) == 1
    assert noted(folder, "heard") == [printed[0].split()[0]]
    assert printed == [f"{printed[0].split()[0]} failure"] * PROGRAMS


def test_what_a_killed_program_had_reserved_is_done_by_another_one(
    store: str, folder: Path, run_id: str
) -> None:
    with started(ENDLESS, store, folder, run_id) as holder, IdempotencyService(store) as service:
        assert heard(holder) == "ready"
        tell(holder)
        assert heard(holder) == "working"
        with pytest.raises(RunInProgress):
            service.run(f"run:{run_id}", lambda: "too early", wait_seconds=2.5)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert service.run(f"run:{run_id}", lambda: "ours", wait_seconds=30) == "ours"
        assert service.result(f"run:{run_id}") == "ours"
    assert len(noted(folder, "worked")) == 1
