"""Only public addresses are reached, whatever they are called."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.adapters.clocks.system import SystemClock
from veriport.adapters.notifiers.deadline import Deadline
from veriport.adapters.notifiers.guard import Guard, is_public
from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import DeadlineExceeded, PermanentError, TransientError

PUBLIC = "93.184.216.34"


PUBLIC_ADDRESSES = """
    93.184.216.34 8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 223.255.255.255
    2606:4700::1111 2a00:1450:4001:: ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
"""

OTHER_ADDRESSES = {
    "of this machine": "127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 ::1 ::",
    "private": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 fc00::1 fd00:ec2::254 fec0::1",
    "link-local, with the metadata of clouds": "169.254.169.254 169.254.170.2 fe80::1 fe80::1%eth0",
    "shared by carriers": "100.64.0.1 100.100.100.200",
    "multicast, broadcast, reserved": "224.0.0.1 239.255.255.255 240.0.0.1 ff02::1 ff0e::1 4000::1",
    "documentation and benchmarks": "192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 2001:db8::1 3fff::1",
    "protocols": "192.0.0.1 192.0.0.192 192.88.99.1 100::1",
    "IPv4 in IPv6: mapped and compatible": "::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1",
    "translated": "64:ff9b::7f00:1 64:ff9b:1::1",
    "6to4 and Teredo": "2002:7f00:1:: 2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:80ff:fffe",
    "no addresses": "localhost 0x7f.1 2130706433 010.0.0.1 1.2.3 93.184.216.34/32",
}


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES.split())
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [*" ".join(OTHER_ADDRESSES.values()).split(), ""])
def test_other_addresses(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_inside_another_one(address: IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))


NETWORKS = st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "224.0.0.0/4"])


@given(NETWORKS.flatmap(lambda network: st.ip_addresses(v=4, network=IPv4Network(network))))
def test_no_address_of_these_networks_is_public(address: IPv4Address) -> None:
    assert not is_public(str(address))


def deadline(seconds: float = 5) -> Deadline:
    return Deadline(SystemClock(), seconds, "the request")


def guard(*addresses: str, allow_hosts: Iterable[str] = ()) -> Guard:
    return Guard(allow_hosts=allow_hosts, resolve=lambda _, __: addresses)


def test_a_name_with_public_addresses_is_let_through() -> None:
    found = guard(PUBLIC, "2606:4700::1111").addresses("example.com", 443, deadline())
    assert found == (PUBLIC, "2606:4700::1111")


@pytest.mark.parametrize("addresses", [("127.0.0.1",), (PUBLIC, "10.0.0.1"), ("10.0.0.1", PUBLIC)])
def test_one_address_inside_is_enough_to_refuse(addresses: tuple[str, ...]) -> None:
    with pytest.raises(PermanentError, match="not a public address"):
        guard(*addresses).addresses("example.com", 443, deadline())


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(PermanentError) as raised:
        guard("10.0.0.1").addresses("inside.example", 443, deadline())
    assert str(raised.value) == (
        "inside.example has the address 10.0.0.1, not a public address; "
        "to allow it, list 'inside.example' under allow_hosts"
    )


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("inside.example", "inside.example"),
        ("inside.example", "INSIDE.example."),
        ("INSIDE.example.", "inside.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("::1", "[0:0:0:0:0:0:0:1]"),
        ("xn--mnchen-3ya.example", "münchen.example"),
    ],
)
def test_an_allowed_host_may_have_any_address(host: str, allowed: str) -> None:
    assert guard("10.0.0.1", allow_hosts=[allowed]).addresses(host, 443, deadline())


@pytest.mark.parametrize("allowed", ["example", "a.inside.example", "inside.example.org", "10.0.0.1", "*"])
def test_only_the_host_itself_is_allowed(allowed: str) -> None:
    with pytest.raises(PermanentError):
        guard("10.0.0.1", allow_hosts=[allowed]).addresses("inside.example", 443, deadline())


@pytest.mark.parametrize("wrong", ["http://inside", "inside:8080", "inside/path", "a@inside", "", "a b"])
def test_what_is_no_host_cannot_be_allowed(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="without scheme, port or path"):
        Guard(allow_hosts=[wrong])


def test_one_text_is_one_host() -> None:
    assert Guard(allow_hosts="localhost").allow_hosts == frozenset({"localhost"})


def test_an_address_is_not_looked_up() -> None:
    def resolve(_: str, __: int) -> Iterable[str]:
        raise AssertionError

    assert Guard(resolve=resolve).addresses(PUBLIC, 443, deadline()) == (PUBLIC,)


def test_a_name_is_looked_up_once() -> None:
    asked = []

    def resolve(host: str, port: int) -> Iterable[str]:
        asked.append((host, port))
        return [PUBLIC]

    Guard(resolve=resolve).addresses("example.com", 443, deadline())
    assert asked == [("example.com", 443)]


@pytest.mark.parametrize(
    "spelling", ["2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "0"]
)
def test_odd_spellings_of_this_machine_are_refused(spelling: str) -> None:
    with pytest.raises((PermanentError, TransientError)):
        Guard().addresses(spelling, 80, deadline())


def test_this_machine_by_name_is_refused() -> None:
    with pytest.raises(PermanentError, match="localhost has the address"):
        Guard().addresses("localhost", 80, deadline())


@pytest.mark.parametrize("error", [OSError(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_found_is_transient(error: Exception) -> None:
    def resolve(_: str, __: int) -> Iterable[str]:
        raise error

    with pytest.raises(TransientError, match=r"cannot find the address of example\.com"):
        Guard(resolve=resolve).addresses("example.com", 443, deadline())


def test_a_name_without_addresses_is_transient() -> None:
    with pytest.raises(TransientError, match="it has none"):
        guard().addresses("example.com", 443, deadline())


@pytest.fixture
def answered() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_slow_answer_is_not_waited_for(answered: threading.Event) -> None:
    def resolve(_: str, __: int) -> Iterable[str]:
        answered.wait(5)
        return [PUBLIC]

    with pytest.raises(DeadlineExceeded):
        Guard(resolve=resolve).addresses("example.com", 443, deadline(0.05))
