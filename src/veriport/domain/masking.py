"""What may be shown of a measurement where columns, or all columns of a rule, are masked."""

from __future__ import annotations

from collections.abc import Collection

from attrs import evolve

from veriport.domain.measurements import MASK, Measurement
from veriport.domain.rules.aggregates import Aggregate, Correlation, DistinctSet, Of
from veriport.domain.rules.base import Rule
from veriport.domain.rules.native import Native
from veriport.domain.rules.references import RowCountMatch
from veriport.domain.rules.tables import RowCount

_COUNTS = frozenset({Of.NULL_COUNT, Of.NULL_RATIO, Of.DISTINCT_COUNT, Of.DISTINCT_RATIO})


def hidden(rule: Rule, found: Measurement, columns: Collection[str]) -> Measurement:
    """The measurement without a value of these columns and, under ``mask``, of any that the rule reads.

    An observed value and its note are values of the columns; only counts and shares of rows are not. A
    native rule may read any column.
    """
    samples = tuple(sample.hiding(columns) for sample in found.samples)
    if rule.mask:
        samples = tuple(sample.masked() for sample in samples)
    native = isinstance(rule, Native)
    if not (rule.mask or set(rule.reads) & set(columns) or (native and columns)):
        return evolve(found, samples=samples)
    note = MASK if found.note and (rule.reads or native) else found.note
    if counts(rule):
        return evolve(found, samples=samples, note=note)
    told = found.observed is not None
    remarks = (MASK,) if told and found.remarks else found.remarks
    observed = MASK if told else None
    return evolve(found, samples=samples, note=note, observed=observed, remarks=remarks)


def counts(rule: Rule) -> bool:
    """Whether the observed value of a rule is a count, a share or a coefficient, which tells no value."""
    if isinstance(rule, Aggregate):
        return rule.of in _COUNTS
    return isinstance(rule, RowCount | RowCountMatch | DistinctSet | Correlation)
