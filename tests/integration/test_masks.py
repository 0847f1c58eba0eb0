"""A value of a masked column comes out of no door: canaries among the data, looked for in every output."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest
from attrs import frozen

import veriport
from tests.cli import veriport as command
from veriport.adapters.reporters.json import JsonReporter
from veriport.adapters.reporters.table import TableReporter
from veriport.testing.receivers import HttpReceiver

TEXT, NUMBER, SHORT, DAY = "C4N4RY", 918273645, "18273", datetime(2011, 7, 23, 17, 3, 1, tzinfo=UTC)
#: Every way in which a canary may be written.
WRITTEN = (TEXT, str(NUMBER), f"{NUMBER:,}", SHORT, "2011-07-23", "2011, 7, 23")

TABLE = pl.DataFrame(
    {
        "id": [1, 2, 2],
        "secret": [TEXT, TEXT, None],
        "amount": [NUMBER, NUMBER, NUMBER],
        "born": [DAY, DAY, DAY],
        "plain": ["shown", None, "shown"],
    },
    schema_overrides={"born": pl.Datetime("us", "UTC")},
)
MASKED = ("secret", "amount", "born")

AGGREGATES: list[dict[str, object]] = [
    {"column": "amount", "type": "aggregate", "of": of, "max": 0}
    for of in ("min", "max", "mean", "median", "sum", "std", "distinct_count")
]
RULES: list[dict[str, object]] = [
    {"column": ["secret", "amount"], "type": "unique"},
    {"column": MASKED, "type": "null"},
    {"column": "secret", "type": "in_set", "values": ["x"]},
    {"column": "secret", "type": "regex", "pattern": "^x"},
    {"column": "secret", "type": "length", "max": 2},
    {"column": "secret", "type": "format", "format": "email"},
    {"column": "amount", "type": "in_range", "max": 5},
    {"column": "amount", "type": "less_than", "other": "id"},
    {"column": "born", "type": "not_past"},
    {"column": "id", "type": "in_range", "max": 0, "where": f"secret = '{TEXT[:2]}' OR amount > 0"},
    {"type": "expression", "expression": "amount < id AND born < '2000-01-01T00:00:00Z'"},
    {"type": "duplicate", "columns": ["amount", "born"]},
    {"type": "rows_complete"},
    {"type": "row_sum", "columns": ["id", "amount"], "max": 1},
    {"type": "row_unique", "columns": ["id", "amount"]},
    {"columns": ["id", "secret"], "type": "pair_in_set", "values": [[1, "x"]]},
    *AGGREGATES,
    {"column": "secret", "type": "aggregate", "of": "max", "max": "A"},
    {"column": "born", "type": "aggregate", "of": "min", "max": "2000-01-01T00:00:00Z"},
    {"column": "amount", "type": "aggregate", "of": "quantile", "q": 0.5, "max": 0},
    {"column": "secret", "type": "distinct_set", "values": ["x"], "relation": "equal"},
    {"column": "amount", "type": "mode_in_set", "values": [1]},
    {"column": "born", "type": "freshness", "max_age": "1h"},
    {"columns": ["id", "amount"], "type": "correlation", "min": 0.99},
]  # fmt: skip


def leaks(text: str) -> list[str]:
    return [canary for canary in WRITTEN if canary in text]


def outputs(result: veriport.CheckResult) -> dict[str, str]:
    """Everything that a result can be turned into."""
    return {
        "repr": repr(result),
        "summary": result.summary(),
        "json": result.to_json(),
        "html": result._repr_html_(),
        "table": TableReporter().check(result),
        "json reporter": JsonReporter().check(result),
        "pickle": repr(pickle.loads(pickle.dumps(result))),  # noqa: S301  # our own
        "error": _raised(result),
    }


def _raised(result: veriport.CheckResult) -> str:
    with pytest.raises(veriport.CheckFailedError) as raised:
        result.raise_if_failed()
    return repr(raised.value)


def test_the_canaries_can_be_seen_where_nothing_is_masked() -> None:
    shown = outputs(veriport.check(TABLE, RULES, key=MASKED))
    assert set(leaks(shown["json"])) >= {TEXT, str(NUMBER), "2011-07-23"}
    assert all(leaks(text) for name, text in shown.items() if name != "html")


def test_no_output_shows_a_value_of_a_masked_column() -> None:
    result = veriport.check(TABLE, RULES, key=("id", *MASKED), mask=MASKED)
    assert result.error_count == 0, result.summary()
    assert {name: leaks(text) for name, text in outputs(result).items() if leaks(text)} == {}
    assert "shown" in result.to_json()


def test_nor_of_the_columns_of_a_masked_rule() -> None:
    rules = [{**rule, "mask": True} for rule in RULES]
    result = veriport.check(TABLE, rules, key="id")
    assert {name: leaks(text) for name, text in outputs(result).items() if leaks(text)} == {}


def test_masks_change_no_verdict() -> None:
    open_, hidden = veriport.check(TABLE, RULES), veriport.check(TABLE, RULES, mask=MASKED)
    assert [each.status for each in open_.rules] == [each.status for each in hidden.rules]
    assert [each.failed_count for each in open_.rules] == [each.failed_count for each in hidden.rules]


@pytest.mark.parametrize("mask", [(), "secret"])
def test_the_reason_why_data_cannot_be_read_is_not_shown(mask: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    TABLE.select("id", "secret").write_csv(path)
    data = {"path": str(path), "schema": {"secret": "int64"}}
    with pytest.raises(veriport.DataError) as raised:
        veriport.check(data, [{"column": "secret", "type": "not_null"}], mask=mask)
    assert bool(leaks(str(raised.value))) is not bool(mask)
    assert str(path) in str(raised.value)


def test_a_mask_that_names_no_column_is_an_error_and_not_forgotten() -> None:
    with pytest.raises(veriport.DataError, match="there is no column 'secrets'; did you mean 'secret'"):
        veriport.check(TABLE, RULES, mask="secrets")


@pytest.mark.parametrize("mask", [1, ["secret", 2], {"secret": True}, None])
def test_a_mask_that_names_nothing_is_refused(mask: object) -> None:
    with pytest.raises(veriport.ConfigurationError, match="mask must"):
        veriport.check(TABLE, RULES, mask=mask)  # type: ignore[arg-type]  # that is the point


@frozen
class Told:
    """What the actions of a run were told, and its result."""

    stored: str
    sent: str
    called: str
    result: veriport.CheckpointResult


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Told]]:
    """Run a checkpoint with every kind of action."""
    with HttpReceiver() as receiver:

        def run(rules: object, **options: object) -> Told:
            called: list[object] = []
            actions = [
                veriport.StoreValidationResult(store_path=str(tmp_path / "results"), partition_by="none"),
                veriport.WebhookAction(url=receiver.url, allow_hosts=("127.0.0.1",)),
                veriport.CustomAction(callback=called.append),
            ]
            checkpoint = veriport.Checkpoint("orders", TABLE, rules, actions=actions, **options)  # type: ignore[arg-type]
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
                result = checkpoint.run()
            assert not leaks(out.getvalue() + err.getvalue())
            assert all(action.status == "success" for action in result.action_results), result.summary()
            (stored,) = (tmp_path / "results").rglob("*.json")
            return Told(stored.read_text(), receiver.requests[-1].body.decode(), repr(called), result)

        yield run


def test_no_action_of_a_checkpoint_is_told_a_masked_value(run: Callable[..., Told]) -> None:
    told = run(RULES, key=["id", *MASKED], mask=MASKED)
    for text in (told.stored, told.sent, told.called, repr(told.result), told.result.to_json()):
        assert leaks(text) == []
    assert json.loads(told.sent)["check"]["rules"][0]["samples"][0]["values"] == {"secret": "***"}


def test_actions_are_told_what_is_not_masked(run: Callable[..., Told]) -> None:
    told = run(RULES)
    assert all(leaks(text) for text in (told.stored, told.sent, told.called))


def test_a_run_whose_data_cannot_be_read_does_not_quote_it(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    TABLE.select("id", "secret").write_csv(path)
    data = {"path": str(path), "schema": {"secret": "int64"}}
    result = veriport.Checkpoint("x", data, [{"column": "secret", "type": "not_null"}], mask="secret").run()
    assert (result.status, leaks(repr(result))) == (veriport.Status.ERROR, [])


class Buggy:
    """An engine with a bug that quotes the data."""

    name = "buggy"

    def open(self, dataset: object) -> NoReturn:
        raise ZeroDivisionError(f"{TEXT} in {dataset}")


@pytest.mark.parametrize("mask", [(), "secret"])
def test_a_bug_of_an_engine_quotes_nothing_masked(mask: str) -> None:
    result = veriport.Checkpoint("x", TABLE, RULES, engine=Buggy(), mask=mask).run()
    assert "ZeroDivisionError" in result.error
    assert bool(leaks(repr(result))) is not bool(mask)


def test_the_mask_of_a_configuration(tmp_path: Path) -> None:
    TABLE.write_parquet(tmp_path / "data.parquet")
    checkpoint = {"name": "x", "data": "data.parquet", "key": ["born"], "mask": ["secret", "born"],
                  "rules": [{"column": "secret", "type": "null"}]}  # fmt: skip
    (tmp_path / "veriport.yaml").write_text(json.dumps({"checkpoints": [checkpoint]}))
    done = command("checkpoint", "run", "x", cwd=tmp_path)
    assert (done.code, leaks(done.out + done.err)) == (1, [])


def test_a_mask_of_a_configuration_that_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "veriport.yaml").write_text("checkpoints: [{name: x, data: a.csv, mask: [1]}]")
    done = command("checkpoint", "validate", cwd=tmp_path)
    assert done.code == 2
    assert "mask must be a column or a list of columns" in done.err


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_mask_of_the_command_line(tmp_path: Path, form: str) -> None:
    TABLE.write_parquet(tmp_path / "data.parquet")
    (tmp_path / "rules.json").write_text(json.dumps({"rules": RULES}))
    done = command("check", "data.parquet", "--rules", "rules.json", "--mask", ",".join(MASKED), "--key",
                   ",".join(MASKED), "--format", form, cwd=tmp_path)  # fmt: skip
    assert done.code == 1
    assert leaks(done.out + done.err) == []


def test_the_reason_why_data_cannot_be_split_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("id,secret\n1,5\n2,6\n")
    data = {"path": str(path), "schema": {"secret": "int64"}}
    result = veriport.check(data, [{"column": "secret", "type": "not_null"}], mask="secret")
    path.write_text(f"id,secret\n1,5\n2,{TEXT}\n")
    with pytest.raises(veriport.DataError, match="may quote masked values") as raised:
        result.split(tmp_path / "out")
    assert not leaks(str(raised.value))


def test_split_files_hold_the_values_as_they_are(tmp_path: Path) -> None:
    split = veriport.check(TABLE, [{"column": "secret", "type": "not_null"}], mask=MASKED).split(tmp_path)
    assert pl.read_parquet(split.valid)["secret"].to_list() == [TEXT, TEXT]
