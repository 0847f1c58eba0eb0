"""The contract suite of the blob store port: subclass ``BlobStoreSuite`` and give it an empty store."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from veriport.domain.errors import ConfigurationError
from veriport.ports.blobs import BlobStore
from veriport.ports.errors import PermanentError

#: Texts that are no keys, by what is wrong with them. Several of them lead out of a folder.
HOSTILE_KEYS = {
    "empty": "",
    "only a slash": "/",
    "absolute": "/etc/passwd",
    "slash at the end": "a/",
    "empty part": "a//b",
    "dot": "a/./b",
    "parent": "../a",
    "parent inside": "a/../../b",
    "parent at the end": "a/..",
    "hidden": ".a",
    "hidden folder": ".a/b",
    "dot at the end": "a./b",
    "blank at the end": "a /b",
    "backslash": "a\\b",
    "parent with backslash": "..\\a",
    "drive": "C:",
    "drive and file": "C:a",
    "stream": "a:b",
    "wildcard": "a*",
    "null character": "a\0b",
    "line feed": "a\nb",
    "escape": "a\x1b[31m",
    "delete": "a\x7f",
    "next line": "a\x85",
    "half a surrogate pair": "a\ud800",
    "device": "NUL",
    "device with an ending": "com1.txt",
    "device inside": "a/aux/b",
    "a part of 256 bytes": "a" * 256,
    "a part of 256 bytes in 128 characters": "é" * 128,
    "a key of 1025 bytes": "/".join(["a" * 204] * 5) + "b",
}

#: Texts that are keys, though they do not look like it.
UNUSUAL_KEYS = {
    "one character": "a",
    "blanks": "a b/c d",
    "dots inside": "a.b..c",
    "percent": "a%2Fb%00",
    "unicode": "Größe/数据/данные",
    "emoji": "\N{GRINNING FACE}",
    "decomposed": "e\u0301",
    "shell": "$(a);&'`~!#",
    "like a flag": "-rf",
    "like a device": "nulled/common/aux1",
    "like a temporary file": "a.tmp",
    "a part of 255 bytes": "a" * 255,
    "a part of 255 bytes in 85 characters": "数" * 85,
    "a key of 1024 bytes": "/".join(["a" * 204] * 5),
}


class BlobStoreSuite:
    """Every sentence of ``veriport.ports.blobs``."""

    @pytest.fixture
    def store(self) -> BlobStore:
        """The store under test, with nothing in it."""
        raise NotImplementedError

    def test_what_was_put_is_got(self, store: BlobStore) -> None:
        store.put("a/b.json", b"body")
        assert store.get("a/b.json") == b"body"

    @pytest.mark.parametrize("body", [b"", b"\0", b"\r\n", bytes(range(256)), b"x" * 3_000_000], ids=len)
    def test_a_body_is_any_bytes(self, store: BlobStore, body: bytes) -> None:
        store.put("a", body)
        assert store.get("a") == body

    def test_a_body_is_replaced(self, store: BlobStore) -> None:
        store.put("a/b", b"a long body")
        store.put("a/b", b"short")
        assert store.get("a/b") == b"short"
        assert list(store.keys()) == ["a/b"]

    def test_the_store_keeps_its_own_copy(self, store: BlobStore) -> None:
        body = bytearray(b"body")
        store.put("a", body)  # type: ignore[arg-type]  # a caller whose bytes can change
        body[0] = 0
        assert store.get("a") == b"body"

    def test_the_address_is_text_that_tells_keys_apart(self, store: BlobStore) -> None:
        first, second = store.put("a/b", b""), store.put("a/c", b"")
        assert isinstance(first, str)
        assert first
        assert first != second
        assert store.put("a/b", b"again") == first

    @pytest.mark.parametrize("key", ["a", "a/b", "b/a", "a/b/c"])
    def test_an_absent_key_has_no_body(self, store: BlobStore, key: str) -> None:
        store.put("other/place", b"body")
        assert store.get(key) is None

    def test_a_folder_is_not_a_body(self, store: BlobStore) -> None:
        store.put("a/b", b"body")
        assert store.get("a") is None
        assert not store.delete("a")
        assert store.get("a/b") == b"body"

    def test_a_key_below_a_key_is_kept_or_refused(self, store: BlobStore) -> None:
        store.put("a", b"first")
        try:
            store.put("a/b", b"second")
        except PermanentError:
            assert list(store.keys()) == ["a"]
        else:
            assert store.get("a/b") == b"second"
        assert store.get("a") == b"first"

    def test_a_key_above_a_key_is_kept_or_refused(self, store: BlobStore) -> None:
        store.put("a/b", b"first")
        try:
            store.put("a", b"second")
        except PermanentError:
            assert list(store.keys()) == ["a/b"]
        else:
            assert store.get("a") == b"second"
        assert store.get("a/b") == b"first"

    def test_a_key_below_an_absent_file_is_absent(self, store: BlobStore) -> None:
        store.put("a", b"body")
        assert store.get("a/b") is None
        assert not store.delete("a/b")

    def test_delete_says_whether_there_was_something(self, store: BlobStore) -> None:
        store.put("a/b", b"body")
        assert store.delete("a/b") is True
        assert store.delete("a/b") is False
        assert store.get("a/b") is None

    def test_deleting_one_key_keeps_the_others(self, store: BlobStore) -> None:
        for key in ("a/b", "a/bc", "a/b.c", "ab"):
            store.put(key, key.encode())
        store.delete("a/b")
        assert list(store.keys()) == ["a/b.c", "a/bc", "ab"]

    def test_a_deleted_key_can_be_put_again(self, store: BlobStore) -> None:
        store.put("a/b", b"old")
        store.delete("a/b")
        store.put("a/b", b"new")
        assert store.get("a/b") == b"new"

    def test_an_empty_store_has_no_keys(self, store: BlobStore) -> None:
        assert list(store.keys()) == []
        assert list(store.keys("a")) == []

    def test_keys_are_in_the_order_of_their_bytes(self, store: BlobStore) -> None:
        keys = [
            "a/b",
            "a-b",
            "a.b",
            "a",
            "ab",
            "b/c/d",
            "b/c-d",
            "b/c.d",
            "B",
            "é",
            "数/据",
            "\U0001f600",
            "\uffe0",
        ]
        kept = [key for key in keys if key != "a"]
        for key in kept:
            store.put(key, b"")
        assert list(store.keys()) == sorted(kept, key=str.encode)

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("a", ["a/b", "a/bc", "a/c/d", "ab"]),
            ("a/", ["a/b", "a/bc", "a/c/d"]),
            ("a/b", ["a/b", "a/bc"]),
            ("a/c/", ["a/c/d"]),
            ("a/c/d", ["a/c/d"]),
            ("a/c/d/", []),
            ("c", []),
            ("/", []),
            ("..", []),
            ("a/../", []),
            ("*", []),
            ("A", []),
            ("\0", []),
        ],
    )
    def test_a_prefix_is_any_text(self, store: BlobStore, prefix: str, expected: list[str]) -> None:
        for key in ("ab", "a/bc", "b", "a/c/d", "a/b"):
            store.put(key, b"")
        assert list(store.keys(prefix)) == expected

    def test_keys_are_listed_while_others_come_and_go(self, store: BlobStore) -> None:
        staying = [f"stay/{number:03}" for number in range(50)]
        for key in (*staying, *(f"go/{number:03}" for number in range(50))):
            store.put(key, b"")
        seen = []
        for number, key in enumerate(store.keys()):
            seen.append(key)
            store.delete(f"go/{number:03}")
            store.put(f"come/{number:03}", b"")
        assert [key for key in seen if key.startswith("stay/")] == staying

    @pytest.mark.parametrize("key", HOSTILE_KEYS.values(), ids=HOSTILE_KEYS)
    def test_what_is_no_key_is_refused_and_touches_nothing(self, store: BlobStore, key: str) -> None:
        for verb in (lambda: store.put(key, b"body"), lambda: store.get(key), lambda: store.delete(key)):
            with pytest.raises(ConfigurationError):
                verb()
        assert list(store.keys()) == []

    @pytest.mark.parametrize("key", UNUSUAL_KEYS.values(), ids=UNUSUAL_KEYS)
    def test_an_unusual_key_is_a_key(self, store: BlobStore, key: str) -> None:
        store.put(key, b"body")
        assert store.get(key) == b"body"
        assert list(store.keys()) == [key]
        assert store.delete(key)

    def test_it_behaves_like_a_dictionary(self, store: BlobStore) -> None:
        chance = random.Random(20240131)  # noqa: S311  # the same operations every time
        model: dict[str, bytes] = {}
        for step in range(400):
            key = f"{chance.choice('ab')}/{chance.choice(string.ascii_lowercase[:6])}"
            match chance.randrange(4):
                case 0 | 1:
                    model[key] = str(step).encode()
                    store.put(key, model[key])
                case 2:
                    assert store.delete(key) == (model.pop(key, None) is not None)
                case _:
                    assert store.get(key) == model.get(key)
            assert list(store.keys(key[:2])) == sorted(known for known in model if known.startswith(key[:2]))
        assert {key: store.get(key) for key in store.keys()} == model  # noqa: SIM118  # it is no dictionary

    def test_readers_see_the_old_or_the_new_body(self, store: BlobStore) -> None:
        bodies = (b"a" * 200_000, b"b" * 300_000)
        store.put("a/b", bodies[0])
        over = threading.Event()

        def read() -> set[bytes | None]:
            seen = set()
            while not over.is_set():
                seen.add(store.get("a/b"))
                seen.update(key.encode() for key in store.keys() if key != "a/b")  # noqa: SIM118  # it is no dictionary
            return seen

        with ThreadPoolExecutor(3) as pool:
            readers = [pool.submit(read) for _ in range(3)]
            try:
                for number in range(60):
                    store.put("a/b", bodies[number % 2])
            finally:
                over.set()
            for reader in readers:
                assert reader.result() <= set(bodies)

    def test_several_threads_write_at_once(self, store: BlobStore) -> None:
        def write(writer: int) -> None:
            for number in range(10):
                store.put(f"own-{writer}/{number}", b"own")
                store.put("shared/key", f"{writer}".encode())

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert store.get("shared/key") in {f"{writer}".encode() for writer in range(8)}
        assert len(list(store.keys("own-"))) == 80  # 8 writers, 10 keys each

    def test_keys_comes_one_by_one(self, store: BlobStore) -> None:
        store.put("a", b"")
        assert isinstance(store.keys(), Iterator)
