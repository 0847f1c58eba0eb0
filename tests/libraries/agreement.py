"""What an engine over a library evaluates of random tables, it answers as the reference engine does.

python -m tests.libraries.agreement ENGINE EXAMPLES
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.adapters.engines.checking import check, refer
from tests.unit.adapters.engines.test_agreement import is_close, stands_on_an_edge, told
from veriport.domain.results import RuleStatus
from veriport.domain.rules.base import Rule
from veriport.domain.rules.texts import JsonSchema
from veriport.ports.engines import Engine
from veriport.testing.random_cases import RULES, batches, options
from veriport.testing.reference import ReferenceEngine
from veriport.wiring import catalog

_NEITHER = {RuleStatus.NOT_EVALUATED, RuleStatus.ERROR}


def differences(engine: Engine, cls: type[Rule], examples: int, folder: Path) -> tuple[int, str]:
    """How many rules of a class were evaluated, and the first that was answered otherwise."""
    evaluated = Counter[str]()

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        derandomize=True,
    )  # fmt: skip
    @given(data=st.data())
    def compare(data: st.DataObject) -> None:
        batch = refer(data.draw(batches(cls)), folder)
        given_options = data.draw(options(batch[0]))
        rights, mines = (check(each, *batch, **given_options).rules for each in (ReferenceEngine(), engine))
        for right, mine in zip(rights, mines, strict=True):
            if mine.status is RuleStatus.NOT_EVALUATED:
                continue
            evaluated[cls.type] += 1
            assert is_close(mine.observed, right.observed), (mine, right, batch)
            assert stands_on_an_edge(right) or told(mine) == told(right), (mine, right, batch)

    try:
        compare()
    except AssertionError as wrong:
        return evaluated[cls.type], str(wrong).partition("\n")[0]
    return evaluated[cls.type], ""


if __name__ == "__main__":
    name, examples = sys.argv[1], int(sys.argv[2])
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for cls in (each for each in RULES if each is not JsonSchema):  # none of them has it
            evaluated, wrong = differences(catalog.build("engines", name), cls, examples, Path(folder))
            found += bool(wrong)
            print(f"{cls.type}: {evaluated} evaluated{wrong and ', WRONG: ' + wrong}")  # noqa: T201  # a report
    sys.exit(found > 0)
