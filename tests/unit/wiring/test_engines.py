"""Engines inside engines are built from configuration, and what is wrong with them is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from veriport.adapters.engines.composed.chain import EngineChain
from veriport.adapters.engines.polars import PolarsEngine
from veriport.adapters.telemetry.memory import MemoryTelemetry
from veriport.domain.errors import ConfigurationError
from veriport.wiring.container import Container
from veriport.wiring.engines import build_engine, described, faults
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
    with pytest.raises(ConfigurationError, match=r"veriport\.yaml:3:13: unknown engine 'tny'"):
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
    file.write_text('engine: {kind: tiny, requires: ">=0.1"}\n')
    assert Container(settings=load_settings(file)).engine().name == "tiny"


@pytest.mark.parametrize(
    ("engine", "place", "words"),
    [
        ("{kind: chain, engines: [polars], strategy: fallbck}", 34, "strategy must be one of fallback"),
        ("{kind: chain, engines: [polars], strategy: fallbck}", 34, "did you mean 'fallback'?"),
        ("{kind: chain, engines: [polars, tiny], strategy: weighted, weights: [1]}", 60, "weights must be 2 numbers"),
        ("{kind: chain, engines: [polars], weights: [1]}", 34, "weights has no meaning for the strategy fallback"),
        ("{kind: chain, engines: [polars], strategy: priority}", 2, "priorities must be 1 numbers"),
        ("{kind: chain, engines: [polars], priorities: 7}", 34, "priorities must be a list of numbers, not 7"),
        ("{kind: chain, engines: [polars], chance: random}", 34, "chance must be a function, not 'random'"),
        ("{kind: combined, engines: [polars, tiny], voting: majorty}", 43, "did you mean 'majority'?"),
        ("{kind: combined, engines: [polars, tiny], voting: weighted, weights: x}", 61, "weights must be a list"),
        ("{kind: batched, engine: polars}", 2, "batches are of rows, bytes, files, columns or a split"),
        ("{kind: batched, engine: polars, rows: 9, files: true}", 2, "batches are of rows, bytes, files, columns"),
        ("{kind: batched, engine: polars, rows: 0}", 33, "rows must be a whole number of at least 1, not 0"),
        ("{kind: batched, engine: polars, rows: ten}", 33, "rows must be a whole number of at least 1, not 'ten'"),
        ("{kind: batched, engine: polars, rows: 9, running: thread}", 42, "did you mean 'threads'?"),
        ("{kind: batched, engine: polars, rows: 9, workers: 0}", 42, "workers must be a whole number of at least 1"),
        ("{kind: batched, engine: polars, rows: 9, address: x}", 42, "'address' is that of a cluster"),
        ("{kind: batched, engine: polars, columns: [id]}", 33, "columns must be a list of lists of names, not ['id']"),
        ("{kind: batched, engine: polars, split: mine}", 33, "split must be a function, not 'mine'"),
        ("{kind: sampled, engine: polars}", 2, "a sample is the first rows, every so-manieth or a share"),
        ("{kind: sampled, engine: polars, share: 1.5}", 33, "share must be a number between 0 and 1, not 1.5"),
        ("{kind: cached, engine: polars, ttl_seconds: -1}", 32, "ttl_seconds must be a number of seconds"),
        ("{kind: cached, engine: polars, most: many}", 32, "most must be a whole number of at least 1, not 'many'"),
        ("{kind: cached, engine: polars, frames: often}", 32, "frames must be true or false, not 'often'"),
        ("{kind: retried, engine: polars, attempts: 0}", 33, "attempts must be a whole number of at least 1"),
        ("{kind: retried, engine: polars, base_seconds: 60}", 2, "cap_seconds is less than base_seconds"),
        ("{kind: instrumented, engine: polars, hooks: [print]}", 38, "hooks must be functions, not 'print'"),
        ("{kind: instrumented, engine: polars, hooks: 7}", 38, "hooks must be functions, not 7"),
        ("{kind: instrumented, engine: polars, statistics: all}", 38, "statistics must be Statistics, not 'all'"),
        ("{kind: polars, name: 7}", 16, "name must be text, not 7"),
        ("{kind: ibis, order_by: 7}", 14, "order_by must be text or a list of texts, not 7"),
        ("{kind: pandera, fallback: polrs}", 17, "unknown engine 'polrs'"),
        ('{kind: polars, requires: ">=99"}', 16, "polars >=99 is wanted and "),
        ("polars>=99", 1, "polars >=99 is wanted and "),
        ('{kind: tiny, requires: ">=7"}', 14, "tiny-engine >=7 is wanted and 0.1.0 is installed"),
        ("{kind: chain, engines: [tiny, {kind: chain, engines: [{kind: sampled, engine: polars, every: 1}]}]}", 87, "every must be"),
        ("{kind: cached, engine: {kind: retried, engine: 'polars>=99'}}", 40, "polars >=99 is wanted and "),
        ("{kind: chain, engines: [{kind: 'a:B'}], strategy: fallbck}", 41, "strategy must be one of"),
        ("{}", 1, "engine is a name or a mapping with 'kind'"),
        ("{name: mine}", 1, "engine is a name or a mapping with 'kind'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_where_it_stands(tmp_path: Path, engine: str, place: int, words: str) -> None:
    file = tmp_path / "veriport.yaml"
    for before, line in (("engine: ", 1), ("checkpoints:\n- name: orders\n  data: x.csv\n  engine: ", 4)):
        file.write_text(f"{before}{engine}\n")
        column = place + (len(before.splitlines()[-1]) if place > 1 else before.splitlines()[-1].index("e"))
        with pytest.raises(ConfigurationError) as raised:
            load_settings(file)
        told = [each for each in str(raised.value).splitlines() if words in each]
        assert [each.startswith(f"{file}:{line}:{column}: ") for each in told] == [True], raised.value


def test_a_variable_says_the_kind_of_a_mapping_without_one(tmp_path: Path) -> None:
    file = tmp_path / "veriport.yaml"
    file.write_text("engine: {name: mine}\n")
    assert load_settings(file, {"VERIPORT_ENGINE__KIND": "polars"}).engine.options == {"name": "mine"}
    with pytest.raises(ConfigurationError, match="VERIPORT_ENGINE__NAME: name must be text"):
        load_settings(file, {"VERIPORT_ENGINE__KIND": "polars", "VERIPORT_ENGINE__NAME": " "})


def test_a_variable_that_says_another_kind_leaves_the_settings_of_the_first_out(tmp_path: Path) -> None:
    file = tmp_path / "veriport.yaml"
    file.write_text("engine: {kind: chain, engines: [polars]}\n")
    engine = load_settings(file, {"VERIPORT_ENGINE": "polars"}).engine
    assert (engine.kind, engine.options) == ("polars", {})
    assert load_settings(file, {"VERIPORT_ENGINE": "chain"}).engine.options == {"engines": ["polars"]}


def test_what_a_library_falls_back_on_is_an_engine_with_options_of_its_own() -> None:
    wrong = faults("pandera", {"fallback": {"kind": "ibis", "order_bye": []}})
    assert [each.path for each in wrong if "order_bye" in each.message] == [("fallback", "order_bye")]


def test_a_kind_that_is_described_may_want_a_version() -> None:
    (polars,) = described(["polars>=1"])
    assert polars.kind == "polars"
    with pytest.raises(ConfigurationError, match="polars"):
        described(["polars>=99"])


class Nameless:
    """It opens data and has no name."""

    name = None

    def open(self, dataset: object) -> None:
        """Nothing is opened."""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("json:JSONDecoder", "engine 'json:JSONDecoder' is none: it needs 'name', a text, and 'open"),
        (f"{__name__}:Nameless", "is none: it needs 'name', a text"),
        ("eng:", "unknown engine 'eng:': .* or write package.module:Class"),
        (":X", "or write package.module:Class"),
        ("eng:A:b", "or write package.module:Class"),
        ("", "unknown engine ''"),
    ],
)
def test_what_is_no_engine_is_refused(kind: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        build_engine(kind)


class Broken:
    """An engine that cannot be made."""

    name = "broken"

    def __init__(self, why: str = "no init") -> None:
        raise RuntimeError(why)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("Broken", {}), ("Broken", {"why": "no init"}), ("chain", {"engines": [f"{__name__}:Broken"]})],
)
def test_an_engine_of_somebody_else_is_made_on_use_alone_and_named(
    kind: str, options: dict[str, object]
) -> None:
    kind = f"{__name__}:{kind}" if kind == "Broken" else kind
    assert faults(kind, options) == ()
    words = f"engine '{__name__}:Broken' cannot be built: RuntimeError: no init"
    with pytest.raises(ConfigurationError, match=f"^{words}$"):
        build_engine(kind, options)


def test_a_module_of_somebody_else_that_raises_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raising_module.py").write_text("raise RuntimeError('no module')\n")
    monkeypatch.syspath_prepend(tmp_path)
    words = "engine 'raising_module:X' cannot be built: RuntimeError: no module"
    assert [(each.key, each.message) for each in faults("raising_module:X", {})] == [("kind", words)]
    with pytest.raises(ConfigurationError, match=words):
        build_engine("raising_module:X")
