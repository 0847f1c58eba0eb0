"""Which versions of a library an engine is written for, asked when the engine is built."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from attrs import frozen

from veriport.domain.errors import ConfigurationError
from veriport.ports.errors import MissingExtra


@frozen
class Wanted:
    """A distribution in the versions from ``least`` up to, and without, ``below``."""

    distribution: str
    extra: str
    least: tuple[int, ...]
    below: tuple[int, ...] | None = None

    def require(self) -> None:
        """Raise ``MissingExtra`` where it is not installed, ``ConfigurationError`` in another version."""
        try:
            found = version(self.distribution)
        except PackageNotFoundError:
            raise MissingExtra(f"engine {self.distribution!r}", self.extra) from None
        parts = tuple(int(part) for part in re.findall(r"\d+", found)[: len(self.least)])
        if parts < self.least or (self.below is not None and parts >= self.below):
            raise ConfigurationError(
                f"{self.distribution} {found} is installed, and the engine needs {self}: "
                f"pip install 'veriport[{self.extra}]'"
            )

    def module(self, name: str) -> Any:  # noqa: ANN401  # the libraries are not installed where types are checked
        """A module of the library. Raises ``MissingExtra``."""
        try:
            return import_module(name)
        except ImportError as missing:
            raise MissingExtra(f"engine {self.distribution!r}", self.extra) from missing

    def __str__(self) -> str:
        """``>=3``, ``>=1,<2``."""
        dotted = [".".join(map(str, each)) for each in (self.least, self.below) if each is not None]
        return ",".join(sign + each for sign, each in zip((">=", "<"), dotted, strict=False))
