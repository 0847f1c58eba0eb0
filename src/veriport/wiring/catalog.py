"""Adapters by name: a short ``kind`` of ours, an entry point of a plug-in, or ``package.module:Class``.

A class is imported only when it is built; an optional dependency that is missing is named with the
command that installs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from inspect import Parameter, signature
from typing import Any

from attrs import frozen

from veriport.domain.errors import ConfigurationError, VeriportError
from veriport.domain.suggestions import nearest
from veriport.ports.errors import MissingExtra


@frozen
class Entry:
    """One of our adapters: where its class is, and the extra that its vendor comes with.

    ``needs`` is the vendor's module, where the class itself does not import it or is too heavy to be imported
    just to see what is installed.
    """

    target: str
    extra: str = ""
    needs: str = ""


#: Our adapters by port and kind. A plug-in adds to a port by an entry point in ``veriport.PORT``.
CATALOG: Mapping[str, Mapping[str, Entry]] = {
    "engines": {
        "polars": Entry("veriport.adapters.engines.polars:PolarsEngine"),
        "ibis": Entry("veriport.adapters.engines.ibis:IbisEngine", "ibis", "ibis"),
        "great_expectations": Entry(
            "veriport.adapters.engines.great_expectations:GreatExpectationsEngine", "gx", "great_expectations"
        ),
        "truthound": Entry("veriport.adapters.engines.truthound:TruthoundEngine", "truthound", "truthound"),
        "pandera": Entry("veriport.adapters.engines.pandera:PanderaEngine", "pandera", "pandera"),
        "chain": Entry("veriport.adapters.engines.composed.chain:EngineChain"),
        "batched": Entry("veriport.adapters.engines.composed.batched:BatchExecutor"),
        "cached": Entry("veriport.adapters.engines.composed.cached:CachedEngine"),
        "combined": Entry("veriport.adapters.engines.composed.combined:MultiEngineAggregator"),
        "retried": Entry("veriport.adapters.engines.composed.retried:RetriedEngine"),
        "sampled": Entry("veriport.adapters.engines.composed.sampled:SampledEngine"),
        "instrumented": Entry("veriport.adapters.engines.composed.instrumented:InstrumentedEngine"),
    },
    "clocks": {"system": Entry("veriport.adapters.clocks.system:SystemClock")},
    "blobs": {
        "file": Entry("veriport.adapters.blobs.file:FileBlobStore"),
        "memory": Entry("veriport.adapters.blobs.memory:MemoryBlobStore"),
    },
    "notifiers": {
        "store_result": Entry("veriport.adapters.notifiers.archive:ArchiveNotifier"),
        "webhook": Entry("veriport.adapters.notifiers.webhook:WebhookNotifier"),
        "callback": Entry("veriport.adapters.notifiers.callback:CallbackNotifier"),
    },
    "stores": {
        "memory": Entry("veriport.adapters.stores.memory:MemoryStateStore"),
        "sqlite": Entry("veriport.adapters.stores.sqlite:SqliteStateStore"),
        "postgresql": Entry("veriport.adapters.stores.postgres:PostgresStateStore", "postgres"),
        "redis": Entry("veriport.adapters.stores.redis:RedisStateStore", "redis"),
    },
    "telemetry": {
        "none": Entry("veriport.adapters.telemetry.none:NoTelemetry"),
        "log": Entry("veriport.adapters.telemetry.log:LogTelemetry"),
    },
    "reporters": {
        "table": Entry("veriport.adapters.reporters.table:TableReporter"),
        "json": Entry("veriport.adapters.reporters.json:JsonReporter"),
    },
}


def build(port: str, kind: str, **options: object) -> Any:  # noqa: ANN401  # the caller names the port's Protocol
    """Build an adapter. Raises ``ConfigurationError`` for an unknown kind or option, or a missing extra."""
    cls = _find(port, kind)
    try:
        return cls(**options)
    except TypeError as wrong:
        found = "; ".join(fault.message for fault in _faults(port, kind, set(options), set(), set()))
        raise ConfigurationError(found or f"{_one(port)} {kind!r}: {wrong}") from wrong
    except ImportError as missing:
        raise _missing(port, kind, missing) from missing


@frozen
class Fault:
    """What ``build`` would refuse: which option, ``kind`` for the adapter as a whole, and why.

    ``inside`` is the way to it within the option.
    """

    key: str
    message: str
    inside: tuple[int | str, ...] = ()

    @property
    def path(self) -> tuple[int | str, ...]:
        """The way to it from the mapping that names the adapter."""
        return (self.key, *self.inside)


def faults(
    port: str, kind: str, given: Iterable[str], *, filled: Iterable[str] = (), ours: Iterable[str] = ()
) -> tuple[Fault, ...]:
    """What is wrong with a kind, and with the names of the options that are ``given`` to it.

    A class tells by its signature, so it is imported; one of ours only where there are options. One that
    cannot be imported is at fault, too. ``filled`` are options that somebody may leave to us, ``ours``
    those that nobody else may give.
    """
    given = set(given)
    if not given and kind in CATALOG[port]:
        return ()
    try:
        return tuple(_faults(port, kind, given, set(filled), set(ours)))
    except ConfigurationError as wrong:
        return (Fault("kind", str(wrong)),)


def _faults(port: str, kind: str, given: set[str], filled: set[str], ours: set[str]) -> Iterator[Fault]:
    whose, parameters = f"{_one(port)} {kind!r}", _parameters(_find(port, kind))
    takes_any = any(each.kind is Parameter.VAR_KEYWORD for each in parameters)
    named = {each.name: each for each in parameters if each.kind in _NAMED and each.name not in ours}
    known = f": known are {', '.join(named)}" if named else ": it has none"
    for key in sorted(given - set(named)):
        if key in ours or not takes_any:
            yield Fault(key, f"unknown key {key!r} in {whose}{nearest(key, named).hint or known}")
    for name, parameter in named.items():
        if parameter.default is Parameter.empty and name not in given | filled:
            yield Fault("kind", f"{whose} needs {name!r}")


_NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def _parameters(cls: Callable[..., object]) -> tuple[Parameter, ...]:
    """Anything goes where a class, perhaps one written in C, does not tell."""
    try:
        return tuple(signature(cls).parameters.values())
    except (TypeError, ValueError):
        return (Parameter("options", Parameter.VAR_KEYWORD),)


def _one(port: str) -> str:
    """What one adapter of a port is called."""
    return "blob store" if port == "blobs" else port.removesuffix("s")


def kinds(port: str) -> tuple[str, ...]:
    """Every kind that ``build`` knows by name, ours and plug-ins', sorted."""
    return tuple(sorted({*CATALOG[port], *(point.name for point in entry_points(group=f"veriport.{port}"))}))


def describe(port: str) -> tuple[tuple[str, str], ...]:
    """Every kind with where it comes from: ``veriport``, or the distribution of a plug-in."""
    ours = [(kind, "veriport") for kind in CATALOG[port]]
    points = entry_points(group=f"veriport.{port}")
    return tuple(sorted([*ours, *((point.name, point.dist.name if point.dist else "?") for point in points)]))


def lacking(port: str, kind: str) -> str:
    """The command that installs what is missing for one of our kinds; empty where nothing is.

    A class is imported only where that alone tells. Raises ``ConfigurationError`` for a kind that nobody
    knows or that cannot be imported.
    """
    ours = CATALOG[port].get(kind)
    if ours is not None and ours.needs and find_spec(ours.needs) is None:
        return how_to_install(ours.extra)
    if kind in kinds(port) and (ours is None or ours.needs or not ours.extra):
        return ""
    try:
        _find(port, kind)
    except MissingExtra as missing:
        return how_to_install(missing.extra)
    return ""


def how_to_install(extra: str) -> str:
    """What to do about an extra that is missing."""
    return f"missing: pip install 'veriport[{extra}]'"


def _find(port: str, kind: str) -> type[Any]:
    if (ours := CATALOG[port].get(kind)) is not None:
        if ours.needs and find_spec(ours.needs) is None:
            raise MissingExtra(f"{_one(port)} {kind!r}", ours.extra)
        return _load(port, kind, EntryPoint(kind, ours.target, f"veriport.{port}"))
    if plugins := tuple(entry_points(group=f"veriport.{port}", name=kind)):
        return _load(port, kind, plugins[0])
    if _CLASS.fullmatch(kind):
        return _load(port, kind, EntryPoint(kind, kind, f"veriport.{port}"))
    known = kinds(port)
    raise ConfigurationError(
        f"unknown {_one(port)} {kind!r}: known are {', '.join(known)}, or write package.module:Class"
        + nearest(kind, known).hint
    )


#: How a class is named that nobody has registered.
_CLASS = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")


def _load(port: str, kind: str, point: EntryPoint) -> type[Any]:
    try:
        import_module(point.module)
        loaded = point.load()
    except ImportError as missing:
        raise _missing(port, kind, missing) from missing
    except AttributeError as absent:
        raise ConfigurationError(f"{_one(port)} {kind!r}: {absent}") from absent
    if not callable(loaded):
        raise ConfigurationError(f"{_one(port)} {kind!r}: {point.value} cannot be called")
    return loaded  # type: ignore[no-any-return]  # a class or a factory


def _missing(port: str, kind: str, error: ImportError) -> VeriportError:
    ours = CATALOG[port].get(kind)
    if ours is not None and ours.extra:
        return MissingExtra(f"{_one(port)} {kind!r}", ours.extra)
    return ConfigurationError(f"{_one(port)} {kind!r} cannot be imported: {error}")
