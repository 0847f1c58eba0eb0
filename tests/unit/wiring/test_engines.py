"""Engines inside engines are built from configuration, and what is wrong with them is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from veriport.adapters.engines.composed.chain import EngineChain
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.errors import ConfigurationError
from veriport.wiring.container import Container
from veriport.wiring.engines import build_engine, faults
from veriport.wiring.settings import load_settings


def test_names_and_mappings_and_objects_stand_inside() -> None:
    mine = PolarsEngine(name="mine")
    inside = ["polars", {"kind": "polars", "name": "second"}, {"kind": "chain", "engines": ["tiny"]}, mine]
    built = build_engine("chain", {"engines": inside})
    assert built.name == "chain(polars, second, chain(tiny), mine)"


def test_telemetry_goes_all_the_way_in() -> None:
    telemetry = MemoryTelemetry()
    inner = {"kind": "chain", "engines": ["polars"]}
    built = build_engine("chain", {"engines": [inner]}, telemetry=telemetry)
    assert isinstance(built, EngineChain)
    assert isinstance(built.engines[0], EngineChain)
    assert built.telemetry is built.engines[0].telemetry is telemetry


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ({}, "kind", "engine 'chain' needs 'engines'"),
        ({"strategy": "random"}, "kind", "engine 'chain' needs 'engines'"),
        ({"engines": ["polars"], "stratgy": "random"}, "stratgy", "did you mean 'strategy'"),
        ({"engines": ["polars"], "telemetry": "log"}, "telemetry", "unknown key 'telemetry'"),
        ({"engines": "polars"}, "engines", "engines must be a list"),
        ({"engines": []}, "engines", "engines must be a list"),
        ({"engines": [{"name": "polars"}]}, "engines", "an engine is a name or a mapping with 'kind'"),
        ({"engines": ["polras"]}, "engines", "did you mean 'polars'"),
        ({"engines": [{"kind": "polars", "nam": "x"}]}, "engines", "did you mean 'name'"),
        ({"engines": [{"kind": "chain", "engines": [7]}]}, "engines", "not 7"),
    ],
)
def test_what_is_wrong_is_told_by_its_key(options: dict[str, object], key: str, words: str) -> None:
    (fault,) = faults("chain", options)
    assert (fault.key, words in fault.message) == (key, True), fault
    if key != "telemetry":  # which programs may give
        with pytest.raises(ConfigurationError):
            build_engine("chain", options)


class Asynchronous:
    """An engine of ``async def``s."""

    name = "asynchronous"

    async def open(self, dataset: object) -> None:
        del dataset


def test_an_asynchronous_engine_is_wrapped_wherever_it_stands() -> None:
    inside = build_engine("chain", {"engines": [Asynchronous(), f"{__name__}:Asynchronous"]})
    assert isinstance(inside, EngineChain)
    assert {type(each).__name__ for each in inside.engines} == {"SynchronousEngine"}


def test_a_sound_chain_has_no_faults() -> None:
    assert faults("chain", {"engines": ["polars", {"kind": "tiny"}], "strategy": "round_robin"}) == ()


def test_a_file_configures_a_chain(tmp_path: Path) -> None:
    file = tmp_path / "veriport.yaml"
    file.write_text("engine:\n  kind: chain\n  engines: [tiny, {kind: polars, name: second}]\n")
    engine = Container(settings=load_settings(file)).engine()
    assert engine.name == "chain(tiny, second)"
    file.write_text("engine:\n  kind: chain\n  engines: [tny]\n")
    with pytest.raises(ConfigurationError, match=r"veriport\.yaml:3:3: unknown engine 'tny'"):
        load_settings(file)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("polars>=1", {}),
        ("polars >= 1, < 99", {}),
        ("polars@>=1 <99", {}),
        ("polars", {"requires": ">=1", "name": "polars"}),
        ("tiny==0.1.*", {}),
        ("tiny^0.1", {}),
        ("tiny_engine:TinyEngine", {"requires": "~0.1.0"}),
        ("chain", {"requires": ">=0", "engines": ["polars>=1", {"kind": "tiny", "requires": "0.1.x"}]}),
    ],
    ids=str,
)
def test_versions_that_are_wanted_and_installed(kind: str, options: dict[str, object]) -> None:
    assert faults(kind, options) == ()
    assert build_engine(kind, options).name in {"polars", "tiny", "chain(polars, tiny)"}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("polars<1", {}, "polars <1 is wanted and"),
        ("polars>=1", {"requires": "<1"}, "polars <1 is wanted and"),
        ("tiny>=7", {}, "tiny-engine >=7 is wanted and 0.1.0 is installed: pip install 'tiny-engine>=7'"),
        ("tiny_engine:TinyEngine", {"requires": "^7"}, "tiny-engine ^7 is wanted and 0.1.0 is installed"),
        ("chain", {"engines": ["polars<1"]}, "polars <1 is wanted and"),
        (f"{__name__}:Mine", {"requires": ">=1"}, "nobody knows what is installed for engine"),
    ],
)
def test_versions_that_are_not_installed_are_told(kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        build_engine(kind, options)
    assert words in str(raised.value)


def test_what_wants_no_version_is_a_fault_where_it_stands() -> None:
    assert [
        (each.key, "wants no version" in each.message) for each in faults("polars", {"requires": "new"})
    ] == [("requires", True)]
    assert [each.key for each in faults("polars", {"requires": 3})] == ["requires"]
    assert [each.key for each in faults("polars>=", {})] == ["kind"]


def test_a_file_wants_a_version(tmp_path: Path) -> None:
    file = tmp_path / "veriport.yaml"
    file.write_text('engine: {kind: tiny, requires: ">=7"}\n')
    with pytest.raises(ConfigurationError, match=r"tiny-engine >=7 is wanted and 0\.1\.0 is installed"):
        Container(settings=load_settings(file)).engine()
