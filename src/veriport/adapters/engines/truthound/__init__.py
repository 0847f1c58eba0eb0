"""The Truthound engine: rules as validators of Truthound 3, and validators of the user beside them.

Validators are called one by one, so that Truthound keeps no run and writes no file. Most of them count and
do not say which rows they mean; those are shown by the Polars engine, if it counts as many.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from veriport.adapters.engines.libraries.columns import PlainColumn
from veriport.adapters.engines.libraries.engines import LibraryEngine
from veriport.adapters.engines.libraries.questions import Question, question
from veriport.adapters.engines.libraries.tables import Frame, Said
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.adapters.engines.truthound.own import Validators
from veriport.adapters.engines.truthound.validators import NAME, TRANSLATIONS, WANTED
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native

__all__ = ["TruthoundEngine"]


@frozen(kw_only=True)
class TruthoundEngine(LibraryEngine):
    """Asks Truthound, whose validators read a Polars frame.

    ``validators`` are validators, or names of them with their parameters (``{"name": "between", "columns":
    ["age"], "min_value": 0}``); they become rules of every check. ``fallback`` is the engine for the rules
    that Truthound has not.
    """

    wanted: ClassVar[Wanted] = WANTED
    validators: object = ()
    _own: Validators = field(init=False, repr=False, eq=False)

    @_own.default
    def _read(self) -> Validators:
        return Validators.of(self.validators)

    @property
    def own_rules(self) -> tuple[Rule, ...]:
        """A native rule for each validator."""
        return tuple(self._own.rules)

    @property
    def library(self) -> Truthound:
        """See ``LibraryEngine``."""
        return Truthound(own=self._own)


@frozen(kw_only=True)
class Truthound:
    """Truthound as a ``Library``."""

    own: Validators
    name: str = NAME

    def question(self, rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        """See ``Library``."""
        return question(self.name, TRANSLATIONS, rule, columns)

    def natives(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """See ``Library``."""
        return tuple(self.own.said(rule, frame) for rule in rules)
