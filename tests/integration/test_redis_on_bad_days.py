"""What the store in Redis does when its server is gone, full, a replica, silent, busy or not to be trusted."""

from __future__ import annotations

import gc
import os
import random
import select
import signal
import socket
import socketserver
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import RedisError
from redis.exceptions import MovedError
from returns.pipeline import is_successful

from tests.servers.process import free_port
from tests.servers.redis import Server, fresh_prefix, redis_server
from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.stores.redis import RedisStateStore, trouble
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import Absent, AtFence, AtRevision, Change, Check, Conflict, Delete, Put
from veriport.ports.errors import PermanentError, TransientError
from veriport.testing.suites.stores import LONG, conflict, found, make_due, put, taken

pytestmark = pytest.mark.server

clock = SystemClock()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that leave it as it was."""
    with redis_server(tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def prefix() -> str:
    return fresh_prefix()


@pytest.fixture
def store(shared: Server, prefix: str) -> Iterator[RedisStateStore]:
    with opened(shared.url, prefix=prefix) as store:
        yield store


@contextmanager
def opened(url: str, **options: object) -> Iterator[RedisStateStore]:
    store = RedisStateStore(url, **options)  # type: ignore[arg-type]  # its options
    try:
        yield store
    finally:
        store.close()


# gone


def test_a_server_that_is_not_there_yet_is_found_later(tmp_path: Path) -> None:
    port = free_port()
    with opened(f"redis://127.0.0.1:{port}") as store:
        for _ in range(2):
            with pytest.raises(TransientError, match=f"the store redis://127.0.0.1:{port}/0: .*refused"):
                store.get("a")
        with redis_server(tmp_path, port=port):
            put(store, "a", b"body")


def test_a_server_that_kept_nothing_gives_no_revision_twice(tmp_path: Path) -> None:
    port = free_port()
    with opened(f"redis://127.0.0.1:{port}") as store:
        with redis_server(tmp_path, port=port) as server:
            for _ in range(50):
                put(store, "a", b"before")
            make_due(store, "b")
            before = taken(store, "b", LONG).fence
            os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(TransientError):
            store.commit([Put(key="a", value=b"")])
        with redis_server(tmp_path, port=port) as server:
            assert store.scan("") == ()
            assert conflict(store, Put(key="b", value=b"", guard=AtFence(before))) == Conflict("b")
            after = put(store, "a", b"", guard=Absent())
            assert after > before
            server.client().flushall()
            assert put(store, "a", b"", guard=Absent()) > after


def test_a_server_that_lost_its_last_second_gives_no_revision_twice(
    shared: Server, store: RedisStateStore, prefix: str
) -> None:
    early = put(store, "a", b"kept")
    revisions = [put(store, "a", b"lost") for _ in range(50)]
    with shared.client() as client:
        client.set(f"{{{prefix}}}:revision", early)
    assert put(store, "a", b"anew") > max(revisions)


def test_a_clock_that_stepped_back_gives_no_revision_twice(
    shared: Server, store: RedisStateStore, prefix: str
) -> None:
    ahead = put(store, "a", b"") + 3600 * 10**6
    with shared.client() as client:
        client.set(f"{{{prefix}}}:revision", ahead)
    assert [put(store, "a", b"") for _ in range(3)] == [ahead + 1, ahead + 2, ahead + 3]


def test_what_was_committed_is_there_after_a_server_was_killed(tmp_path: Path) -> None:
    port = free_port()
    with opened(f"redis://127.0.0.1:{port}") as store:
        with redis_server(tmp_path, "--appendonly", "yes", "--appendfsync", "always", port=port) as server:
            make_due(store, "a", b"\0 body \r\n")
            record = taken(store, "a", LONG)
            os.kill(server.pid, signal.SIGKILL)
        with redis_server(tmp_path, "--appendonly", "yes", port=port):
            assert store.get("a") == record


def test_connections_that_were_cut_while_idle_are_made_anew(shared: Server, store: RedisStateStore) -> None:
    revision = put(store, "a", b"body")
    with shared.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert is_successful(store.commit([Check(key="a", guard=AtRevision(revision))]))


def test_a_process_that_was_forked_in_the_middle_of_a_call_is_not_stuck(store: RedisStateStore) -> None:
    put(store, "a", b"parent")
    assert store._client is not None
    lock = store._client[1].connection_pool._lock
    with ThreadPoolExecutor(1) as pool:  # what another thread holds, nobody lets go of in a child
        pool.submit(lock.acquire).result()
        child = os.fork()
        if child == 0:
            try:
                signal.alarm(30)
                put(store, "a", b"child")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        pool.submit(lock.release).result()
    assert found(store, "a").value == b"child"


# silent


def test_a_server_that_does_not_answer_is_given_up_and_tried_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server, opened(server.url, timeout_seconds=0.2) as store:
        put(store, "a", b"1")
        put(store, "b", b"2")
        with stopped(server.pid):
            with pytest.raises(TransientError, match="Timeout"):
                store.commit([Put(key="a", value=b"late")])
            with pytest.raises(TransientError, match="Timeout"):
                store.get("b")
        assert found(store, "b").value == b"2"
        assert found(store, "a").value in {b"1", b"late"}
        assert put(store, "a", b"3") == found(store, "a").revision


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_answer_that_was_lost_is_trouble_and_nothing_is_tried_twice(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server, between(server.port, lose="EVALSHA") as port:
        with opened(f"redis://127.0.0.1:{port}?retry_on_timeout=true") as store:
            with pytest.raises(TransientError, match="closed"):
                store.get("a")
            assert store.now().tzinfo is UTC
        with server.client() as client:
            assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 1


@contextmanager
def between(port: int, *, lose: str = "", context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port of ours that hands on to the port of a server, and may speak TLS, which that one cannot.

    When it has handed on a command with the text ``lose``, it keeps the answer and hangs up.
    """

    class HandOn(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as inside:
                outside = context.wrap_socket(self.request, server_side=True) if context else self.request
                with outside:
                    while ready := select.select([outside, inside], [], [])[0]:
                        read = ready[0].recv(1 << 16)
                        (inside if ready[0] is outside else outside).sendall(read)
                        if not read:
                            return
                        if lose and lose.encode() in read:
                            inside.recv(1)
                            return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HandOn) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


# full


@pytest.mark.parametrize(
    ("memory", "policy", "refused"),
    [("0", "allkeys-lru", False), ("1gb", "noeviction", False), ("1gb", "allkeys-lru", True),
     ("1gb", "volatile-ttl", True)],
)  # fmt: skip
def test_a_server_that_throws_data_away_is_refused(
    tmp_path: Path, memory: str, policy: str, *, refused: bool
) -> None:
    settings = ("--maxmemory", memory, "--maxmemory-policy", policy)
    with redis_server(tmp_path, *settings) as server, opened(server.url) as store:
        if refused:
            for _ in range(2):
                with pytest.raises(PermanentError, match=f"maxmemory-policy is {policy} and must be noevict"):
                    store.commit([Put(key="a", value=b"")])
            with server.client() as client:
                client.config_set("maxmemory-policy", "noeviction")
        put(store, "a", b"body")


def test_a_full_server_changes_nothing_but_reads_and_forgets(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server, opened(server.url) as store, server.client() as client:
        make_due(store, "a", b"body")
        put(store, "old", b"", expires_at=store.now())
        put(store, "b", b"")
        before = store.scan("")
        client.config_set("maxmemory", 1)
        attempts: list[Callable[[], object]] = [
            lambda: store.commit([Put(key="c", value=b"")]),
            lambda: store.commit([Delete(key="b"), Put(key="a", value=b"new"), Put(key="old", value=b"")]),
            lambda: store.claim("work", 10, LONG),
            lambda: store.take("a", LONG),
        ]
        for attempt in attempts:
            with pytest.raises(TransientError, match="maxmemory"):
                attempt()
            assert store.scan("") == before
        assert store.purge(10) == 1
        assert is_successful(store.commit([Delete(key="b"), Check(key="a", guard=AtFence(0))]))
        assert conflict(store, Check(key="b", guard=AtRevision(1))) == Conflict("b")
        client.config_set("maxmemory", 0)
        assert [record.key for record in store.claim("work", 10, LONG)] == ["a"]


def test_too_many_clients_may_pass(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxclients", "1") as server, opened(server.url) as store:
        with server.client() as client:
            client.ping()
            with pytest.raises(TransientError, match="max number of clients"):
                store.now()
        eventually(lambda: not told_by(store.now))


def test_a_store_that_nobody_holds_holds_no_connection(shared: Server, prefix: str) -> None:
    with shared.client() as client:
        before = client.info("clients")["connected_clients"]
        store = RedisStateStore(shared.url, prefix=prefix)
        put(store, "a", b"")
        gc.disable()
        try:
            del store
            eventually(lambda: client.info("clients")["connected_clients"] == before)
        finally:
            gc.enable()


# not the one to talk to


def test_a_replica_is_read_and_not_written(tmp_path: Path, shared: Server, prefix: str) -> None:
    with opened(shared.url, prefix=prefix) as writer:
        make_due(writer, "a", b"body")
    with shared.client() as client:
        client.config_set("repl-diskless-sync-delay", 0)
    settings = ("--replicaof", f"127.0.0.1 {shared.port}")
    with redis_server(tmp_path, *settings) as replica, opened(replica.url, prefix=prefix) as store:
        eventually(lambda: store.get("a"))
        attempts: list[Callable[[], object]] = [
            lambda: store.commit([Put(key="a", value=b"")]),
            lambda: store.commit([Delete(key="a")]),
            lambda: store.take("a", LONG),
            lambda: store.claim("work", 1, LONG),
        ]
        for attempt in attempts:
            with pytest.raises(TransientError, match="read only replica"):
                attempt()
        assert (found(store, "a").value, found(store, "a").claims) == (b"body", 0)


def test_a_server_that_is_busy_may_be_free_later(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path, "--busy-reply-threshold", "10") as server,
        server.client() as client,
        opened(server.url) as store,
        opened(server.url) as another,
    ):
        revision = put(store, "a", b"body")
        client.config_set("maxmemory", "1gb")
        client.config_set("maxmemory-policy", "allkeys-lfu")
        busy = threading.Thread(target=run_forever, args=(server,))
        busy.start()
        eventually(lambda: "BUSY" in told_by(lambda: store.commit([Delete(key="b")])))
        assert "BUSY" in told_by(lambda: another.get("a"))
        client.script_kill()
        busy.join()
        assert found(store, "a").revision == revision
        with pytest.raises(PermanentError, match="allkeys-lfu"):
            another.get("a")


def told_by(attempt: Callable[[], object]) -> str:
    """What the trouble says that passes, if there is any."""
    try:
        attempt()
    except TransientError as passing:
        return str(passing)
    return ""


def eventually(done: Callable[[], object]) -> None:
    """Wait until it is true, but not for ever."""
    until = clock.now() + timedelta(seconds=20)
    while not done():
        assert clock.now() < until, "it did not come"
        clock.sleep(0.01)


def run_forever(server: Server) -> None:
    with server.client() as client, suppress(RedisError):
        client.eval("while true do end", 0)


def test_a_script_that_was_killed_may_be_tried_again(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--busy-reply-threshold", "1") as server, opened(server.url) as store:
        for page in range(30):
            store.commit([Put(key=f"{page:02}/{number:03}", value=b"x" * 100) for number in range(1000)])
        over = threading.Event()
        killer = threading.Thread(target=kill_scripts, args=(server, over))
        killer.start()
        try:
            with pytest.raises(TransientError, match="SCRIPT KILL"):
                list(iter(lambda: store.scan("", limit=30_000), ()))
        finally:
            over.set()
            killer.join()
        assert len(store.scan("")) == 1000


def kill_scripts(server: Server, over: threading.Event) -> None:
    with server.client() as client:
        while not over.is_set():
            with suppress(RedisError):
                client.script_kill()


PASSWORD = "opensesame"  # noqa: S105  # of a server of our own


@pytest.mark.parametrize("user", ["", "default", "nobody", "reader"])
def test_a_password_is_never_told(tmp_path: Path, user: str) -> None:
    with redis_server(tmp_path, "--requirepass", "another") as server:
        with server.client(password="another") as client:  # noqa: S106  # of a server of our own
            client.acl_setuser(
                "reader", enabled=True, passwords=f"+{PASSWORD}", keys=["*"], categories=["+@read"]
            )
        with opened(f"redis://{user}:{PASSWORD}@127.0.0.1:{server.port}/0") as store:
            for verb in (store.now, lambda: store.get("a"), lambda: store.commit([Delete(key="a")])):
                with pytest.raises(
                    PermanentError, match=f"the store redis://127.0.0.1:{server.port}/0: "
                ) as told:
                    verb()
                assert PASSWORD not in "".join(traceback.format_exception(told.value))
            assert PASSWORD not in repr(store)


def test_a_server_that_wants_a_password_is_permanent_trouble(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", PASSWORD) as server:
        with opened(server.url) as store, pytest.raises(PermanentError, match="Authentication required"):
            store.get("a")
        with opened(f"redis://:{PASSWORD}@127.0.0.1:{server.port}") as store:
            put(store, "a", b"body")


def test_a_user_needs_its_keys_scripts_and_time_alone(tmp_path: Path, prefix: str) -> None:
    with redis_server(tmp_path) as server, server.client() as client:
        allowed = "+evalsha +eval +time +hget +hset +hdel +zadd +zrem +zrangebylex +zrevrangebylex +get +set"
        keys = f"{{{prefix}}}:*"
        client.acl_setuser("worker", enabled=True, nopass=True, keys=[keys], commands=allowed.split())
        telemetry = MemoryTelemetry()
        url = f"redis://worker:any@127.0.0.1:{server.port}/0"
        with opened(url, prefix=prefix, telemetry=telemetry) as store:
            exercise(store, random.Random(1))  # noqa: S311  # the same every time
        assert [event.name for event in telemetry.events] == ["store.settings_unknown"]
        with opened(url, prefix="other") as store, pytest.raises(PermanentError, match="permission"):
            store.get("a")


# what it is made of


def exercise(store: RedisStateStore, chance: random.Random) -> None:
    """Use every verb on a handful of keys, and leave none of them."""
    keys = ["a", "a/b", "b", "c", "é"]
    for step in range(200):
        when = store.now() + timedelta(milliseconds=chance.randint(-3, 3))
        queue, due = chance.choice([("", None), ("work", None), ("work", when), ("other work", when)])
        expires = chance.choice([None, None, when])
        key = chance.choice(keys)
        change = Put(key=key, value=b"%d" % step, queue=queue, due_at=due, expires_at=expires)
        store.commit([change if chance.random() < 0.7 else Delete(key=key)])
        uses: list[Callable[[], object]] = [
            lambda: store.claim("work", 2, 0.001), lambda: store.take("a", 0.001), lambda: store.purge(1),
            lambda: store.scan("a", reverse=True), lambda: store.get("b"), lambda: None,
        ]  # fmt: skip
        chance.choice(uses)()
    store.commit([Delete(key=key) for key in keys])
    while store.purge(100):
        pass


def test_nothing_is_left_of_what_was_deleted(shared: Server, store: RedisStateStore, prefix: str) -> None:
    exercise(store, random.Random())  # noqa: S311  # other operations every time
    with shared.client() as client:
        assert client.keys(f"{{{prefix}}}:*") == [f"{{{prefix}}}:revision".encode()]


def test_scripts_that_were_forgotten_are_sent_again(shared: Server, store: RedisStateStore) -> None:
    for number in range(3):
        with shared.client() as client:
            client.script_flush()
        put(store, "a", b"%d" % number)
        assert [record.value for record in store.scan("")] == [b"%d" % number]


def test_a_large_commit_is_one(store: RedisStateStore) -> None:
    due, expires = store.now() - timedelta(hours=1), store.now() + timedelta(days=1)
    fields = {"queue": "work", "due_at": due, "expires_at": expires}
    many: list[Change] = [
        Put(key=f"{number:04}", value=b"x" * 10_000, guard=Absent(), **fields)  # type: ignore[arg-type]
        for number in range(999)
    ]
    assert conflict(store, *many, Check(key="gone", guard=AtRevision(1))) == Conflict("gone")
    assert store.scan("") == ()
    assert is_successful(store.commit([*many, Put(key="last", value=b"")]))
    assert len(store.scan("", limit=5000)) == 1000
    assert len(store.claim("work", 5000, LONG)) == 999


def test_work_behind_thousands_of_expired_records_is_claimed(store: RedisStateStore) -> None:
    now = store.now()
    for page in range(3):
        store.commit([
            Put(key=f"{page}/{number:03}", value=b"", queue="work", due_at=now - timedelta(hours=1), expires_at=now)
            for number in range(1000)
        ])  # fmt: skip
    put(store, "w", b"", queue="work", due_at=now - timedelta(minutes=1), expires_at=now)
    store.commit([Put(key=key, value=b"", queue="work", due_at=now) for key in ("x", "y", "z")])
    assert [record.key for record in store.scan("", limit=2)] == ["x", "y"]
    assert [record.key for record in store.claim("work", 2, LONG)] == ["x", "y"]
    assert [record.key for record in store.claim("work", 2, LONG)] == ["z"]
    assert store.purge(10) == 0


FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("at", [FIRST, datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), LAST])
def test_any_time_is_kept_to_the_microsecond(store: RedisStateStore, at: datetime) -> None:
    put(store, "a", b"", queue="work", due_at=at, expires_at=LAST)
    assert found(store, "a").due_at == at
    assert (store.take("a", LONG) is not None) == (at.year < 2000)


@pytest.mark.parametrize("lease", [0, 0.000_001, 0.5, 0.999_999, 1.75, 1e9])
def test_a_lease_is_counted_to_the_microsecond(store: RedisStateStore, lease: float) -> None:
    make_due(store, "a")
    earliest = store.now()
    due = taken(store, "a", lease).due_at
    assert due is not None
    assert earliest <= due - timedelta(seconds=lease) <= store.now()


def test_queues_whose_names_begin_alike_are_not_mixed(store: RedisStateStore) -> None:
    for queue in ("a", "a/", "ab", "a\x01", "a 9"):
        put(store, f"in {queue}", b"", queue=queue, due_at=store.now())
    assert [record.queue for record in store.claim("a", 10, LONG)] == ["a"]
    assert [record.queue for record in store.claim("ab", 10, LONG)] == ["ab"]


def test_stores_of_two_prefixes_know_nothing_of_each_other(shared: Server, store: RedisStateStore) -> None:
    put(store, "a", b"")
    with opened(shared.url, prefix=fresh_prefix()) as other:
        assert other.scan("") == ()


@pytest.mark.parametrize("key", ["", "a\0", "\ud800", "k" * 513])
def test_what_is_no_key_is_refused_by_every_verb(store: RedisStateStore, key: str) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: store.get(key), lambda: store.take(key, 1), lambda: store.claim(key, 1, 1),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(PermanentError, match="no key"):
            verb()


def test_a_node_of_a_cluster_keeps_all_of_a_store(tmp_path: Path) -> None:
    settings = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with redis_server(tmp_path, *settings) as server, opened(server.url) as store:
        with pytest.raises(TransientError, match="Hash slot not served"):
            store.get("a")
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        eventually(lambda: not told_by(lambda: put(store, "a", b"")))
        exercise(store, random.Random(2))  # noqa: S311  # the same every time


def test_another_node_of_a_cluster_is_named() -> None:
    moved = trouble("the store", MovedError("866 10.0.0.7:6380"))
    assert isinstance(moved, PermanentError)
    assert str(moved).endswith("10.0.0.7:6380")


# where it is


@pytest.mark.parametrize("settings", [(), ("--appendonly", "yes"), ("--save", "60 1")], ids=str)
def test_telemetry_is_told_once_of_a_server_that_keeps_nothing(
    tmp_path: Path, settings: tuple[str, ...]
) -> None:
    telemetry = MemoryTelemetry()
    with redis_server(tmp_path, *settings) as server, opened(server.url, telemetry=telemetry) as store:
        for _ in range(3):
            store.now()
            store.close()
    assert [event.name for event in telemetry.events] == ([] if settings else ["store.keeps_nothing"])


def test_a_socket_of_the_machine_is_a_server(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path, "--unixsocket", f"{tmp_path}/s"),
        opened(f"unix://{tmp_path}/s?db=3") as store,
    ):
        put(store, "a", b"body")
    with pytest.raises(TransientError, match=f"the store unix://{tmp_path}/s[?]db=3: "):
        store.get("a")


def test_databases_of_a_server_are_different_stores(shared: Server, prefix: str) -> None:
    url = shared.url.removesuffix("/0")
    with opened(f"{url}/1", prefix=prefix) as one, opened(f"{url}/2", prefix=prefix) as two:
        put(one, "a", b"")
        assert two.scan("") == ()
    with opened(f"{url}/99") as none, pytest.raises(PermanentError, match="/99: DB index"):
        none.get("a")


def test_a_connection_may_be_encrypted(shared: Server, prefix: str, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path / "certificate.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with between(shared.port, context=context) as port:
        for scheme in ("rediss", "valkeys"):
            url = f"{scheme}://127.0.0.1:{port}/0"
            with opened(f"{url}?ssl_ca_certs={certificate}", prefix=prefix) as store:
                put(store, "a", b"x" * 50_000)
                assert len(found(store, "a").value) == 50_000
            with opened(url) as store, pytest.raises(PermanentError, match="CERTIFICATE_VERIFY_FAILED"):
                store.get("a")


def self_signed(path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody else vouches for, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    day = timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem)
    )
    return path


@pytest.mark.parametrize(
    "url",
    ["", "http://host", "redis:host", "redis://:sec/ret@host:6379/0", "redis://:sec#ret@host",
     "redis://:sec?ret@host", "redis://:sec[ret@host", "redis://:sec\u2100ret@host", "redis://u:12/3@host",
     "redis://:secret@host/db", "redis://:secret@host:port", "redis://:secret@host/0?socket_timeout=x",
     "redis://:secret@host/0?nonsense=1", "rediss://:secret@host/0?ssl_cert_reqs=nonsense"],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        RedisStateStore(url)
    told = "".join(traceback.format_exception(refused.value)).replace(f"RedisStateStore({url!r})", "")
    assert "sec" not in told.replace("seconds", "")


@pytest.mark.parametrize("prefix", ["", "a{b", "}"])
def test_a_prefix_must_leave_the_hash_slot_alone(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="prefix"):
        RedisStateStore("redis://localhost", prefix=prefix)
