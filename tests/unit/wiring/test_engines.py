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
