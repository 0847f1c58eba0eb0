"""Options of adapters are compared with the parameters of their classes, whatever the kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from veriport.domain.errors import ConfigurationError
from veriport.wiring import catalog
from veriport.wiring.catalog import CATALOG, Fault, faults

KINDS = [(port, kind) for port, known in CATALOG.items() for kind in known]


class Odd:
    """An engine of somebody else's."""

    def __init__(self, path: str, *, threads: int = 1, clock: object = None) -> None:
        raise ImportError(f"a library for {path, threads, clock} that is only needed now")


class Open:
    """One that takes anything."""

    def __init__(self, path: str, **options: object) -> None:
        self.options = {"path": path, **options}


def needy(place: str) -> Iterator[str]:
    """A factory instead of a class."""
    yield place


def _faults(name: str, *given: str, **more: tuple[str, ...]) -> list[tuple[str, str]]:
    found = faults("engines", f"{__name__}:{name}", given, **more)
    return [(fault.key, fault.message.replace(f"{__name__}:", "")) for fault in found]


@pytest.mark.parametrize(("port", "kind"), KINDS, ids=str)
def test_an_option_that_no_kind_has_is_told_by_every_kind(port: str, kind: str) -> None:
    found = {fault.key: fault.message for fault in faults(port, kind, ["no_such_option"])}
    told = found.get("no_such_option") or found.get("kind", "")  # or that it cannot be imported here
    assert "unknown key 'no_such_option' in " in told or "pip install" in told or "cannot be imported" in told


@pytest.mark.parametrize(("port", "kind"), KINDS, ids=str)
def test_without_options_a_kind_of_ours_is_not_at_fault(port: str, kind: str) -> None:
    assert faults(port, kind, []) == ()


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    (fault,) = faults("telemetry", "lgo", ["x"])
    assert fault == Fault(
        "kind",
        "unknown telemetry 'lgo': known are log, none, or write package.module:Class; did you mean 'log'?",
    )


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("Odd", ["path"], []),
        ("Odd", ["path", "threads"], []),
        ("Odd", ["path", "thread"], [("thread", "unknown key 'thread' in engine 'Odd'; did you mean 'threads'?")]),
        ("Odd", ["path", "zzz"], [("zzz", "unknown key 'zzz' in engine 'Odd': known are path, threads, clock")]),
        ("Odd", [], [("kind", "engine 'Odd' needs 'path'")]),
        ("Odd", ["pth"], [("pth", "unknown key 'pth' in engine 'Odd'; did you mean 'path'?"),
                          ("kind", "engine 'Odd' needs 'path'")]),
        ("Open", ["path", "zzz"], []),
        ("Open", ["zzz"], [("kind", "engine 'Open' needs 'path'")]),
        ("needy", ["palce"], [("palce", "unknown key 'palce' in engine 'needy'; did you mean 'place'?"),
                              ("kind", "engine 'needy' needs 'place'")]),
        ("Absent", ["x"], [("kind", "engine 'Absent': module 'tests.unit.wiring.test_catalog' has no attribute 'Absent'")]),
    ],
)  # fmt: skip
def test_names_of_options_are_those_of_parameters(
    name: str, given: list[str], expected: list[tuple[str, str]]
) -> None:
    assert _faults(name, *given) == [
        (key, message.replace("tests.unit.wiring.test_catalog", __name__)) for key, message in expected
    ]


def test_what_we_fill_is_not_missing() -> None:
    assert _faults("Odd", filled=("path",)) == []


def test_what_only_we_give_nobody_else_may_give() -> None:
    assert _faults("Odd", "path", "clock", ours=("clock",)) == [
        ("clock", "unknown key 'clock' in engine 'Odd': known are path, threads")
    ]


def test_a_class_that_does_not_tell_its_parameters_may_have_any() -> None:
    assert faults("engines", "builtins:dict", ["x"]) == ()


def test_building_says_the_same() -> None:
    with pytest.raises(ConfigurationError, match="unknown key 'nam' in engine 'polars'; did you mean 'name'"):
        catalog.build("engines", "polars", nam="x")


def test_what_is_missing_only_when_it_is_built_is_told() -> None:
    with pytest.raises(ConfigurationError, match="cannot be imported: a library for"):
        catalog.build("engines", f"{__name__}:Odd", path="x")
