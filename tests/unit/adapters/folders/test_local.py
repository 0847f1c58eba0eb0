"""New files in local folders: whole, together, or not at all."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from veriport.adapters.folders.local import LocalFolder, remove_unfinished, require_free
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import PermanentError, TransientError

NAMES = ("first", "second")


def write(folder: Path, *texts: str, before: Callable[[], object] = lambda: None) -> None:
    with LocalFolder().place(str(folder), NAMES) as places:
        for place, text in zip(places, texts, strict=True):
            Path(place).write_text(text, encoding="utf-8")
        before()


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_files_get_their_names(tmp_path: Path) -> None:
    write(tmp_path, "1", "2")
    assert contents(tmp_path) == {"first": "1", "second": "2"}


def test_the_directory_is_made(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", "1", "2")
    assert contents(tmp_path / "a" / "b") == {"first": "1", "second": "2"}


def test_an_empty_directory_name_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(), "1", "2")
    assert contents(tmp_path) == {"first": "1", "second": "2"}


def test_until_the_end_no_name_is_there(tmp_path: Path) -> None:
    seen: list[list[str]] = []
    write(
        tmp_path,
        "1",
        "2",
        before=lambda: seen.append([path.name for path in tmp_path.iterdir() if path.name in NAMES]),
    )
    assert seen == [[]]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(tmp_path, "1", "2", before=fail)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_taken_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{name} exists and is left as it is"):
        write(tmp_path, "1", "2")
    assert contents(tmp_path) == {name: "mine"}


def test_a_link_to_nowhere_takes_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "second").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="second exists"):
        write(tmp_path, "1", "2")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_taken_meanwhile_is_left_and_nothing_of_ours_stays(tmp_path: Path, name: str) -> None:
    with pytest.raises(PermanentError, match=f"{name} was made by somebody else"):
        write(tmp_path, "1", "2", before=lambda: (tmp_path / name).write_text("mine", encoding="utf-8"))
    assert contents(tmp_path) == {name: "mine"}


def test_of_many_at_once_one_writes_both_files(tmp_path: Path) -> None:
    ready = threading.Barrier(8)
    refused: list[PermanentError] = []

    def run(number: int) -> None:
        try:
            write(tmp_path, str(number), str(number), before=ready.wait)
        except PermanentError as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = contents(tmp_path)
    assert sorted(found) == sorted(NAMES)
    assert found["first"] == found["second"]
    assert len(refused) == 7


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="file: this is a file, not a folder"):
        write(tmp_path / "file", "1", "2")


def test_a_file_on_the_way_to_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be made: Not a directory"):
        write(tmp_path / "file" / "below", "1", "2")


@pytest.mark.parametrize("directory", ["s3://bucket/folder", "s3:/bucket/folder", "file:///tmp/x"])
def test_addresses_that_are_no_folders_are_refused(directory: str) -> None:
    with pytest.raises(ConfigurationError, match="local folders only"):
        require_free(directory, NAMES)


def test_a_directory_that_cannot_be_written_to_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"/proc/self: cannot be written to"):
        require_free("/proc/self", NAMES)


def test_asking_whether_names_are_free_leaves_nothing_but_the_directory(tmp_path: Path) -> None:
    require_free(str(tmp_path / "new"), NAMES)
    assert contents(tmp_path / "new") == {}


def test_what_is_not_finished_can_be_removed_from_outside(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="first: cannot be written: No such file"):
        write(tmp_path, "1", "2", before=remove_unfinished)
    assert contents(tmp_path) == {}


def test_the_files_have_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    write(tmp_path, "1", "2")
    (tmp_path / "third").touch()
    rights = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(rights) == 1
