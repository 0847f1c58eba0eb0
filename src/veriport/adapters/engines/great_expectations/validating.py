"""Great Expectations asked to validate a pandas frame, quietly and without a trace beside the answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from attrs import frozen

from veriport.adapters.engines.libraries.versions import Wanted

NAME = "great_expectations"
WANTED = Wanted("great-expectations", "gx", (1,), (2,))

#: The library holds one current context for the whole program.
_LOCK = threading.RLock()


@frozen
class Found:
    """The result of one expectation; ``trouble`` is what it raised, in a line."""

    success: bool
    result: Mapping[str, Any]
    trouble: str = ""

    @property
    def rows(self) -> Sequence[int]:
        """The places of the unexpected rows, of which the library's list of values would show only some."""
        return tuple(self.result.get("unexpected_index_list") or ())


def expectation(name: str) -> Any:  # noqa: ANN401  # it is not installed where types are checked
    """The class of an expectation, by its name in either case: ``expect_column_max_to_be_between``."""
    classes = _gx().expectations
    made = "".join(part.capitalize() for part in name.split("_")) if "_" in name else name
    return getattr(classes, _ODD.get(made, made), None)


#: Classes whose names have capitals that the snake case does not tell.
_ODD = {"ExpectColumnPairValuesAToBeGreaterThanB": "ExpectColumnPairValuesAToBeGreaterThanB",
        "ExpectColumnKlDivergenceToBeLessThan": "ExpectColumnKLDivergenceToBeLessThan"}  # fmt: skip


def validated(frame: Any, expectations: Sequence[Any]) -> list[Found]:  # noqa: ANN401  # the same
    """The results of expectations on a pandas frame, in their order."""
    gx = _gx()
    for place, each in enumerate(expectations):
        each.meta = {**(each.meta or {}), _PLACE: place}
    wanted = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
    with _LOCK, _context(gx) as context:
        asset = context.data_sources.add_pandas(_PLACE).add_dataframe_asset("frame")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite("rules", expectations=list(expectations))
        results = batch.validate(suite, result_format=wanted).results
    by_place = {each.expectation_config.meta[_PLACE]: _found(each) for each in results}
    return [by_place[place] for place in range(len(expectations))]


_PLACE = "veriport"


def _found(result: Any) -> Found:  # noqa: ANN401  # the same
    info = result.exception_info or {}
    raised = info if "raised_exception" in info else next(iter(info.values()), {})
    trouble = str(raised.get("exception_message") or "it failed") if raised.get("raised_exception") else ""
    return Found(bool(result.success), dict(result.result or {}), trouble.strip().partition("\n")[0])


def _gx() -> Any:  # noqa: ANN401  # the same
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # its switch, which it reads when it is imported
    return WANTED.module("great_expectations")


@contextmanager
def _context(gx: Any) -> Iterator[Any]:  # noqa: ANN401  # the same
    """A context in memory without a frame; the one that was current is so again afterwards."""
    manager = WANTED.module("great_expectations.data_context.data_context.context_factory").project_manager
    before = None
    with suppress(Exception):  # there is none
        before = getattr(manager, "_project", None)
    context = _made(gx)
    try:
        manager.set_project(context)
        yield context
    finally:
        context.data_sources.delete(_PLACE)
        manager.set_project(before)


@cache
def _made(gx: Any) -> Any:  # noqa: ANN401  # the same
    """One for the whole program, made when it is first asked."""
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    bars = WANTED.module("great_expectations.data_context.types.base").ProgressBarsConfig
    context.variables.progress_bars = bars(globally=False, metric_calculations=False)
    return context
