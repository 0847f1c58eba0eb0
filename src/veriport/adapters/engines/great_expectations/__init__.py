"""The Great Expectations engine: rules as expectations of GX 1 on pandas, and a suite beside them.

Importing this package does not import GX, which takes seconds; building the engine does not either, asking
it does. Each rule gets a pandas frame of its columns, which is a copy.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from veriport.adapters.engines.great_expectations.expectations import TRANSLATIONS
from veriport.adapters.engines.great_expectations.suites import read_suite, said
from veriport.adapters.engines.great_expectations.validating import NAME, WANTED
from veriport.adapters.engines.libraries.columns import PlainColumn
from veriport.adapters.engines.libraries.engines import LibraryEngine
from veriport.adapters.engines.libraries.questions import Question, question
from veriport.adapters.engines.libraries.tables import Frame, Said
from veriport.adapters.engines.libraries.versions import Wanted
from veriport.domain.measurements import NotEvaluated
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native

__all__ = ["GreatExpectationsEngine"]


@frozen(kw_only=True)
class GreatExpectationsEngine(LibraryEngine):
    """Asks Great Expectations, in a context that keeps nothing and tells nobody.

    ``suite`` is an object of GX, a mapping, or the path of its JSON; its expectations become rules of every
    check. ``fallback`` is the engine for the rules that GX has not.
    """

    wanted: ClassVar[Wanted] = WANTED
    suite: object = None
    own_rules: tuple[Native, ...] = field(init=False)

    @own_rules.default
    def _expectations(self) -> tuple[Native, ...]:
        return read_suite(self.suite)

    @property
    def library(self) -> GreatExpectations:
        """See ``LibraryEngine``."""
        return GreatExpectations()


@frozen(kw_only=True)
class GreatExpectations:
    """Great Expectations as a ``Library``."""

    name: str = NAME

    def question(self, rule: Rule, columns: tuple[PlainColumn, ...]) -> Question | NotEvaluated:
        """See ``Library``."""
        return question(self.name, TRANSLATIONS, rule, columns)

    def natives(self, rules: tuple[Native, ...], frame: Frame) -> tuple[Said, ...]:
        """See ``Library``."""
        return said(rules, frame)
