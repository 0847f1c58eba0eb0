"""The formats of texts, by examples of their sources."""

from __future__ import annotations

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.formats import FORMATS
from veriport.domain.patterns import parse_pattern

_UUID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"  # RFC 9562

#: What is of a format, and what is not.
EXAMPLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "email": (
        ("a@b.org", "first.last+tag@example.co.uk", "x@localhost", "o'hara@example.com", "a@b-c.de", "{}|~@x.y"),
        ("", "a", "@b.org", "a@", "a@@b.org", "a b@c.org", "a@b_c.org", "a@-b.org", "a@b-.org", "a@b..org",
         "a@b.org\n", "<a@b.org>", "a@b.org, c@d.org", "a@" + "b" * 64 + ".org", "ä@b.org"),
    ),
    "url": (
        ("http://a", "https://example.com/", "HTTPS://EXAMPLE.COM", "ftp://ftp.is.co.za/rfc/rfc1808.txt",
         "https://user:secret@example.com:8080/p/a?q=1#f", "http://[2001:db8::7]/c", "http://127.0.0.1:65535",
         "http://example.com?x", "http://example.com#x", "http://[::1]:80/"),
        ("", "example.com", "www.example.com", "http://", "http:///path", "mailto:a@b.org", "file:///etc/passwd",
         "javascript:alert(1)", "http://a b", "http://exa mple.com/", "http://example.com:port/", "http://[::1",
         "http://-a.com", "http://a@b@c/", "//example.com", "http://example.com/a b", " http://a", "http://a\n",
         "http://a:65536/", "http://a:99999/", "http://[:::]/", "http://[1]/", "http://[1.2.3.4]/"),
    ),
    "uuid": (
        (_UUID, _UUID.upper(), "00000000-0000-0000-0000-000000000000"),
        ("", _UUID.replace("-", ""), f"{{{_UUID}}}", f"urn:uuid:{_UUID}", _UUID[:-1], _UUID + "0", "g" + _UUID[1:]),
    ),
    "ipv4": (
        ("0.0.0.0", "127.0.0.1", "255.255.255.255", "1.20.200.250"),  # nothing binds to it
        ("", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4/24", "1.2.3.-4", "a.b.c.d", " 1.2.3.4"),
    ),
    "ipv6": (
        ("::", "::1", "2001:db8::7", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "fe80::1", "::ffff:192.0.2.1",
         "1:2:3:4:5:6:7::", "2001:DB8::A"),
        ("", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "fe80::1%eth0", "[::1]",
         "::1/128", "127.0.0.1", "::256.1.1.1"),
    ),
    "phone": (
        ("+49 30 123456", "+1 (212) 555-1234", "(212) 555-1234", "212-555-1234", "0301234567", "+442079460958",
         "+49 (0) 30 123456", "030/123456"),
        ("", "123456", "+1234567890123456", "call me", "+49 30 12345x", "++49301234567", "12", "(212", "-212 555 1234"),
    ),
    "date": (
        ("2024-02-29", "0001-01-01", "9999-12-31"),
        ("", "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "20240101", "01.02.2024", "2024-01-01T00:00",
         "0000-01-01", "2024-W01-1", "2024-04-31"),
    ),
    "datetime": (
        ("2024-01-31T12:00:00", "2024-01-31 12:00", "2024-01-31T12:00:00Z", "2024-01-31T12:00:00+01:00",
         "2024-01-31T12:00:00+0100", "2024-01-31 12:00:00+01", "2024-01-31T12:00:00.123456789Z"),
        ("", "2024-01-31", "2024-02-30T12:00:00", "2024-01-31T24:00:00", "2024-01-31T12:60", "31.01.2024 12:00",
         "2024-01-31T12:00:00+25:00", "2024-01-31T12", "2024-01-31T12:00:00 Z", "1706702400"),
    ),
    "json": (
        ("{}", "[]", '{"a": [1, null, true]}', '"text"', "5", "null", " [1]\n", "1" * 5000, '"ü"', "1e5"),
        ("", " ", "{", "{'a': 1}", "{a: 1}", "[1,]", "NaN", "[Infinity]", "-Infinity", "undefined", "1 2", "[" * 99_999),
    ),
    "hostname": (
        ("localhost", "example.com", "a-b.example.com", "EXAMPLE.COM", "1.example.com", "a" * 63 + ".org",
         ".".join(["a" * 61] * 4)),
        ("", "-a.com", "a-.com", "a..b", ".a", "a b", "a_b.com", "a" * 64, ".".join(["a" * 63] * 4), "a.com/",
         "müller.de"),
    ),
    "country": (("DE", "GB", "US", "NO"), ("", "de", "UK", "XX", "DEU", "EU", "D", "DE ")),
    "country3": (("DEU", "GBR", "USA", "NOR"), ("", "deu", "GER", "XXX", "DE", "DEUX")),
    "iban": (
        # the registry's examples, ISO 13616
        ("GB29NWBK60161331926819", "DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
         "XK051212012345678906", "FR1420041010050500013M02606"),
        ("", "GB29 NWBK 6016 1331 9268 19", "GB28NWBK60161331926819", "DE89370400440532013001", "gb29nwbk60161331926819",
         "ZZ89370400440532013000", "DE8937040044", "NO9386011117948", "DE893704004405320130001"),
    ),
}  # fmt: skip


def _is(name: str, text: str) -> bool:
    """As an engine does it, here by Python."""
    wanted = FORMATS[name]
    spelling = {r"\z": r"\Z", "(?m:^)": "(?m:^)"}
    matches = re.search(parse_pattern(wanted.pattern).spell(spelling), text, re.ASCII) is not None
    return matches and (wanted.check is None or wanted.check(text))


def test_every_format_has_examples() -> None:
    assert EXAMPLES.keys() == FORMATS.keys()


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in EXAMPLES for text in EXAMPLES[name][0]])
def test_what_is_of_a_format_is_taken(name: str, text: str) -> None:
    assert _is(name, text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in EXAMPLES for text in EXAMPLES[name][1]])
def test_what_is_of_no_such_format_is_refused(name: str, text: str) -> None:
    assert not _is(name, text)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_what_it_is_and_has_a_pattern_of_the_dialect(name: str) -> None:
    assert FORMATS[name].meaning
    assert parse_pattern(FORMATS[name].pattern)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", ["", "\n", "\0", "ü", "💥", "٣", "a" * 10_000])
def test_no_text_is_too_odd_for_a_format(name: str, text: str) -> None:
    assert _is(name, text) in {True, False}


_groups = st.lists(st.sampled_from(["0", "db8", "FFFF", "", "", "12345", "g"]), max_size=9).map(":".join)


@given(_groups | st.builds("{}:{}".format, _groups, st.sampled_from(["1.2.3.4", "256.1.1.1"])))
def test_ipv6_is_what_python_takes_for_it(text: str) -> None:
    try:
        known = bool(ipaddress.IPv6Address(text))
    except ValueError:
        known = False
    assert _is("ipv6", text) is known


def test_all_countries_of_iso_3166_are_known() -> None:
    taken = [
        a + b for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if _is("country", a + b)
    ]  # fmt: skip
    assert len(taken) == 249
