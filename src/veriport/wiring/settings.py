"""Settings: ``veriport.yaml`` and the environment as frozen values, every unknown key refused.

Paths in a file are relative to the file. ``VERIPORT_SECTION__KEY`` in the environment overrides the
file, for the sections that ``_SECTIONS`` lists: ``VERIPORT_ENGINE__KIND=polars``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from attrs import evolve, fields, frozen
from returns.pipeline import is_successful

from veriport.adapters.expressions.sqlglot import parse
from veriport.domain.checkpoints import (
    ACTIONS,
    Action,
    Callback,
    CheckpointSpec,
    EngineRef,
    StoreResult,
    repeated_names,
)
from veriport.domain.datasets import Address, dataset_of, engine_kind
from veriport.domain.errors import ConfigurationError
from veriport.domain.results import Gate
from veriport.domain.rules.base import Rule
from veriport.domain.rules.shorthand import Placed, expand
from veriport.domain.severity import severity_of
from veriport.domain.suggestions import nearest
from veriport.wiring import catalog, delivery, engines
from veriport.wiring.delivery import DeliverySettings
from veriport.wiring.documents import Document, Problem, load_document, number_in
from veriport.wiring.notifiers import build_notifier
from veriport.wiring.refs import AdapterRef
from veriport.wiring.rule_files import load_rules, sound_rules
from veriport.wiring.stores import HOME, beside, store_ref

_PREFIX = "VERIPORT_"


@frozen(kw_only=True)
class Settings:
    """Everything that configuration decides. ``file`` is where it came from, if from a file."""

    engine: EngineRef = EngineRef()
    telemetry: AdapterRef = AdapterRef("none")
    store: AdapterRef = AdapterRef("memory")
    blobs: AdapterRef = AdapterRef("memory")
    delivery: DeliverySettings = DeliverySettings()
    checkpoints: tuple[CheckpointSpec, ...] = ()
    file: Path | None = None


def load_settings(path: str | Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read a configuration file. Raises one ``ConfigurationError`` with every problem, a line each."""
    variables = os.environ if environment is None else environment
    document = load_document(path, variables)
    return _Settings(document, Path(path), variables).read()


def settings_of(
    checkpoints: tuple[CheckpointSpec, ...] = (), environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a program without a file: defaults, and the environment."""
    variables = os.environ if environment is None else environment
    settings = _Settings(Document("the environment", {}), None, variables).read()
    return evolve(settings, checkpoints=checkpoints)


#: Sections that the environment may override, and the key that a bare value means, if it means one.
_SECTIONS: Mapping[str, str] = {
    "engine": "kind", "telemetry": "kind", "store": "url", "blobs": "kind", "delivery": "",
}  # fmt: skip
_TOP_KEYS = (*_SECTIONS, "checkpoints")

#: Options of a section's adapter that it has from us where nobody gives them, and those only we give.
_FILLED: Mapping[str, tuple[str, ...]] = {"blobs": ("root",)}
_OURS: Mapping[str, tuple[str, ...]] = {"store": ("clock", "telemetry")}

#: Keys of a checkpoint that are read as they stand, and their other spellings.
_PLAIN_KEYS = ("samples", "timeout_seconds", "sample_size", "run_name_template")
_GATE_KEYS = ("min_severity", "fail_on", "fail_on_critical", "fail_on_high")
_CHECKPOINT_KEYS: Mapping[str, str] = {
    "name": "name", "data": "data", "data_source": "data", "rules": "rules", "actions": "actions",
    "validators": "validators", "validator_config": "validator_config", "engine": "engine",
    "tags": "tags", "metadata": "metadata", "key": "key", "mask": "mask", "where": "where",
    **{key: key for key in (*_PLAIN_KEYS, *_GATE_KEYS)},
}  # fmt: skip

_T = TypeVar("_T")


class _Settings:
    """Reads a document section by section and collects every problem."""

    def __init__(self, document: Document, file: Path | None, environment: Mapping[str, str]) -> None:
        self._document = document
        self._file = file
        self._folder = Path() if file is None else file.parent
        self._environment = environment
        self._problems: list[Problem] = []
        self._wrong_variables: list[str] = []

    def read(self) -> Settings:
        content = self._top()
        self._refuse_unknown_variables()
        engine = self._default_engine(content.get("engine"))
        telemetry = self._adapter("telemetry", "telemetry", content.get("telemetry"), "none")
        store = self._store(content.get("store"))
        blobs = self._blobs(content.get("blobs"))
        how = self._delivery(content.get("delivery"))
        default = EngineRef(engine.kind, engine.options)
        named = None if content.get("engine") is None else default
        checkpoints = tuple(self._checkpoints(content.get("checkpoints"), named))
        if self._problems or self._wrong_variables:
            raise ConfigurationError("\n".join([*self._wrong_variables, *self._lines()]))
        return Settings(
            engine=default,
            telemetry=telemetry,
            store=store,
            blobs=blobs,
            delivery=how,
            checkpoints=checkpoints,
            file=self._file,
        )

    def _lines(self) -> Iterator[str]:
        if self._problems:
            yield str(self._document.error(self._problems))

    def _wrong(self, message: str, *path: int | str) -> None:
        self._problems.append(Problem(message, path))

    def _attempt(self, work: Callable[[], _T], *path: int | str) -> _T | None:
        """What ``work`` gives; a ``ConfigurationError`` becomes a problem at ``path``."""
        try:
            return work()
        except (ConfigurationError, TypeError) as wrong:
            self._wrong(str(wrong), *path)
            return None

    def _top(self) -> dict[str, object]:
        content = self._document.value
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise self._document.error(
                [Problem("a configuration is a mapping with a list under 'checkpoints:'")]
            )
        for key in content:
            if key not in _TOP_KEYS:
                self._wrong(f"unknown key {key!r}{nearest(str(key), _TOP_KEYS).hint}", str(key))
        return content

    def _refuse_unknown_variables(self) -> None:
        for variable, section, _ in self._variables():
            if "__" in variable and section not in _SECTIONS:
                hint = nearest(section, _SECTIONS).hint
                self._wrong_variables.append(f"{variable}: there is no section {section!r}{hint}")

    def _variables(self) -> Iterator[tuple[str, str, str]]:
        """Each variable that may be meant for us, with its section and key."""
        for variable in sorted(self._environment):
            if variable.startswith(_PREFIX):
                section, _, key = variable.removeprefix(_PREFIX).lower().partition("__")
                yield variable, section, key or _SECTIONS.get(section, "")

    def _adapter(self, name: str, port: str, value: object, default: str) -> AdapterRef:
        """The adapter that a section names, such that it can be built."""
        found = self._named(name, value, default)
        self._judge(name, port, found)
        return found

    def _default_engine(self, value: object) -> AdapterRef:
        """The engine of all checkpoints that name none; a mapping says which it is, or a variable does."""
        if isinstance(value, dict) and "kind" not in value and "kind" not in self._said_by("engine"):
            self._wrong("engine is a name or a mapping with 'kind'", "engine")
            return AdapterRef("polars")
        return self._adapter("engine", "engines", value, "polars")

    def _said_by(self, name: str) -> dict[str, str]:
        """The variable that says each key of a section."""
        return {key: variable for variable, section, key in self._variables() if section == name}

    def _named(self, name: str, value: object, default: str) -> AdapterRef:
        """The adapter that a section names, overridden by the environment."""
        said_by = self._said_by(name)
        written = self._section(name, value)
        said = {key: self._environment[variable] for key, variable in said_by.items()}
        if "kind" in written and said.get("kind", written["kind"]) != written["kind"]:
            written = {}  # settings of another kind
        section = {**written, **said}
        kind = section.pop("kind", default)
        if not isinstance(kind, str):
            self._wrong(f"kind must be a name, not {kind!r}", name, "kind")
            return AdapterRef(default)
        return AdapterRef(kind, section)

    def _judge(self, name: str, port: str, ref: AdapterRef, filled: Iterable[str] = ()) -> None:
        """Tell what is wrong with the kind of an adapter and its options, where it was said."""
        said_by = self._said_by(name)
        filled = (*filled, *_FILLED.get(name, ()))
        for fault in self._faults(name, port, ref, filled):
            if fault.key in said_by:
                self._wrong_variables.append(f"{said_by[fault.key]}: {fault.message}")
            else:
                self._wrong(fault.message, name, *fault.path)

    def _faults(
        self, name: str, port: str, ref: AdapterRef, filled: Iterable[str]
    ) -> tuple[catalog.Fault, ...]:
        if port == "engines":
            return engines.faults(ref.kind, ref.options)
        return catalog.faults(port, ref.kind, ref.options, filled=filled, ours=_OURS.get(name, ()))

    def _store(self, value: object) -> AdapterRef:
        """The store: a URL or a path, or a kind with its settings; beside the file where none is named."""
        given = isinstance(value, str) or any(section == "store" for _, section, _ in self._variables())
        kind = value.get("kind") if isinstance(value, dict) else None
        found = self._named("store", value, "sqlite" if kind is None else str(kind))
        options = dict(found.options)
        url, path = options.pop("url", None), options.get("path")
        if isinstance(url, str) and kind is None:
            meant = self._attempt(lambda: store_ref(url, self._folder), "store") or AdapterRef("memory")
            self._judge("store", "stores", AdapterRef(meant.kind, options), meant.options)
            return AdapterRef(meant.kind, {**options, **meant.options})
        self._judge("store", "stores", found)
        if isinstance(path, str):
            return AdapterRef(found.kind, {**options, "path": self._beside(path)})
        if given or isinstance(value, dict):
            return found
        return AdapterRef("memory") if self._file is None else beside(self._folder)

    def _blobs(self, value: object) -> AdapterRef:
        """The blob store; files beside the store where none is named."""
        nothing = self._file is None and value is None
        found = self._adapter("blobs", "blobs", value, "memory" if nothing else "file")
        if found.kind != "file":
            return found
        root = found.options.get("root", f"{HOME}/blobs")
        return AdapterRef("file", {**found.options, "root": self._beside(str(root))})

    def _delivery(self, value: object) -> DeliverySettings:
        """Numbers by name; each that is wrong is told where it stands."""
        if not isinstance(value, dict | None):
            self._wrong("delivery is a mapping, such as {backoff_seconds: 2}", "delivery")
            return DeliverySettings()
        said_by = self._said_by("delivery")
        given: dict[str, object] = {str(key): item for key, item in (value or {}).items()}
        given |= {key: number_in(self._environment[variable]) for key, variable in said_by.items()}
        sound: dict[str, object] = {}
        for key, item in given.items():
            try:
                sound |= delivery.sound(key, item)
            except ConfigurationError as wrong:
                if key in said_by:
                    self._wrong_variables.append(f"{said_by[key]}: {wrong}")
                else:
                    self._wrong(str(wrong), "delivery", key)
        settings = DeliverySettings(**sound)  # type: ignore[arg-type]  # the class validated
        if fault := settings.fault:
            self._wrong(fault, "delivery")
        return settings

    def _section(self, name: str, value: object) -> dict[str, object]:
        """A section of the file: a bare name stands for its kind."""
        match value:
            case None:
                return {}
            case str():
                return {_SECTIONS[name]: value}
            case dict():
                return {str(key): item for key, item in value.items()}
        self._wrong(f"{name} is a name or a mapping with 'kind'", name)
        return {}

    def _checkpoints(self, value: object, default: EngineRef | None) -> Iterator[CheckpointSpec]:
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong("checkpoints must be a list", "checkpoints")
            return
        read = [
            (index, self._checkpoint(item, default, "checkpoints", index)) for index, item in enumerate(value)
        ]
        specs = [(index, spec) for index, spec in read if spec is not None]
        repeated = repeated_names(spec for _, spec in specs)
        for index, spec in specs:
            if spec.name in repeated:
                self._wrong(f"there are two checkpoints named {spec.name!r}", "checkpoints", index, "name")
            yield spec

    def _checkpoint(self, item: object, default: EngineRef | None, *path: int | str) -> CheckpointSpec | None:
        if not isinstance(item, dict):
            self._wrong("a checkpoint is a mapping with 'name' and 'data'", *path)
            return None
        values: dict[str, object] = {}
        for key, value in item.items():
            name = _CHECKPOINT_KEYS.get(str(key))
            if name is None:
                self._wrong(
                    f"unknown key {key!r} in a checkpoint{nearest(str(key), _CHECKPOINT_KEYS).hint}",
                    *path,
                    str(key),
                )
            elif name in values:
                self._wrong(f"{key!r} says again what another key already says", *path, str(key))
            else:
                values[name] = value
        for needed in ("name", "data"):
            if needed not in values:
                self._wrong(f"a checkpoint needs {needed!r}", *path)
                return None
        return self._spec(values, default, path)

    def _spec(
        self, values: dict[str, object], default: EngineRef | None, path: tuple[int | str, ...]
    ) -> CheckpointSpec | None:
        before = len(self._problems)
        parts: dict[str, object] = {
            "data": self._attempt(lambda: self._data(values["data"]), *path, "data"),
            "rules": self._rules(values, path),
            "actions": tuple(self._actions(values.get("actions"), path)),
            "gate": self._attempt(lambda: self._gate(values), *path),
            "engine": self._engine(values, default, path),
            "tags": self._mapping("tags", values.get("tags"), path),
            "metadata": self._mapping("metadata", values.get("metadata"), path),
            "key": self._columns("key", values.get("key"), path),
            "mask": self._columns("mask", values.get("mask"), path),
            "where": self._where(values.get("where"), path),
        }
        plain = {key: values[key] for key in _PLAIN_KEYS if key in values}
        if len(self._problems) > before:
            return None
        if parts["engine"] is None and isinstance(parts["data"], Address):
            parts["engine"] = EngineRef(engine_kind(parts["data"]))
        return self._attempt(lambda: CheckpointSpec(name=values["name"], **parts, **plain), *path)  # type: ignore[arg-type]  # the class validates

    def _data(self, value: object) -> Address:
        dataset = dataset_of(value)
        if not isinstance(dataset, Address):
            raise ConfigurationError(f"data must be a path, a URI or a mapping with 'path', not {value!r}")
        return evolve(dataset, path=self._beside(dataset.path))

    def _beside(self, path: str) -> str:
        """A path of the file as one of the process; addresses with a scheme stay as they are."""
        return path if "://" in path else str(self._folder / path)

    def _rules(self, values: Mapping[str, object], path: tuple[int | str, ...]) -> tuple[Rule, ...] | None:
        """The rules of a checkpoint: those of ``rules`` and those that its validators stand for."""
        if not values.keys() & {"rules", "validators"}:
            return None
        placed = [*self._written(values), *self._validators(values, path)]
        if not placed and "rules" not in values:
            return None
        entries = [each.entry for each in placed]
        read = sound_rules(entries if placed else values["rules"], lambda _: self._folder)
        if is_successful(read):
            return read.unwrap()
        for problem in read.failure():
            inside = placed[int(problem.path[0])].path if problem.path else ("rules",)
            self._wrong(str(problem), *path, *inside, *problem.path[1:])
        return None

    def _written(self, values: Mapping[str, object]) -> Iterator[Placed]:
        """What ``rules`` holds: a list, or the name of a rules file."""
        value = values.get("rules")
        if isinstance(value, str):
            loaded = self._attempt(lambda: load_rules(self._beside(value), self._environment), "rules")
            yield from (Placed(rule, ("rules",)) for rule in loaded or ())
        elif isinstance(value, list):
            yield from (Placed(entry, ("rules", index)) for index, entry in enumerate(value))

    def _validators(self, values: Mapping[str, object], path: tuple[int | str, ...]) -> Iterator[Placed]:
        if "validators" not in values:
            return
        expanded = expand(values["validators"], values.get("validator_config"))
        if is_successful(expanded):
            yield from expanded.unwrap()
            return
        for problem in expanded.failure():
            self._wrong(str(problem), *path, *problem.path)

    def _where(self, value: object, path: tuple[int | str, ...]) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong(f"where must be a SQL condition, not {value!r}", *path, "where")
            return None
        parsed = parse(value)
        if not is_successful(parsed):
            self._wrong(str(parsed.failure()), *path, "where")
        return value

    def _known_engine(self, ref: EngineRef, *path: int | str) -> EngineRef:
        for fault in engines.faults(ref.kind, ref.options):
            self._wrong(fault.message, *path, *fault.path)
        return ref

    def _actions(self, value: object, path: tuple[int | str, ...]) -> Iterator[Action]:
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong("actions must be a list of mappings, each with a 'type'", *path, "actions")
            return
        for index, item in enumerate(value):
            action = self._action(item, (*path, "actions", index))
            if action is not None:
                yield action

    def _action(self, item: object, path: tuple[int | str, ...]) -> Action | None:
        if not isinstance(item, dict) or "type" not in item:
            self._wrong("an action is a mapping with a 'type'", *path)
            return None
        kinds = {kind: cls for kind, cls in ACTIONS.items() if cls is not Callback}
        cls = kinds.get(str(item["type"]))
        if cls is None:
            hint = nearest(str(item["type"]), kinds).hint
            self._wrong(f"unknown action {item['type']!r}: known are {', '.join(kinds)}{hint}", *path, "type")
            return None
        known = {attribute.name for attribute in fields(cls)}
        for key in item:
            if key not in known and key != "type":
                self._wrong(
                    f"unknown key {key!r} in {item['type']}{nearest(str(key), known).hint}", *path, str(key)
                )
                return None
        arguments = {str(key): value for key, value in item.items() if key != "type"}
        action = self._attempt(lambda: cls(**arguments), *path)
        if isinstance(action, StoreResult):
            action = evolve(action, store_path=self._beside(action.store_path))
        if action is not None:
            self._attempt(partial(build_notifier, action), *path)
        return action

    def _gate(self, values: Mapping[str, object]) -> Gate:
        given = {key: values[key] for key in _GATE_KEYS if values.get(key) is not None}
        for key in ("min_severity", "fail_on"):
            if key in given:
                given[key] = severity_of(str(given[key]))
        for key in ("fail_on_critical", "fail_on_high"):
            if not isinstance(given.get(key, True), bool):
                raise ConfigurationError(f"{key} must be true or false, not {given[key]!r}")
        return Gate(**given)  # type: ignore[arg-type]  # checked above

    def _engine(
        self, values: Mapping[str, object], default: EngineRef | None, path: tuple[int | str, ...]
    ) -> EngineRef | None:
        value = values.get("engine")
        if value is None:
            return default
        section = {"kind": value} if isinstance(value, str) else value
        if not isinstance(section, dict) or not isinstance(section.get("kind"), str):
            self._wrong("engine is a name or a mapping with 'kind'", *path, "engine")
            return default
        options = {str(key): item for key, item in section.items() if key != "kind"}
        return self._known_engine(EngineRef(section["kind"], options), *path, "engine")

    def _mapping(self, key: str, value: object, path: tuple[int | str, ...]) -> dict[str, object]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong(f"{key} must be a mapping, not {value!r}", *path, key)
            return {}
        return {str(name): str(item) if key == "tags" else item for name, item in value.items()}

    def _columns(self, key: str, value: object, path: tuple[int | str, ...]) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._wrong(f"{key} must be a column or a list of columns, not {value!r}", *path, key)
            return ()
        return tuple(names)
