"""The Pandera engine: rules as built-in checks of ``pandera.polars``, and a schema of the user beside them.

Importing this package does not import Pandera; building the engine does.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from veriport.adapters.engines.libraries.columns import PlainColumn
from veriport.adapters.engines.libraries.engines import LibraryEngine
from veriport.adapters.engines.libraries.questions import Question, question
from veriport.adapters.engines.libraries.tables import Frame, Said
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.adapters.engines.pandera.checks import TRANSLATIONS
from veriport.adapters.engines.pandera.schemas import Schema
from veriport.adapters.engines.pandera.validating import WANTED
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native

__all__ = ["PanderaEngine"]


@frozen(kw_only=True)
class PanderaEngine(LibraryEngine):
    """Asks Pandera, which validates a Polars frame; a schema for pandas gets a pandas frame.

    ``schema`` is a ``DataFrameSchema``, a ``DataFrameModel``, or ``module:name`` of one; its checks become
    rules of every check. ``fallback`` is the engine for the rules that Pandera has not.
    """

    wanted: ClassVar[Wanted] = WANTED
    schema: object = None
    _schema: Schema = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Read the schema."""
        object.__setattr__(self, "_schema", Schema.of(self.schema))

    @property
    def library(self) -> Pandera:
        """See ``LibraryEngine``."""
        return Pandera(schema=self._schema)

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """A native rule for each check of the schema."""
        return tuple(self._schema.rules)


@frozen(kw_only=True)
class Pandera:
    """Pandera as a ``Library``."""

    schema: Schema
    name: str = "pandera"

    def question(self, rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        """See ``Library``."""
        return question(self.name, TRANSLATIONS, rule, columns)

    def natives(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """See ``Library``."""
        return self.schema.said(rules, frame)
