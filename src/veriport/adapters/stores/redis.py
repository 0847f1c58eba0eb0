"""Records in Redis or Valkey, each verb one script that the server runs alone and as a whole.

A script reads and checks all that it must before its first write, so that it is refused whole: by a
guard, or by a server that is full, a replica or loading. What it writes reaches the append-only file and
the replicas as one transaction.

How long a commit lasts is the server's setting: with ``appendfsync everysec``, which is usual, a power cut
may undo up to the last second of commits; ``always`` undoes none. Snapshots alone undo minutes, and a
replica that takes over may lack what was not sent to it. Revisions are the server's time in microseconds
or one more than the last, whichever is greater, so that even then none is given twice.

All is in five keys of one hash slot: ``{prefix}:records`` holds each record by its key, and sorted sets
hold what is found by order of bytes: ``:keys`` the keys, ``:due`` queue, time and key, ``:expiry`` time
and key; ``:revision`` is the last one. A time is written as 18 digits whose order is that of time.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from attrs import define, field, frozen
from returns.result import Failure, Result, Success

from veriport.adapters.stores.sound import refuse_unsound
from veriport.domain.errors import ConfigurationError
from veriport.domain.records import (
    Absent,
    AtFence,
    AtRevision,
    Change,
    Check,
    Conflict,
    Delete,
    Guard,
    Put,
    Record,
    key_fault,
    micros,
    moment,
)
from veriport.ports.errors import MissingExtra, PermanentError, PortError, TransientError
from veriport.ports.telemetry import Telemetry

try:
    from redis import Redis
    from redis import exceptions as vendor
    from redis.backoff import NoBackoff
    from redis.connection import Connection, ConnectionPool, parse_url
    from redis.retry import Retry
except ImportError as missing:
    raise MissingExtra("the store 'redis'", "redis") from missing

#: What URLs may begin with, and what the vendor calls it.
SCHEMES: Mapping[str, str] = {
    "redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix",
}  # fmt: skip

#: What a server that has a limit of memory may do when it is reached: nothing that loses a record.
_LOSES_NOTHING = frozenset({b"noeviction"})

#: Records of one script, where the caller does not need them at one moment.
_PAGE = 1000

#: Microseconds that are added to a time, so that those before 1970 are not negative.
_OFFSET = 10**17

_Arg: TypeAlias = bytes | str | int


@frozen
class _Script:
    """A script and the name under which a server remembers it."""

    text: str
    sha: str = field(init=False)

    @sha.default
    def _hash(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


#: Numbers of Lua are doubles: whole ones are exact to 2^53, which is the year 2255 in microseconds. A time
#: from outside may be later, so times stay texts.
_COMMON = r"""
local RECORDS, NAMES, DUE, EXPIRY, REVISION = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local clock = redis.call('TIME')
local second, micro = tonumber(clock[1]), tonumber(clock[2])

local function whole(number) return string.format('%.0f', number) end
local function time(second, micro) return string.format('%012.0f%06.0f', second + 1e11, micro) end
local now = time(second, micro)

local function read(key)
  local packed = redis.call('HGET', RECORDS, key)
  if not packed then return nil end
  local revision, fence, claims, due, expires, queue, body =
    string.match(packed, '^(%d+) (%d+) (%d+) (%d*) (%d*) (%Z*)%z()')
  return {packed = packed, body = body, revision = revision, fence = fence, claims = claims,
          due = due, expires = expires, queue = queue}
end

local function lives(record) return record and (record.expires == '' or record.expires > now) end

local function unlist(key, record)
  if record.due ~= '' then redis.call('ZREM', DUE, record.queue .. '\0' .. record.due .. key) end
  if record.expires ~= '' then redis.call('ZREM', EXPIRY, record.expires .. key) end
end

local function remove(key, record)
  unlist(key, record)
  redis.call('HDEL', RECORDS, key)
  redis.call('ZREM', NAMES, key)
end

local function write(key, before, record, value)
  if before then unlist(key, before) else redis.call('ZADD', NAMES, 0, key) end
  local head = {record.revision, record.fence, record.claims, record.due, record.expires, record.queue}
  local packed = table.concat(head, ' ') .. '\0' .. value
  redis.call('HSET', RECORDS, key, packed)
  if record.due ~= '' then redis.call('ZADD', DUE, 0, record.queue .. '\0' .. record.due .. key) end
  if record.expires ~= '' then redis.call('ZADD', EXPIRY, 0, record.expires .. key) end
  return packed
end

-- The first write of whatever puts or claims: a server that is full refuses it, and so all. Claims, too,
-- which would fit: work whose end cannot be recorded is better not begun.
local function next_revision()
  local last = tonumber(redis.call('GET', REVISION) or '0')
  local given = whole(math.max(last + 1, second * 1e6 + micro))
  redis.call('SET', REVISION, given)
  return given
end

local function claimed(key, record, revision, lease_seconds, lease_micros)
  local micros = micro + lease_micros
  return write(key, record, {
    revision = revision, fence = revision, claims = whole(record.claims + 1), expires = record.expires,
    due = time(second + lease_seconds + math.floor(micros / 1e6), micros % 1e6), queue = record.queue,
  }, string.sub(record.packed, record.body))
end
"""

_GET = _Script(
    _COMMON
    + r"""
local record = read(ARGV[1])
return lives(record) and record.packed
"""
)

_SCAN = _Script(
    _COMMON
    + r"""
local command, from, to, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local found = {}
repeat
  local page = redis.call(command, NAMES, from, to, 'LIMIT', 0, math.min(limit, 1000))
  for _, key in ipairs(page) do
    local record = read(key)
    if limit > 0 and lives(record) then
      found[#found + 1], found[#found + 2] = key, record.packed
      limit = limit - 1
    end
    from = '(' .. key
  end
until limit == 0 or #page == 0
return found
"""
)

#: Eight arguments a change: what, key, guard and its number, queue, due, expires, value. The answer is the
#: revision, or the place of the change whose guard does not hold.
_COMMIT = _Script(
    _COMMON
    + r"""
local function holds(guard, number, record)
  if guard == '' then return true end
  if guard == 'absent' then return not record end
  return record and record[guard] == number
end

local before, puts = {}, false
for at = 1, #ARGV, 8 do
  local record = read(ARGV[at + 1])
  if not holds(ARGV[at + 2], ARGV[at + 3], lives(record) and record) then return (at - 1) / 8 end
  before[at] = record
  puts = puts or ARGV[at] == 'put'
end
-- Deleting needs no new revision, and works where there is no room for one.
local revision = puts and next_revision() or whole(second * 1e6 + micro)
for at = 1, #ARGV, 8 do
  local what, key, old = ARGV[at], ARGV[at + 1], before[at]
  if what == 'put' then
    local kept = lives(old) and old or {fence = '0', claims = '0'}
    write(key, old, {
      revision = revision, fence = kept.fence, claims = kept.claims,
      queue = ARGV[at + 4], due = ARGV[at + 5], expires = ARGV[at + 6],
    }, ARGV[at + 7])
  elseif what == 'delete' and old then
    remove(key, old)
  end
end
return revision
"""
)

_TAKE = _Script(
    _COMMON
    + r"""
local key = ARGV[1]
local record = read(key)
if not lives(record) or record.due == '' or record.due > now then return false end
return claimed(key, record, next_revision(), tonumber(ARGV[2]), tonumber(ARGV[3]))
"""
)

#: What has expired is removed on the way, so that no claim comes across it again.
_CLAIM = _Script(
    _COMMON
    + r"""
local queue, limit = ARGV[1], tonumber(ARGV[2])
local from, to = '[' .. queue .. '\0', '[' .. queue .. '\0' .. now .. '\255'
local due, gone = {}, {}
repeat
  local page = redis.call('ZRANGEBYLEX', DUE, from, to, 'LIMIT', 0, math.min(limit, 1000))
  for _, member in ipairs(page) do
    local key = string.sub(member, #queue + 20)
    local record = read(key)
    if not lives(record) then
      gone[#gone + 1] = {key, record}
    elseif #due < limit then
      due[#due + 1] = {key, record}
    end
    from = '(' .. member
  end
until #due == limit or #page == 0
local revision = #due > 0 and next_revision()
for _, each in ipairs(gone) do remove(each[1], each[2]) end
local given = {}
for _, each in ipairs(due) do
  given[#given + 1] = each[1]
  given[#given + 1] = claimed(each[1], each[2], revision, tonumber(ARGV[3]), tonumber(ARGV[4]))
end
return given
"""
)

_PURGE = _Script(
    _COMMON
    + r"""
local page = redis.call('ZRANGEBYLEX', EXPIRY, '-', '[' .. now .. '\255', 'LIMIT', 0, ARGV[1])
for _, member in ipairs(page) do
  local key = string.sub(member, 19)
  remove(key, read(key))
end
return #page
"""
)


class RedisStateStore:
    """Keeps records in the Redis or Valkey server at ``url``.

    A URL is ``redis://[user:password@]host:port/db``, the same with ``rediss`` for TLS or with ``valkey``
    and ``valkeys``, or ``unix:///path?db=0``; what redis-py reads from a query works, too. Stores of
    different ``prefix`` know nothing of each other. Raises ``ConfigurationError`` for a URL that cannot be
    used.

    A server that throws away data when its memory is full is refused with ``PermanentError`` when it is
    connected to. ``telemetry`` is told of a server that keeps nothing on its disk.

    Nothing is tried twice, and no answer is waited for longer than ``timeout_seconds``.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "veriport",
        telemetry: Telemetry | None = None,
        connect_timeout_seconds: float = 5.0,
        timeout_seconds: float = 10.0,
    ) -> None:
        if not prefix or set(prefix) & set("{}"):
            raise ConfigurationError(f"{prefix!r} is no prefix of a Redis store: it is empty or has braces")
        self._keys = tuple(
            f"{{{prefix}}}:{name}" for name in ("records", "keys", "due", "expiry", "revision")
        )
        said = _read(url)
        self._name = _name(url, said)
        self._options = {
            "socket_connect_timeout": connect_timeout_seconds,
            "socket_timeout": timeout_seconds,
            "max_connections": 2**31,
            **said,
            "decode_responses": False,
            "protocol": 2,  # all servers know it, and we need nothing of what the third adds
            "retry": Retry(NoBackoff(), 0),
            "redis_connect_func": _Greeting(self._name, telemetry),
        }
        self._client: tuple[int, Redis] | None = None
        try:
            _make_pool(self._options).make_connection()
        except (TypeError, ValueError, vendor.RedisError) as wrong:
            raise ConfigurationError(f"{self._name}: {wrong}") from wrong

    def now(self) -> datetime:
        """See ``StateStore``."""
        with self._connected() as execute:
            seconds, micro = execute("TIME")
        return moment(seconds * 10**6 + micro)

    def get(self, key: str) -> Record | None:
        """See ``StateStore``."""
        return _found(key, self._run(_GET, _sound(key)))

    def scan(
        self, prefix: str, *, after: str = "", limit: int = 1000, reverse: bool = False
    ) -> tuple[Record, ...]:
        """See ``StateStore``. What it gives was there at one moment."""
        begin, beyond = _bytes(prefix), _bytes(after)
        lowest, highest = (b"[" + begin, b"(" + begin + b"\xff") if begin else (b"-", b"+")
        if reverse:
            start = b"(" + beyond if after and beyond < begin + b"\xff" else highest
            return _records(self._run(_SCAN, "ZREVRANGEBYLEX", start, lowest, max(limit, 0)))
        start = b"(" + beyond if after and beyond >= begin else lowest
        return _records(self._run(_SCAN, "ZRANGEBYLEX", start, highest, max(limit, 0)))

    def commit(self, changes: Sequence[Change]) -> Result[int, Conflict]:
        """See ``StateStore``."""
        refuse_unsound(changes)
        if not changes:
            return Success(0)
        answer = self._run(_COMMIT, *(arg for change in changes for arg in _args(change)))
        return Failure(Conflict(changes[answer].key)) if isinstance(answer, int) else Success(int(answer))

    def take(self, key: str, lease_seconds: float) -> Record | None:
        """See ``StateStore``."""
        return _found(key, self._run(_TAKE, _sound(key), *_lease(lease_seconds)))

    def close(self) -> None:
        """See ``StateStore``. What other threads wait for still comes."""
        client, self._client = self._client, None
        if client is not None and client[0] == os.getpid():
            client[1].connection_pool.disconnect(inuse_connections=False)

    def claim(self, queue: str, limit: int, lease_seconds: float) -> tuple[Record, ...]:
        """See ``SupportsQueues``."""
        return _records(self._run(_CLAIM, _sound(queue), max(limit, 0), *_lease(lease_seconds)))

    def purge(self, limit: int) -> int:
        """See ``SupportsQueues``. The server does other things after each thousand."""
        removed = 0
        while (page := min(limit - removed, _PAGE)) > 0:
            done = int(self._run(_PURGE, page))
            removed += done
            if done < page:
                break
        return removed

    def _run(self, script: _Script, *args: _Arg) -> Any:  # noqa: ANN401  # the caller knows its script
        call = (len(self._keys), *self._keys, *args)
        with self._connected() as execute:
            try:
                return execute("EVALSHA", script.sha, *call)
            except vendor.NoScriptError:
                return execute("EVAL", script.text, *call)

    @contextmanager
    def _connected(self) -> Iterator[Callable[..., Any]]:
        """The client of this process. One that was forked begins anew: locks and sockets are not its own."""
        mine = self._client
        if mine is None or mine[0] != os.getpid():
            mine = self._client = (os.getpid(), Redis(connection_pool=_make_pool(self._options)))
        try:
            yield mine[1].execute_command
        except vendor.RedisError as error:
            raise trouble(self._name, error) from error


@define(eq=False)
class _Greeting:
    """What is done with every new connection: log in, and look at what the server would do to our records.

    It knows no store: connections that knew their store would not be let go of together with it.
    """

    store: str
    telemetry: Telemetry | None

    def __call__(self, connection: Connection) -> None:
        connection.on_connect()  # type: ignore[no-untyped-call]  # as all of redis-py that we use
        facts = dict(_FACT.findall(_ask(connection, "INFO") or b""))
        policy = facts.get(b"maxmemory_policy", b"noeviction")
        if facts.get(b"maxmemory", b"0") != b"0" and policy not in _LOSES_NOTHING:
            raise _RefusedError(
                "it throws away data when its memory is full: "
                f"its setting maxmemory-policy is {policy.decode()} and must be noeviction"
            )
        telemetry, self.telemetry = self.telemetry, None  # it is told once
        if telemetry is None:
            return
        if not facts:
            telemetry.event("store.settings_unknown", store=self.store, reason="the server forbids INFO")
        elif facts.get(b"aof_enabled") == b"0" and _saves_nothing(connection):
            reason = "neither appendonly nor save is set: a restart of the server loses all records"
            telemetry.event("store.keeps_nothing", store=self.store, reason=reason)


class _RefusedError(vendor.RedisError):
    """We do not want this server."""


_FACT = re.compile(rb"^(\w+):(.*?)\r?$", re.MULTILINE)


def _saves_nothing(connection: Connection) -> bool:
    return bool(_ask(connection, "CONFIG", "GET", "save") == [b"save", b""])


def _ask(connection: Connection, *command: str) -> Any:  # noqa: ANN401  # what the server says
    """The answer to a question; ``None`` from a server that forbids it, or does not know it."""
    connection.send_command(*command)  # type: ignore[no-untyped-call]
    try:
        return connection.read_response()
    except vendor.ResponseError as error:
        if isinstance(error, vendor.NoPermissionError) or "unknown command" in str(error):
            return None
        raise


def _read(url: str) -> dict[str, Any]:
    """What a URL says, as redis-py names it. No error quotes it, since any part may be of a password."""
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise ConfigurationError(f"the URL of a Redis store begins with one of {known}")
    known_url = f"{SCHEMES[scheme]}://{rest}"
    try:
        parts, said = urlsplit(known_url), parse_url(known_url)  # type: ignore[no-untyped-call]
    except ValueError:
        raise ConfigurationError(f"this is no {scheme}:// URL, or an option in it is no number") from None
    strange = parts.fragment or "@" in parts.query or not _DB.fullmatch(parts.path)
    if strange and scheme != "unix":
        raise ConfigurationError(
            f"this URL is not {scheme}://user:password@host:port/db: write / ? # @ : [ ] of a name or a "
            "password as %2F %3F %23 %40 %3A %5B %5D, and the database as a number"
        )
    return dict(said)


_DB = re.compile(r"/?[0-9]*")


def _name(url: str, options: Mapping[str, Any]) -> str:
    """How errors call a server."""
    scheme, db = url.partition("://")[0], options.get("db", 0)
    if scheme == "unix":
        return f"the store unix://{options.get('path', '')}?db={db}"
    host = options.get("host", "localhost")
    return f"the store {scheme}://{f'[{host}]' if ':' in host else host}:{options.get('port', 6379)}/{db}"


def _make_pool(options: Mapping[str, Any]) -> ConnectionPool:
    return ConnectionPool(**options)


#: Errors of redis-py, and codes of the server's own, that may pass.
_MAY_PASS = (
    vendor.ConnectionError, vendor.TimeoutError, vendor.OutOfMemoryError, vendor.ReadOnlyError,
    vendor.ClusterDownError, vendor.TryAgainError, vendor.AskError,
)  # fmt: skip
_LASTS = (vendor.AuthenticationError, vendor.AuthorizationError)
_PASSING = re.compile(
    r"\b(BUSY|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM|READONLY)\b|SCRIPT KILL|max number of clients"
)


def trouble(name: str, error: vendor.RedisError) -> PortError:
    """Our error for what redis-py or the server said."""
    text = f"{name}: {error}"
    if isinstance(error, vendor.MovedError):
        return PermanentError(
            f"{name}: another node of its cluster has our hash slot: {error.host}:{error.port}"
        )
    if isinstance(error, _LASTS) or "CERTIFICATE_VERIFY_FAILED" in text:
        return PermanentError(text)
    passes = isinstance(error, _MAY_PASS) or _PASSING.search(str(error))
    return TransientError(text) if passes else PermanentError(text)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _sound(key: str) -> bytes:
    if fault := key_fault(key):
        raise PermanentError(fault)
    return key.encode()


def _lease(seconds: float) -> tuple[int, int]:
    return divmod(timedelta(seconds=seconds) // timedelta(microseconds=1), 10**6)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{micros(at) + _OFFSET:018}"


def _moment(text: bytes) -> datetime | None:
    return moment(int(text) - _OFFSET) if text else None


def _args(change: Change) -> tuple[_Arg, ...]:
    """A change as ``_COMMIT`` reads it."""
    key, guard = change.key.encode(), _guard(change.guard)
    match change:
        case Put():
            times = (_time(change.due_at), _time(change.expires_at))
            return ("put", key, *guard, change.queue.encode(), *times, bytes(change.value))
        case Delete():
            return ("delete", key, *guard, b"", b"", b"", b"")
        case Check():
            return ("check", key, *guard, b"", b"", b"", b"")


def _guard(guard: Guard) -> tuple[str, int]:
    match guard:
        case Absent():
            return ("absent", 0)
        case AtRevision(revision):
            return ("revision", revision)
        case AtFence(fence):
            return ("fence", fence)
    return ("", 0)


def _found(key: str, packed: bytes | None) -> Record | None:
    return None if packed is None else _record(key, packed)


def _records(flat: Sequence[bytes]) -> tuple[Record, ...]:
    return tuple(_record(key.decode(), packed) for key, packed in zip(flat[::2], flat[1::2], strict=True))


def _record(key: str, packed: bytes) -> Record:
    head, _, value = packed.partition(b"\0")
    revision, fence, claims, due, expires, queue = head.split(b" ", 5)
    return Record(
        key=key,
        value=value,
        revision=int(revision),
        queue=queue.decode(),
        due_at=_moment(due),
        claims=int(claims),
        fence=int(fence),
        expires_at=_moment(expires),
    )
