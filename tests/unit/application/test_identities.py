"""A frame keeps its name as long as it lives, and gives it to nobody."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from veriport.application.identities import identity_of


class Frame:
    """Stands for a data frame."""


class Slotted:
    """Something that cannot be referred to weakly."""

    __slots__ = ()


def test_the_same_frame_has_the_same_name() -> None:
    frame = Frame()
    assert identity_of(frame) == identity_of(frame)


def test_different_frames_have_different_names() -> None:
    frames = [Frame() for _ in range(100)]
    assert len({identity_of(frame) for frame in frames}) == 100


def test_a_name_outlives_garbage_collection() -> None:
    frame = Frame()
    name = identity_of(frame)
    gc.collect()
    assert identity_of(frame) == name


def test_a_new_frame_never_gets_the_name_of_a_dead_one() -> None:
    places, names = set(), []
    for _ in range(200):
        frame = Frame()
        places.add(id(frame))
        names.append(identity_of(frame))
        del frame
    assert len(places) < 200, "no address was used again: the test shows nothing"
    assert len(set(names)) == 200


def test_naming_a_frame_does_not_keep_it_alive() -> None:
    alive = []

    class Watched:
        def __del__(self) -> None:
            alive.append("gone")

    frame = Watched()
    identity_of(frame)
    del frame
    gc.collect()
    assert alive == ["gone"]


def test_what_cannot_be_referred_to_weakly_is_another_one_each_time() -> None:
    thing = Slotted()
    assert identity_of(thing) != identity_of(thing)


_NAME_ONE = """
from veriport.application.identities import identity_of
class Frame: pass
frame = Frame()
print(identity_of(frame))
"""


def test_frames_of_other_processes_have_other_names() -> None:
    runs = [subprocess.run([sys.executable, "-c", _NAME_ONE], capture_output=True, check=True) for _ in "ab"]
    assert len({run.stdout for run in runs}) == 2


def test_threads_agree_on_names() -> None:
    frames = [Frame() for _ in range(50)]
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda _: [identity_of(frame) for frame in frames], range(32)))
    assert all(names == seen[0] for names in seen)
    assert len(set(seen[0])) == 50
