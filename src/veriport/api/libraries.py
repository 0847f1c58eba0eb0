"""The engines over other validation libraries by the names under which their users look for them."""

from __future__ import annotations

from typing import ClassVar

from veriport.api.engines import BoundEngine, get_engine


class _Named(BoundEngine):
    """An engine of the catalog, built by name with the options of its class."""

    kind: ClassVar[str]

    def __init__(self, **options: object) -> None:
        super().__init__(get_engine(self.kind, **options).engine)


class TruthoundEngine(_Named):
    """Checks with Truthound: ``with TruthoundEngine() as engine: engine.check(frame, rules)``.

    Raises ``MissingExtra`` where the library is not installed. Options are those of
    ``veriport.adapters.engines.truthound``.
    """

    kind = "truthound"


class GreatExpectationsAdapter(_Named):
    """Checks with Great Expectations; ``suite`` is a suite of it, whose expectations become rules.

    Raises ``MissingExtra`` where the library is not installed. Options are those of
    ``veriport.adapters.engines.great_expectations``.
    """

    kind = "great_expectations"


class PanderaAdapter(_Named):
    """Checks with Pandera; ``schema`` is a schema of it, whose checks become rules.

    Raises ``MissingExtra`` where the library is not installed. Options are those of
    ``veriport.adapters.engines.pandera``.
    """

    kind = "pandera"
