"""What the options of these engines mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from attrs import field, frozen

from veriport.adapters.engines.libraries.tables import Library, LibraryTable
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.adapters.engines.polars import PolarsEngine
from veriport.domain.datasets import Dataset
from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.rules.base import Rule
from veriport.ports.engines import Engine


def fallback_of(value: object) -> Engine | None:
    """Another engine, by name or by itself. Raises ``ConfigurationError`` for anything else."""
    if value is None or value == "polars":
        return PolarsEngine() if value else None
    if isinstance(value, str) or not callable(getattr(value, "open", None)):
        raise ConfigurationError(f"fallback must be polars, or an engine, not {shown(value)}")
    return value  # type: ignore[return-value]  # it fits by structure


@frozen(kw_only=True)
class LibraryEngine:
    """An engine over a validation library, which it holds in ``library``.

    ``fallback`` is the engine for the rules that the library has not; without it they are not evaluated.
    It keeps nothing between calls, so one engine may serve many threads.
    """

    wanted: ClassVar[Wanted]
    fallback: Engine | None = field(default=None, converter=fallback_of)

    def __attrs_pre_init__(self) -> None:
        """Raise ``MissingExtra`` or ``ConfigurationError`` where the library is not there as needed."""
        self.wanted.require()

    @property
    def library(self) -> Library:
        """The library, ready to be asked."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The library's, and after a plus the name of the engine for the rest."""
        rest = () if self.fallback is None else (self.fallback.name,)
        return "+".join((self.library.name, *rest))

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """The rules that it was built with."""
        return ()

    @contextmanager
    def open(self, dataset: Dataset) -> Iterator[LibraryTable]:
        """Open what the Polars engine opens; see the engine port."""
        yield LibraryTable(self.library, dataset, self.fallback)
