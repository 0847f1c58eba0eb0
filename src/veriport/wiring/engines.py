"""From what configuration says of an engine to the engine, also one that is made of others.

``{kind: chain, engines: [polars, {kind: ibis, url: ...}]}`` names engines inside an engine; they are
built first. ``truthound>=3,<4`` and ``{kind: truthound, requires: ">=3,<4"}`` want versions of the library
behind an engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import NoReturn

from attrs import frozen

from veriport.adapters.engines.composed.wrapping import made_synchronous
from veriport.domain.errors import ConfigurationError, VeriportError, shown
from veriport.ports.clocks import Clock
from veriport.ports.engines import Engine, is_engine
from veriport.ports.telemetry import Telemetry
from veriport.wiring import catalog
from veriport.wiring.catalog import Fault

#: The option of a kind that holds engines: a list of them where it ends in ``s``.
_INSIDE: Mapping[str, str] = {
    **dict.fromkeys(("chain", "combined"), "engines"),
    **dict.fromkeys(("batched", "cached", "instrumented", "retried", "sampled"), "engine"),
}

#: The kinds with an engine for the rules that their library has not.
_FALLING_BACK = ("great_expectations", "pandera", "truthound")

#: What a kind takes besides its options, from us.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "cached": ("clock",),
    "chain": ("telemetry",),
    "instrumented": ("telemetry", "monotonic"),
    "retried": ("clock", "telemetry"),
}


def build_engine(
    kind: str,
    options: Mapping[str, object] | None = None,
    *,
    clock: Clock | None = None,
    telemetry: Telemetry | None = None,
) -> Engine:
    """The engine of that kind. Raises ``ConfigurationError`` for what cannot be built.

    ``clock`` and ``telemetry`` go to the engines that take them: by default the system's, and none.
    """
    kind, wanted = split_kind(kind)
    given = dict(options or {})
    for each in (wanted, given.pop("requires", None)):
        if each is not None:
            _require(kind, each)
    option = _INSIDE.get(kind)
    if option in given:
        built = [_made(each, clock, telemetry) for each in _listed(option, given[option])]
        given[option] = built if option.endswith("s") else built[0]
    if kind in _FALLING_BACK and given.get("fallback") is not None:
        given["fallback"] = _made(given["fallback"], clock, telemetry)
    taken = _PARTS.get(kind, ())
    parts = {name: _part(name, clock, telemetry) for name in taken if name not in given}
    made = made_synchronous(_constructed(kind, {**given, **parts}))
    if not is_engine(made):
        raise ConfigurationError(f"engine {kind!r} is none: it needs 'name', a text, and 'open(dataset)'")
    return made


def _constructed(kind: str, options: Mapping[str, object]) -> Engine:
    """The engine as its class makes it; an exception that no engine may raise here is told with its kind."""
    try:
        engine: Engine = catalog.build("engines", kind, **options)
    except VeriportError:
        raise
    except Exception as error:
        raise ConfigurationError(_unbuilt(kind, error)) from error
    return engine


def _unbuilt(kind: str, error: Exception) -> str:
    return f"engine {kind!r} cannot be built: {type(error).__name__}: {error}"


def _require(kind: str, wanted: object) -> None:
    """Compare what is installed for an engine with what is wanted of it."""
    from veriport.wiring.versions import VersionConstraint, require_version  # noqa: PLC0415  # on use

    require_version(distribution_of(kind), VersionConstraint(wanted))  # type: ignore[arg-type]  # it is checked


def _unmet(kind: str, wanted: object, *, known: bool) -> str:
    """Why a text wants no version, or none that is installed; the latter only for a kind that is known."""
    from veriport.wiring.versions import VersionConstraint  # noqa: PLC0415  # on use

    try:
        VersionConstraint(wanted)  # type: ignore[arg-type]  # it is checked
        if known:
            _require(kind, wanted)
    except ConfigurationError as wrong:
        return str(wrong)
    return ""


_KIND = re.compile(r"(?P<kind>[\w.:-]+?)\s*(?:@\s*(?P<npm>.+)|(?P<pep440>[<>=!~^].*))?")


def split_kind(text: str) -> tuple[str, str | None]:
    """The kind of an engine and the versions that are wanted: ``polars>=1`` or ``polars@1.x``."""
    found = _KIND.fullmatch(text.strip())
    return (text, None) if found is None else (found["kind"], found["npm"] or found["pep440"])


def distribution_of(kind: str) -> str:
    """What is installed for an engine to work: the library behind one of ours, or the plug-in.

    Raises ``ConfigurationError`` where nobody knows.
    """
    if kind in catalog.CATALOG["engines"]:
        return "veriport" if kind in _INSIDE else _LIBRARIES.get(kind, kind)
    module = kind.partition(":")[0].partition(".")[0]
    for point in metadata.entry_points(group="veriport.engines"):
        if point.dist is not None and (point.name == kind or point.module.partition(".")[0] == module):
            return point.dist.name
    if named := metadata.packages_distributions().get(module):
        return named[0]
    raise ConfigurationError(f"nobody knows what is installed for engine {kind!r}: it has no version")


#: Distributions of libraries that are not called as the engine is.
_LIBRARIES: Mapping[str, str] = {"ibis": "ibis-framework"}

#: The databases that an engine connects to by itself: the distribution that does, and its extra.
_DATABASES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "ibis": {
        "DuckDB": ("duckdb", "duckdb"),
        "PostgreSQL": ("psycopg", "postgres"),
        "SQLite": ("ibis-framework", "ibis"),
        "Spark": ("pyspark", "spark"),
    }
}


@frozen
class Part:
    """A database that an engine connects to, and what is installed for it or ``lacking``."""

    name: str
    version: str
    lacking: str


@frozen
class Described:
    """An engine that can be named.

    ``package`` brings it, ``version`` is what is installed for it, or ``lacking`` says what is not, with
    the command that installs it. ``around`` tells an engine that is made of others.
    """

    kind: str
    package: str
    version: str
    lacking: str
    around: bool
    databases: tuple[Part, ...]


def described(kinds: Iterable[str] = ()) -> tuple[Described, ...]:
    """Every engine that is known by name, or those of these kinds, also ``package.module:Class``.

    A kind may want a version. Raises ``ConfigurationError`` for a kind that nobody knows, and for another
    version.
    """
    known = dict(catalog.describe("engines"))
    wanted = [split_kind(each) for each in kinds]
    for kind, version in wanted:
        if version is not None:
            _require(kind, version)
    return tuple(
        Described(
            kind=kind,
            package=known.get(kind, ""),
            version=_version_of(kind),
            lacking=catalog.lacking("engines", kind),
            around=kind in _INSIDE,
            databases=tuple(
                Part(name, _installed(distribution), _absent(distribution, extra))
                for name, (distribution, extra) in _DATABASES.get(kind, {}).items()
            ),
        )
        for kind in ([kind for kind, _ in wanted] or known)
    )


def _version_of(kind: str) -> str:
    try:
        return _installed(distribution_of(kind))
    except ConfigurationError:
        return ""


def _installed(distribution: str) -> str:
    """``polars 2.1.0``; empty where it is not installed."""
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return ""


def _absent(distribution: str, extra: str) -> str:
    return "" if _installed(distribution) else catalog.how_to_install(extra)


def _part(name: str, clock: Clock | None, telemetry: Telemetry | None) -> object:
    if name == "telemetry":
        return catalog.build("telemetry", "none") if telemetry is None else telemetry
    own = catalog.build("clocks", "system") if clock is None else clock
    return own.monotonic if name == "monotonic" else own


def _made(value: object, clock: Clock | None, telemetry: Telemetry | None) -> object:
    """An engine that is named; one that was made already stays what it is."""
    named = _named(value)
    if named is None:
        return made_synchronous(value)
    return build_engine(*named, clock=clock, telemetry=telemetry)


def _listed(option: str, value: object) -> tuple[object, ...]:
    if not option.endswith("s"):
        return (value,)
    if not isinstance(value, list | tuple) or not value:
        raise ConfigurationError(f"{option} must be a list of one engine or more, not {shown(value)}")
    return tuple(value)


def _named(value: object) -> tuple[str, dict[str, object]] | None:
    """The kind and the options of an engine that is named by a text or a mapping."""
    match value:
        case str():
            return value, {}
        case {"kind": str(kind), **options}:
            return kind, {str(key): item for key, item in options.items()}
    return None


def faults(kind: str, options: Mapping[str, object]) -> tuple[Fault, ...]:
    """What ``build_engine`` would refuse of kinds, of the names of options and of their values.

    An engine of ours that is given options is built to see that, around engines that are only promised; the
    class of somebody else is compared with the names of the options, see ``catalog.faults``.
    """
    return tuple(_faults(kind, options))


def _faults(kind: str, options: Mapping[str, object]) -> Iterator[Fault]:
    kind, wanted = split_kind(kind)
    options = dict(options)
    versions = (("kind", wanted), ("requires", options.pop("requires", None)))
    misnamed = _misnamed(kind, options)
    known = all(each.key != "kind" for each in misnamed)
    for key, text in versions:
        if text is not None and (why := _unmet(kind, text, known=known)):
            yield Fault(key, why)
    yield from misnamed
    if (option := _INSIDE.get(kind)) is not None:
        if option not in options:
            if not options:  # the catalog does not look at a kind of ours without options
                yield Fault("kind", f"engine {kind!r} needs {option!r}")
            return
        try:
            inside = _listed(option, options[option])
        except ConfigurationError as wrong:
            yield Fault(option, str(wrong))
            return
        yield from _faults_inside(option, inside)
        promised = [_Promised() for _ in inside]
        options[option] = promised if option.endswith("s") else promised[0]
    if kind in _FALLING_BACK and options.get("fallback") is not None:
        yield from _faults_inside("fallback", (options["fallback"],))
        options["fallback"] = _Promised()
    if not misnamed:
        yield from _misvalued(kind, options)


def _misnamed(kind: str, options: Mapping[str, object]) -> tuple[Fault, ...]:
    parts = _PARTS.get(kind, ())
    try:
        return catalog.faults("engines", kind, options, filled=parts, ours=parts)
    except Exception as error:  # noqa: BLE001  # the module of somebody else may raise anything
        return (Fault("kind", _unbuilt(kind, error)),)


def _faults_inside(option: str, inside: Sequence[object]) -> Iterator[Fault]:
    for index, each in enumerate(inside):
        way = (index,) if option.endswith("s") else ()
        named = _named(each)
        if named is None:
            said = f"an engine is a name or a mapping with 'kind', not {shown(each)}"
            yield Fault(option, said, way)
        else:
            yield from (Fault(option, fault.message, (*way, *fault.path)) for fault in faults(*named))


@frozen
class _Promised:
    """Stands for an engine inside another one that is built only to see whether it can be."""

    name: str = "promised"

    def open(self, _: object) -> NoReturn:
        """Nobody opens data with it."""
        raise NotImplementedError


def _misvalued(kind: str, options: Mapping[str, object]) -> Iterator[Fault]:
    """What an engine of ours refuses when it is built: told at the option with whose name that begins."""
    if not options or kind not in catalog.CATALOG["engines"]:
        return
    parts = {name: _part(name, None, None) for name in _PARTS.get(kind, ())}
    try:
        _constructed(kind, {**options, **parts})
    except VeriportError as wrong:
        said = str(wrong)
        option = said.partition(" ")[0].strip("':")
        about_it = option in options and not said.startswith("engine '")  # how the catalog names an engine
        yield Fault(option if about_it else "kind", said)
