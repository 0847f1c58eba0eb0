"""From what configuration says of a store to the store: a URL, a path, or a kind with its settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from veriport.domain.datasets import without_credentials
from veriport.domain.errors import ConfigurationError
from veriport.domain.suggestions import nearest
from veriport.ports.clocks import Clock
from veriport.ports.stores import StateStore
from veriport.ports.telemetry import Telemetry
from veriport.wiring import catalog
from veriport.wiring.refs import AdapterRef

#: Where everything is kept that a configuration file's checkpoints must remember, beside the file.
HOME = ".veriport"
STATE_FILE = "state.db"

#: Each kind of store by the schemes that its URLs may have.
_SCHEMES: Mapping[str, str] = {
    "redis": "redis", "rediss": "redis", "unix": "redis", "valkey": "redis", "valkeys": "redis",
    "postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite", "memory": "memory",
}  # fmt: skip

#: What each kind of store takes besides its settings.
_PARTS: Mapping[str, tuple[str, ...]] = {"memory": ("clock",), "sqlite": ("clock",), "redis": ("telemetry",)}


def store_ref(text: str, folder: Path = Path()) -> AdapterRef:
    """What a text means: ``memory``, a URL, or the path of a SQLite file or of the folder that holds it.

    Paths are relative to ``folder``. Raises ``ConfigurationError``, which shows no password.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return AdapterRef("memory") if text == "memory" else _file(folder / text)
    kind = _SCHEMES.get(scheme)
    if kind is None:
        known = ", ".join(f"{each}://" for each in _SCHEMES)
        raise ConfigurationError(
            f"unknown store {scheme}://: known are {known}{nearest(scheme, _SCHEMES).hint}"
        )
    if kind == "memory":
        return AdapterRef("memory")
    if kind == "sqlite":
        return _file(folder / unquote(urlsplit(f"file://{rest}").path if rest.startswith("/") else rest))
    return AdapterRef(kind, {"url": text})


def _file(path: Path) -> AdapterRef:
    folder = path.is_dir() or not path.suffix
    return AdapterRef("sqlite", {"path": str(path / STATE_FILE if folder else path)})


def beside(folder: Path) -> AdapterRef:
    """The store of a configuration file in ``folder`` that names none."""
    return AdapterRef("sqlite", {"path": str(folder / HOME / STATE_FILE)})


def label_of(ref: AdapterRef) -> str:
    """A store as people may see it: its kind, and where it is without user and password."""
    place = ref.options.get("url", ref.options.get("path"))
    return ref.kind if place is None else f"{ref.kind} {without_credentials(str(place))}"


def build_store(ref: AdapterRef, clock: Clock, telemetry: Telemetry | None = None) -> StateStore:
    """The store; it connects when it is first used. Raises ``ConfigurationError`` for unknown settings."""
    parts = {"clock": clock, "telemetry": telemetry}
    own = {name: parts[name] for name in _PARTS.get(ref.kind, ())}
    store: StateStore = catalog.build("stores", ref.kind, **ref.options, **own)
    return store
