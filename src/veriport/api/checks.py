"""``veriport.check``: check a data set from Python, without a file or a container.

Everything is imported when the function is called, so that ``import veriport`` stays light (D16).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from pathlib import PurePath

    from veriport.domain.results import CheckResult


def check(
    data: object,
    rules: object = None,
    *,
    engine: object = None,
    key: str | Iterable[str] = (),
    samples: int = 20,
    where: str | None = None,
    mask: str | Iterable[str] = (),
    auto_schema: bool | str | PurePath = False,
) -> CheckResult:
    """Check a data set against rules and return the verdict.

    ``data`` is a path, a glob, a URI, a mapping with ``path``, or a frame (Polars, pandas, PyArrow,
    DuckDB, Ibis, Spark ...). ``rules`` is a list of mappings or rule objects, or the path of a rules
    file; without rules the result describes the columns. ``engine`` is a name, ``module:Class`` or an
    engine object (by default Ibis for tables in databases, Polars for all else). ``key`` names columns to
    show with each failing row, ``samples`` is how many failing rows a rule shows, ``where`` is a SQL
    condition on the rows to check, ``mask`` names columns of which nothing shows a value. ``auto_schema``
    is the path of a file that keeps the schema of the data: where there is none yet, the names and types
    of the columns are learned and written there, as a rule that can be read and edited; later data must
    have them, too. With ``True`` nothing is kept, and the data is compared with itself.

    Raises ``ConfigurationError`` for what is wrong without reading data, and ``DataError`` for data
    that cannot be read. Failing rules raise nothing: see ``CheckResult.raise_if_failed``.

    >>> import polars, veriport
    >>> veriport.check(polars.DataFrame({"age": [31, -4]}), [{"column": "age", "type": "non_negative"}]).ok
    False
    """
    from veriport.adapters.clocks.system import SystemClock  # noqa: PLC0415  # D16
    from veriport.adapters.folders.local import LocalFolder  # noqa: PLC0415
    from veriport.api.doors import names_of, rules_of, unwrap  # noqa: PLC0415
    from veriport.api.engines import engine_of, parse_expression  # noqa: PLC0415
    from veriport.application.checking import CheckData, CheckOptions  # noqa: PLC0415
    from veriport.domain.datasets import dataset_of  # noqa: PLC0415

    dataset = dataset_of(data)
    meant = engine_of(engine, dataset)
    use_case = CheckData(engine=meant, parse=parse_expression, clock=SystemClock(), folder=LocalFolder())
    options = CheckOptions(key=names_of(key), samples=samples, where=where, mask=names_of(mask, "mask"))
    given, note = rules_of(rules), ""
    if auto_schema is not False:
        from veriport.api.schemas import schema_rules  # noqa: PLC0415

        learned, note = schema_rules(auto_schema, meant, dataset)
        given = (*(given or ()), *learned)
    result = unwrap(use_case(dataset, given, options))
    return evolve(result, notes=(*result.notes, note)) if note else result
