"""``import veriport`` as programs use it: every kind of data, every kind of rules, loops and threads."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

import veriport
from tests.unit.adapters.engines.composed.fakes import Waiting
from veriport import (
    Checkpoint,
    CheckpointResult,
    CheckResult,
    CustomAction,
    StoreValidationResult,
    WebhookAction,
)
from veriport.adapters.clocks.frozen import FrozenClock
from veriport.rules import InRange, NotNull

FRAME = pl.DataFrame(
    {"id": [1, 2, 2, 4], "name": ["Ann", None, "Bob", "Cleo"], "amount": [5.0, -1.0, None, 2.0]}
)
RULES: list[dict[str, object]] = [
    {"column": "id", "type": "unique"},
    {"column": "name", "type": "not_null"},
    {"column": "amount", "type": "in_range", "min": 0},
]


def found(result: CheckResult) -> list[tuple[object, ...]]:
    """What a check found, without where and when."""
    return [
        (rule.rule.id, rule.status.value, rule.failed_count, rule.checked_count,
         [(sample.row, dict(sample.values)) for sample in rule.samples])
        for rule in result.rules
    ]  # fmt: skip


EXPECTED = [
    ("id.unique", "failed", 2, 4, [(1, {"id": 2}), (2, {"id": 2})]),
    ("name.not_null", "failed", 1, 4, [(1, {"name": None})]),
    ("amount.in_range", "failed", 1, 3, [(1, {"amount": -1.0})]),
]

FRAMES: Mapping[str, Callable[[], object]] = {
    "a Polars frame": lambda: FRAME,
    "a lazy Polars frame": FRAME.lazy,
    "a pandas frame": FRAME.to_pandas,
    "a pandas frame with an index": lambda: FRAME.to_pandas().set_axis([7, 7, 8, 9], axis=0),
    "a PyArrow table": FRAME.to_arrow,
    "a PyArrow batch": lambda: FRAME.to_arrow().combine_chunks().to_batches()[0],
    "a PyArrow reader": lambda: FRAME.to_arrow().to_reader(max_chunksize=1),
}


class TestFrames:
    @pytest.mark.parametrize("kind", FRAMES)
    def test_every_kind_gives_the_same_answer(self, kind: str) -> None:
        assert found(veriport.check(FRAMES[kind](), RULES)) == EXPECTED

    @pytest.mark.parametrize("kind", FRAMES)
    def test_a_frame_is_left_as_it_was(self, kind: str) -> None:
        frame = FRAMES[kind]()
        if kind != "a PyArrow reader":
            veriport.check(frame, RULES)
            assert found(veriport.check(frame, RULES)) == EXPECTED

    def test_a_stream_is_read_once_and_says_so_the_second_time(self) -> None:
        reader = FRAME.to_arrow().to_reader()
        veriport.check(reader, RULES)
        with pytest.raises(veriport.DataError, match=r"RecordBatchReader: this stream was read before"):
            veriport.check(reader, RULES)

    def test_a_duckdb_relation_is_read_as_often_as_one_likes(self) -> None:
        program = """
import duckdb, veriport
connection = duckdb.connect()
relation = connection.sql("SELECT * FROM (VALUES (1, 'a'), (2, NULL), (2, 'c')) t(id, name)")
rules = [{"column": "id", "type": "unique"}, {"column": "name", "type": "not_null"}]
for _ in range(2):
    print([(rule.failed_count, rule.checked_count) for rule in veriport.check(relation, rules).rules])
"""  # in a process of its own: DuckDB has remarks on its own ending
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == ["[(2, 3), (1, 3)]"] * 2

    def test_nan_is_a_value_in_polars_and_null_in_pandas(self) -> None:
        rule = [{"column": "x", "type": "not_null"}]
        values = [1.0, float("nan")]
        assert veriport.check(pl.DataFrame({"x": values}), rule).ok
        assert not veriport.check(pd.DataFrame({"x": values}), rule).ok

    @pytest.mark.parametrize(
        ("thing", "message"),
        [
            ([{"id": 1}], "cannot read a builtins.list"),
            (pa.array([1]), "cannot read a pyarrow.Int64Array"),
            (7, "cannot read a builtins.int"),
            (None, "no data given"),
            ({"paht": "x.csv"}, "unknown key 'paht' in data; did you mean 'path'?"),
            ({"format": "csv"}, "data needs 'path'"),
        ],
    )
    def test_what_is_no_data_is_refused(self, thing: object, message: str) -> None:
        with pytest.raises(veriport.ConfigurationError, match=message.replace("?", r"\?")):
            veriport.check(thing, RULES)

    def test_a_frame_that_cannot_be_converted_is_named(self) -> None:
        mixed = pd.DataFrame({"x": [1, "a"]}, dtype=object)
        with pytest.raises(veriport.DataError, match=r"^pandas\.DataFrame: "):
            veriport.check(mixed, [{"column": "x", "type": "not_null"}])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder that we work in, with the table above in several files."""
    with contextlib.chdir(tmp_path):
        FRAME.write_parquet("whole.parquet")
        FRAME.write_csv("whole.csv")
        FRAME.write_ndjson("whole.ndjson")
        FRAME.write_ipc("whole.arrow")
        (tmp_path / "parts").mkdir()
        for name, rows in {"1": FRAME.head(1), "2": FRAME.tail(3)}.items():
            rows.write_parquet(f"parts/{name}.parquet")
            rows.write_csv(f"{name}.csv")
        yield tmp_path


class TestFiles:
    @pytest.mark.parametrize(
        "data",
        ["whole.parquet", Path("whole.csv"), "whole.ndjson", "whole.arrow", "parts/*.parquet", "?.csv",
         {"path": "parts", "format": "parquet"}],
        ids=str,
    )  # fmt: skip
    def test_every_kind_gives_the_same_answer(self, folder: Path, data: object) -> None:
        assert folder.exists()
        assert found(veriport.check(data, RULES)) == EXPECTED

    @pytest.mark.parametrize(
        ("name", "content", "more"),
        [
            ("a.txt", "id|name|amount\n1|Ann|5\n2||-1\n2|Bob|\n4|Cleo|2\n", {"separator": "|"}),
            ("b.tsv", "id\tname\tamount\n1\tAnn\t5\n2\t\t-1\n2\tBob\t\n4\tCleo\t2\n", {}),
            ("c.dat", "id,name,amount\n1,Ann,5\n2,,-1\n2,Bob,\n4,Cleo,2\n", {"format": "csv"}),
            ("d.csv", "id,name,amount\n1,Ann,5\n2,-,-1\n2,Bob,?\n4,Cleo,2\n", {"null_values": ["-", "?"]}),
            ("e.csv", "id,name,amount\n1,Ann,5\n2,,-1\n2,Bob,\n4,Cleo,2\n", {"schema": {"amount": "float"}}),
            ("f.csv", "i,n,a\n1,Ann,5\n2,,-1\n2,Bob,\n4,Cleo,2\n",
             {"sql": "SELECT i AS id, n AS name, CAST(a AS DOUBLE) AS amount FROM self"}),
        ],
    )  # fmt: skip
    def test_a_mapping_says_how_to_read(
        self, folder: Path, name: str, content: str, more: dict[str, object]
    ) -> None:
        (folder / name).write_text(content)
        assert found(veriport.check({"path": name, **more}, RULES)) == EXPECTED

    def test_another_encoding_is_decoded(self, folder: Path) -> None:
        (folder / "latin.csv").write_bytes("name\nJörg\n".encode("latin-1"))
        rule = [{"column": "name", "type": "in_set", "values": ["Jörg"]}]
        assert veriport.check({"path": "latin.csv", "encoding": "latin-1"}, rule).ok
        with pytest.raises(veriport.DataError, match=r"latin\.csv: it is not UTF-8 text; name its encoding"):
            veriport.check("latin.csv", rule)

    def test_another_encoding_of_several_files_is_refused(self, folder: Path) -> None:
        assert folder.exists()
        with pytest.raises(veriport.ConfigurationError, match="for one local file"):
            veriport.check({"path": "?.csv", "encoding": "latin-1"}, RULES)

    def test_a_folder_needs_a_format(self, folder: Path) -> None:
        assert folder.exists()
        with pytest.raises(veriport.ConfigurationError, match="add format: csv, or --data-format csv"):
            veriport.check("parts", RULES)


class TestCsvHasNoTypes:
    def columns(self, folder: Path, text: str) -> dict[str, str]:
        (folder / "t.csv").write_text(text)
        return {each.column.name: each.column.dtype.name for each in veriport.check("t.csv").columns}

    def test_a_column_gets_the_type_that_all_of_its_values_have(self, folder: Path) -> None:
        assert self.columns(
            folder,
            "whole,broken,truth,day,moment,zoned,nothing\n"
            "1,1.5,true,2024-01-31,2024-01-31 10:00:00,2024-01-31T10:00:00Z,\n"
            "2,2,FALSE,2024-02-01,2024-01-31 10:00:00.5,2024-01-31T10:00:00+02:00,\n",
        ) == {
            "whole": "int64", "broken": "float64", "truth": "boolean", "day": "date",
            "moment": "datetime(us)", "zoned": "datetime(us, UTC)", "nothing": "null",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "values", [("1", "x"), ("007", "8"), ("1", "2024-01-31"), ("true", "yes"), ("1", " 2")]
    )
    def test_what_mixes_types_stays_text(self, folder: Path, values: tuple[str, ...]) -> None:
        assert self.columns(folder, "\n".join(["a,b", *(f"{value},0" for value in values)])) == {
            "a": "string",
            "b": "int64",
        }

    def test_rules_about_numbers_count_what_does_not_parse_and_pass_over_nulls(self, folder: Path) -> None:
        (folder / "t.csv").write_text("a,b\n1,\n2,\nx,\n,\n")
        [result] = veriport.check("t.csv", [{"column": "a", "type": "in_range", "min": 2}]).rules
        assert (result.failed_count, result.checked_count) == (2, 3)
        assert [dict(sample.values) for sample in result.samples] == [{"a": "1"}, {"a": "x"}]


class TestRules:
    def test_a_file_a_list_and_objects_mean_the_same(self, folder: Path) -> None:
        (folder / "rules.yaml").write_text(
            "rules:\n"
            "  - {column: id, type: unique}\n"
            "  - {column: name, type: not_null}\n"
            "  - {column: amount, type: in_range, min: 0}\n"
        )
        (folder / "rules.json").write_text(json.dumps({"rules": RULES}))
        mixed = [RULES[0], NotNull(column="name"), InRange(column="amount", min=0)]
        for rules in ("rules.yaml", Path("rules.json"), mixed, tuple(mixed), veriport.check(FRAME, mixed)):
            given = [each.rule for each in rules.rules] if isinstance(rules, CheckResult) else rules
            assert found(veriport.check(FRAME, given)) == EXPECTED

    def test_options_of_the_check(self) -> None:
        result = veriport.check(FRAME, RULES[1:], key="id", samples=1, where="id > 1")
        assert result.row_count == 3
        assert [[dict(sample.key) for sample in rule.samples] for rule in result.rules] == [
            [{"id": 2}],
            [{"id": 2}],
        ]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"samples": -1}, "samples must be a whole number of at least 0"),
            ({"samples": "all"}, "samples must be a whole number"),
            ({"key": 5}, "key must be text or a list of texts"),
            ({"key": [5]}, "key must hold texts"),
            ({"where": "id >"}, "is not usable"),
            ({"engine": "polrs"}, "did you mean 'polars'"),
            ({"engine": object()}, "object is not an engine"),
            ({"rules": []}, "the list of rules is empty"),
            ({"rules": ["not_null"]}, "rule 1: a rule is a mapping"),
            ({"rules": [*RULES, {"column": "id", "type": "uniqe"}]}, "rule 4: unknown rule type 'uniqe'"),
            ({"rules": "absent.yaml"}, "absent.yaml: there is no such file"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused_before_data_is_read(
        self, wrong: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(veriport.ConfigurationError, match=message):
            veriport.check("absent.parquet", **{"rules": RULES, **wrong})


class TestResults:
    def test_a_gate_raises_with_the_result(self) -> None:
        result = veriport.check(FRAME, RULES)
        with pytest.raises(
            veriport.CheckFailedError, match=r"failed id\.unique \[high\]: 2 of 4 rows"
        ) as raised:
            result.raise_if_failed()
        assert raised.value.result is result

    def test_a_gate_lets_warnings_through(self) -> None:
        result = veriport.check(FRAME, [{**RULES[0], "severity": "medium"}])
        assert result.raise_if_failed() is result
        assert (result.status, result.ok) == ("warning", True)

    @pytest.fixture
    def results(self) -> tuple[CheckResult, CheckpointResult]:
        run = Checkpoint("x", FRAME, RULES, key="id", tags={"team": "y"}, metadata={"rows": [1, 2]}).run()
        return veriport.check(FRAME, RULES), run

    def test_a_result_survives_pickling(self, results: tuple[CheckResult, CheckpointResult]) -> None:
        assert pickle.loads(pickle.dumps(results)) == results  # noqa: S301  # our own bytes

    def test_a_result_can_be_copied(self, results: tuple[CheckResult, CheckpointResult]) -> None:
        assert copy.deepcopy(results) == results

    def test_a_result_survives_being_a_document(self, results: tuple[CheckResult, CheckpointResult]) -> None:
        check, run = results
        assert CheckResult.from_dict(json.loads(check.to_json())) == check
        assert CheckpointResult.from_dict(json.loads(run.to_json())) == run

    def test_a_notebook_shows_a_table_and_runs_nothing_in_it(self) -> None:
        evil = veriport.check(
            pl.DataFrame({"<script>": [None]}), [{"column": "<script>", "type": "not_null"}]
        )
        shown = evil._repr_html_()
        assert shown.startswith("<table>")
        assert "<script>" not in shown


class TestLoopsAndThreads:
    def test_works_inside_a_running_event_loop(self) -> None:
        async def notebook() -> tuple[list[tuple[object, ...]], str]:
            return found(veriport.check(FRAME, RULES)), Checkpoint("x", FRAME, RULES).run().status

        assert asyncio.run(notebook()) == (EXPECTED, "failure")

    def test_a_loop_goes_on_while_a_thread_checks(self) -> None:
        async def notebook() -> list[list[tuple[object, ...]]]:
            checks = [asyncio.to_thread(veriport.check, FRAME, RULES) for _ in range(4)]
            return [found(result) for result in await asyncio.gather(*checks)]

        assert asyncio.run(notebook()) == [EXPECTED] * 4

    def test_checks_at_once_give_what_one_after_the_other_gives(self, examples: Path) -> None:
        def work(month: int) -> list[tuple[object, ...]]:
            rules = [
                {"column": "dep_time", "type": "not_null", "where": f"month = {month}"},
                {"columns": ["time_hour", "carrier", "flight"], "type": "unique"},
            ]
            return found(veriport.check(examples / "flights.parquet", rules, where=f"day > {month}"))

        months = [6, 7, 8, 9] * 2
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, months)) == [work(month) for month in months]

    def test_runs_at_once_of_one_checkpoint_are_equal_and_apart(self, tmp_path: Path) -> None:
        store = StoreValidationResult(store_path=tmp_path, partition_by="none")
        checkpoint = Checkpoint("x", FRAME, RULES, actions=[store])
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda _: checkpoint.run(), range(2)))
        assert [found(run.check) for run in runs if run.check] == [EXPECTED] * 2
        assert runs[0].run_id != runs[1].run_id
        assert len(list(tmp_path.iterdir())) == 2


class TestAnApplication:
    @pytest.fixture
    def app(self, folder: Path) -> veriport.App:
        (folder / "veriport.yaml").write_text(
            "checkpoints:\n  - {name: orders, data: whole.csv, rules: [{column: id, type: unique}]}\n"
        )
        return veriport.bootstrap()

    def test_runs_the_checkpoints_of_its_file(self, app: veriport.App) -> None:
        run = app.checkpoints()["orders"].run()
        assert (run.name, run.status, run.exit_code()) == ("orders", "failure", 1)
        assert [each.name for each in veriport.load_checkpoints()] == ["orders"]

    def test_takes_the_engine_that_overrides_the_default(self, app: veriport.App) -> None:
        tiny = veriport.get_engine("tiny")
        with app.engine.override(tiny):
            swapped = app.checkpoints()["orders"].run()
        after = app.checkpoints()["orders"].run()
        assert swapped.check is not None
        assert after.check is not None
        assert (swapped.check.engine, after.check.engine) == ("tiny", "polars")

    def test_takes_the_clock_that_overrides_the_default(self, app: veriport.App) -> None:
        app.clock.override(FrozenClock(datetime(2024, 5, 1, tzinfo=UTC)))
        run = app.checkpoints()["orders"].run()
        assert (run.run_name, run.run_time) == ("20240501T000000Z", datetime(2024, 5, 1, tzinfo=UTC))

    def test_needs_no_file(self) -> None:
        assert veriport.bootstrap(None).checkpoints() == {}


class TestActions:
    def test_each_is_carried_out_whatever_becomes_of_the_others(self, tmp_path: Path) -> None:
        def broken(_: CheckpointResult) -> None:
            raise ValueError("no such channel")

        heard: list[str] = []
        run = Checkpoint(
            "x",
            FRAME,
            RULES,
            actions=[
                CustomAction(name="broken", callback=broken),
                CustomAction(name="heard", callback=lambda result: heard.append(result.run_id)),
                StoreValidationResult(store_path=tmp_path / "kept", partition_by="status"),
            ],
        ).run()
        assert [(each.action_name, each.status) for each in run.action_results] == [
            ("broken", "error"), ("heard", "success"), ("store_result", "success"),
        ]  # fmt: skip
        assert run.action_results[0].message == "ValueError: no such channel"
        assert heard == [run.run_id]
        [stored] = (tmp_path / "kept" / "failure").iterdir()
        assert json.loads(stored.read_text())["run_id"] == run.run_id

    @pytest.mark.parametrize(
        ("severity", "wanted"),
        [
            (None, {"always", "success"}),
            ("medium", {"always", "success", "warning", "not_success"}),
            ("high", {"always", "failure", "failure_or_error", "not_success"}),
        ],
    )
    def test_notify_on_says_after_which_runs(self, severity: str | None, wanted: set[str]) -> None:
        words = ("always", "success", "warning", "failure", "error", "failure_or_error", "not_success")
        heard: list[str] = []

        def hear(word: str, _: CheckpointResult) -> None:
            heard.append(word)

        rules = (
            [{"type": "row_count", "min": 0}] if severity is None else [{**RULES[0], "severity": severity}]
        )
        actions = [CustomAction(name=word, notify_on=word, callback=partial(hear, word)) for word in words]
        run = Checkpoint("x", FRAME, rules, actions=actions).run()
        assert set(heard) == wanted
        assert {each.action_name for each in run.action_results if each.status == "skipped"} == {
            *words
        } - wanted

    def test_errors_are_told_too(self) -> None:
        heard: list[str] = []
        told = CustomAction(notify_on="error", callback=lambda result: heard.append(result.error))
        run = Checkpoint("x", "absent.csv", RULES, actions=[told]).run()
        assert (run.status, run.check) == ("error", None)
        assert heard == ["absent.csv: there is no such file"]

    def test_one_that_takes_too_long_is_abandoned_and_says_so(self) -> None:
        go_on = threading.Event()
        slow = CustomAction(timeout_seconds=0.2, callback=lambda _: go_on.wait(60))
        try:
            run = Checkpoint("x", FRAME, RULES, actions=[slow]).run()
        finally:
            go_on.set()
        [outcome] = run.action_results
        assert outcome.status == "error"
        assert "did not finish in 0.2 s; it was abandoned and may still be running" in outcome.message

    def test_a_check_that_takes_too_long_is_abandoned_and_says_so(self) -> None:
        go_on = threading.Event()

        def endless() -> Iterator[pa.RecordBatch]:
            go_on.wait(60)
            yield from FRAME.to_arrow().to_batches()

        late = pa.RecordBatchReader.from_batches(FRAME.to_arrow().schema, endless())
        try:
            run = Checkpoint("x", late, RULES, timeout_seconds=0.2).run()
        finally:
            go_on.set()
        assert (run.status, run.exit_code()) == ("error", 3)
        assert "the check of x did not finish in 0.2 s; it was abandoned" in run.error

    def test_a_check_that_takes_too_long_is_stopped_where_its_engine_can(self) -> None:
        engine = Waiting()
        run = Checkpoint("x", FRAME, RULES, engine=engine, timeout_seconds=0.2).run()
        assert run.error == "the check of x did not finish in 0.2 s; it was stopped"
        assert engine.cancelled.is_set()

    def test_a_webhook_gets_the_document(self, httpserver: HTTPServer) -> None:
        bodies: list[dict[str, Any]] = []

        def receive(request: Request) -> Response:
            bodies.append(json.loads(request.data))
            return Response(status=204)

        httpserver.expect_request("/hook", method="POST").respond_with_handler(receive)
        hook = WebhookAction(url=httpserver.url_for("/hook"), allow_hosts=["localhost", "127.0.0.1"])
        run = Checkpoint("x", FRAME, RULES, actions=[hook]).run()
        assert [outcome.status for outcome in run.action_results] == ["success"]
        assert CheckpointResult.from_dict(bodies[0]).check == run.check

    def test_a_webhook_can_leave_the_rows_out(self, httpserver: HTTPServer) -> None:
        httpserver.expect_request("/hook").respond_with_data("")
        hook = WebhookAction(
            url=httpserver.url_for("/hook"), allow_hosts=["localhost", "127.0.0.1"], include_full_result=False
        )
        Checkpoint("x", FRAME, RULES, actions=[hook]).run()
        body = json.loads(httpserver.log[0][0].data)
        assert body["check"]["counts"]["failed"] == 3
        assert "rules" not in body["check"]

    def test_a_webhook_to_a_private_address_is_refused_unless_allowed(self, httpserver: HTTPServer) -> None:
        run = Checkpoint("x", FRAME, RULES, actions=[WebhookAction(url=httpserver.url_for("/hook"))]).run()
        [outcome] = run.action_results
        assert outcome.status == "failure"
        assert "not a public address" in outcome.message
        assert httpserver.log == []

    @pytest.mark.parametrize(
        ("action", "message"),
        [
            (lambda: WebhookAction(url="ftp://example.com"), "the url must begin with"),
            (lambda: WebhookAction(url="https://example.com", method="GET"), "method must be one of"),
            (lambda: StoreValidationResult(store_path="s3://bucket"), "store_path must be a folder"),
            (lambda: CustomAction(callback=cast("Any", "print")), "callback must be a function"),
            (lambda: CustomAction(callback=print, notify_on="sucess"), "did you mean 'success'"),
        ],
    )
    def test_what_no_run_could_carry_out_is_refused(self, action: Callable[[], Any], message: str) -> None:
        with pytest.raises(veriport.ConfigurationError, match=message):
            Checkpoint("x", FRAME, RULES, actions=[action()])
