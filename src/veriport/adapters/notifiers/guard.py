"""Which addresses may be reached: the public ones, and what was allowed by name (D18).

A URL from configuration must not turn this process into a way into the network that it stands in
(server-side request forgery). The judgement is about the address that is connected to, after the name
was resolved, so neither a name that points inside, nor one that changes its mind between two
look-ups, nor an odd spelling such as ``0x7f.1`` or ``2130706433`` gets through.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from attrs import field, frozen

from veriport.adapters.notifiers.deadline import Deadline
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import PermanentError, TransientError

#: From a host and a port to the addresses to connect to, best first. Raises ``OSError``.
Resolve: TypeAlias = Callable[[str, int], Iterable[str]]


def system_resolve(host: str, port: int) -> Iterable[str]:
    """The addresses that the operating system knows for ``host``, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _hosts(names: str | Iterable[str]) -> frozenset[str]:
    listed = (names,) if isinstance(names, str) else tuple(names)
    for name in listed:
        if re.search(r"[/@\s]|^[^:]*:\d*$", name) or not name:
            raise ConfigurationError(f"allow_hosts holds {name!r}: name hosts without scheme, port or path")
    return frozenset(map(canonical_host, listed))


def canonical_host(host: str) -> str:
    """One spelling for one host: lower case, ``xn--`` for other scripts, no brackets, no last dot."""
    text = host.strip("[]").rstrip(".").lower()
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    try:
        return text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        return text


@frozen(kw_only=True)
class Guard:
    """Finds the addresses of a host and refuses those that are not public.

    ``allow_hosts`` names hosts that may have any address: a name or an address as it stands in the
    URL. ``resolve`` is the operating system's unless another is given.
    """

    allow_hosts: frozenset[str] = field(default=(), converter=_hosts)
    resolve: Resolve = system_resolve

    def addresses(self, host: str, port: int, deadline: Deadline) -> tuple[str, ...]:
        """The addresses of ``host``, every one of which may be connected to; at least one.

        Raises ``PermanentError`` when one of them is not public and the host is not allowed,
        ``TransientError`` when the name has none, ``DeadlineExceeded`` when the answer is late.
        """
        found = self._resolved(host, port, deadline)
        if canonical_host(host) not in self.allow_hosts:
            for address in found:
                if not is_public(address):
                    raise PermanentError(_refusal(host, address))
        return found

    def _resolved(self, host: str, port: int, deadline: Deadline) -> tuple[str, ...]:
        if _is_address(host):
            return (host,)
        try:
            found = _in_time(lambda: tuple(self.resolve(host, port)), deadline)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not a name"
            raise TransientError(f"cannot find the address of {host}: {reason}") from error
        if not found:
            raise TransientError(f"cannot find the address of {host}: it has none")
        return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refusal(host: str, address: str) -> str:
    is_itself = canonical_host(host) == canonical_host(address)
    what = f"{host} is" if is_itself else f"{host} has the address {address},"
    return f"{what} not a public address; to allow it, list {host!r} under allow_hosts"


def _in_time(look_up: Callable[[], tuple[str, ...]], deadline: Deadline) -> tuple[str, ...]:
    """Call ``look_up`` in a thread that is left behind when it is late: it cannot be interrupted."""
    answer: list[tuple[str, ...] | Exception] = []
    done = threading.Event()

    def run() -> None:
        try:
            answer.append(look_up())
        except Exception as error:  # noqa: BLE001  # it is raised where the answer is waited for
            answer.append(error)
        done.set()

    threading.Thread(target=run, name="resolve", daemon=True).start()
    if not done.wait(deadline.left()):
        raise deadline.exceeded()
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


_GLOBAL = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
#: Special by the IANA registries and not yet known to every version of ``ipaddress``.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet.

    Not so are private, loopback, link-local (cloud metadata), shared (carrier-grade NAT), multicast,
    reserved, documentation and unspecified addresses. An IPv6 address that stands for an IPv4 one
    (mapped, 6to4, Teredo, NAT64) is judged by it. IANA special-purpose registries, RFC 6890.
    """
    try:
        return _is_public(ip_address(address))
    except ValueError:
        return False


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and (inner := _inner(ip)) is not None:
        return _is_public(inner)
    if isinstance(ip, IPv6Address) and ip not in _GLOBAL:
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved) and not any(ip in net for net in _SPECIAL)


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to ``ip`` end up at."""
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
