"""Blobs as files: where they are, what stands beside them, and what the system may refuse."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from veriport.adapters.blobs.file import FileBlobStore, trouble
from veriport.ports.errors import PermanentError, PortError, TransientError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> FileBlobStore:
    return FileBlobStore(root)


def test_the_address_is_the_path_of_the_file(store: FileBlobStore, root: Path) -> None:
    address = store.put("a/b.json", b"body")
    assert address == str(root / "a" / "b.json")
    assert Path(address).read_bytes() == b"body"


def test_nothing_is_made_before_something_is_put(store: FileBlobStore, root: Path) -> None:
    assert list(store.keys()) == []
    assert store.get("a") is None
    assert not store.delete("a")
    assert not root.exists()


def test_a_relative_root_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = FileBlobStore("store")
    monkeypatch.chdir("/")
    assert store.put("a", b"") == str(tmp_path / "store" / "a")


def test_another_store_of_the_same_root_sees_the_same(store: FileBlobStore, root: Path) -> None:
    store.put("a/b", b"body")
    assert FileBlobStore(root).get("a/b") == b"body"


def test_nothing_else_is_left_behind(store: FileBlobStore, root: Path) -> None:
    store.put("a/b", b"body")
    store.put("a/b", b"other body")
    assert [path.name for path in root.rglob("*")] == ["a", "b"]


def test_files_have_the_rights_of_the_umask(store: FileBlobStore) -> None:
    before = os.umask(0o027)
    try:
        address = store.put("a/b", b"body")
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(address).stat().st_mode) == 0o640


@pytest.mark.parametrize("name", [".a.tmp", ".hidden", "a:b", "a\n", "trailing ", "nul", "back\\slash"])
def test_files_of_others_are_no_keys(store: FileBlobStore, root: Path, name: str) -> None:
    store.put("a/b", b"body")
    (root / name).write_bytes(b"")
    (root / "a" / name).write_bytes(b"")
    assert list(store.keys()) == ["a/b"]


def test_names_that_are_no_text_are_no_keys(store: FileBlobStore, root: Path) -> None:
    store.put("a", b"body")
    (Path(os.fsdecode(bytes(root) + b"/\xff"))).write_bytes(b"")
    assert list(store.keys()) == ["a"]


def test_keys_below_hidden_folders_are_not_listed(store: FileBlobStore, root: Path) -> None:
    (root / ".git" / "a").mkdir(parents=True)
    (root / ".git" / "a" / "b").write_bytes(b"")
    assert list(store.keys()) == []


def test_what_is_neither_file_nor_folder_is_no_key(store: FileBlobStore, root: Path) -> None:
    store.put("a", b"body")
    os.mkfifo(root / "pipe")
    assert list(store.keys()) == ["a"]
    with pytest.raises(PermanentError, match="it is not a file"):
        store.get("pipe")


class TestLinks:
    """Links below the root are not followed: they may lead out of it."""

    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        folder = tmp_path / "outside"
        folder.mkdir()
        (folder / "secret").write_bytes(b"secret")
        return folder

    @pytest.fixture(autouse=True)
    def links(self, store: FileBlobStore, root: Path, outside: Path) -> None:
        store.put("own", b"own")
        (root / "folder").symlink_to(outside)
        (root / "file").symlink_to(outside / "secret")
        (root / "nowhere").symlink_to(outside / "new")
        (root / "loop").symlink_to(root)

    @pytest.mark.parametrize("key", ["folder/secret", "file", "nowhere", "loop/own", "folder/new"])
    def test_they_are_refused(self, store: FileBlobStore, outside: Path, key: str) -> None:
        for verb in (lambda: store.get(key), lambda: store.put(key, b"mine"), lambda: store.delete(key)):
            with pytest.raises(PermanentError, match="symbolic link"):
                verb()
        assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"secret": b"secret"}

    def test_they_are_not_listed(self, store: FileBlobStore) -> None:
        assert list(store.keys()) == ["own"]

    def test_the_root_may_be_one(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(root)
        assert FileBlobStore(tmp_path / "link").get("own") == b"own"


class TestTrouble:
    """What the system refuses becomes an error of the port that names the place."""

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ESTALE])
    def test_what_may_pass_is_transient(self, number: int) -> None:
        assert type(_trouble(number)) is TransientError

    @pytest.mark.parametrize(
        "number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EFBIG]
    )
    def test_what_stays_is_permanent(self, number: int) -> None:
        assert type(_trouble(number)) is PermanentError

    def test_the_text_says_what_where_and_why(self) -> None:
        assert str(_trouble(errno.ENOSPC)) == "cannot write /results/a: No space left on device"

    def test_a_root_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        store = FileBlobStore(tmp_path / "file")
        with pytest.raises(
            PermanentError, match=rf"cannot write {tmp_path}/file/a: .* is a file and not a folder"
        ):
            store.put("a", b"")
        with pytest.raises(PermanentError, match=f"cannot list {tmp_path}/file"):
            list(store.keys())

    def test_a_failed_put_leaves_nothing(self, store: FileBlobStore, root: Path) -> None:
        store.put("a/b", b"body")
        with pytest.raises(PermanentError, match=f"cannot write {root}/a: Is a directory"):
            store.put("a", b"body")
        assert [path.name for path in root.rglob("*")] == ["a", "b"]


def _trouble(number: int) -> PortError:
    return trouble("write", Path("/results/a"), OSError(number, os.strerror(number)))


class TestWithoutRights:
    """A folder of somebody else."""

    @pytest.fixture
    def forbidden(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        (folder / "key").write_bytes(b"body")
        (folder / "key").chmod(0o600)
        (folder / "closed").mkdir(mode=0o700)
        with _as_nobody():
            yield folder
        shutil.rmtree(folder)

    def test_writing_is_refused_for_good(self, forbidden: Path) -> None:
        with pytest.raises(PermanentError, match=f"cannot write {forbidden}/new: Permission denied"):
            FileBlobStore(forbidden).put("new", b"")

    def test_making_a_folder_is_refused_for_good(self, forbidden: Path) -> None:
        with pytest.raises(PermanentError, match=f"cannot write {forbidden}/a/b: Permission denied"):
            FileBlobStore(forbidden).put("a/b", b"")

    def test_reading_is_refused_for_good(self, forbidden: Path) -> None:
        with pytest.raises(PermanentError, match=f"cannot read {forbidden}/key: Permission denied"):
            FileBlobStore(forbidden).get("key")

    def test_deleting_is_refused_for_good(self, forbidden: Path) -> None:
        with pytest.raises(PermanentError, match=f"cannot delete {forbidden}/key: Permission denied"):
            FileBlobStore(forbidden).delete("key")

    def test_a_closed_folder_is_named(self, forbidden: Path) -> None:
        store = FileBlobStore(forbidden)
        with pytest.raises(PermanentError, match=f"cannot list {forbidden}/closed: Permission denied"):
            list(store.keys())
        with pytest.raises(PermanentError, match=f"cannot reach {forbidden}/closed/a: Permission denied"):
            store.get("closed/a")


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Nothing can be forbidden to root, so the test gives its rights away for a while."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that belongs to somebody else")
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


FILL = """
import sys
from veriport.adapters.blobs.file import FileBlobStore
from veriport.ports.errors import TransientError
store = FileBlobStore(sys.argv[1])
store.put("small", b"old")
try:
    store.put("large", b"x" * 1_000_000)
except TransientError as error:
    print(error)
print(list(store.keys()), store.get("small"), [*__import__("os").scandir(sys.argv[1])])
"""


def test_a_full_disk_is_transient_and_leaves_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$1" || exit 77; exec "$2" -c "$3" "$1"'
    if (unshare := shutil.which("unshare")) is None:
        pytest.skip("a small disk cannot be made here")
    done = subprocess.run(  # the mount is seen by this program only and goes with it
        [unshare, "-m", "sh", "-c", script, "sh", str(disk), sys.executable, FILL],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if done.returncode in {1, 77} and "veriport" not in done.stderr:
        pytest.skip("a small disk cannot be made here")
    assert done.stdout.splitlines() == [
        f"cannot write {disk}/large: No space left on device",
        "['small'] b'old' [<DirEntry 'small'>]",
    ]


WRITE_FOR_EVER = """
import itertools, sys
from veriport.adapters.blobs.file import FileBlobStore
store = FileBlobStore(sys.argv[1])
for number in itertools.count():
    store.put("a/b", (b"a", b"b")[number % 2] * 2_000_000)
    if number == 1:
        print("ready", flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_whole_body(store: FileBlobStore, root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(3):
        with subprocess.Popen(  # our own program
            [sys.executable, "-c", WRITE_FOR_EVER, str(root)], stdout=subprocess.PIPE, env=environment
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            writer.send_signal(signal.SIGKILL)
        assert store.get("a/b") in {b"a" * 2_000_000, b"b" * 2_000_000}
        assert list(store.keys()) == ["a/b"]
