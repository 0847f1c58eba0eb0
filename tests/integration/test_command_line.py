"""What ``veriport`` prints and exits with, on real data, compared with plain Polars."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars import col

from tests.cli import Done, on_a_terminal, veriport
from veriport import CheckpointResult, CheckResult

ESCAPE = "\x1b"

#: A rule on the flights, and by hand which rows it looks at and which of them break it.
FLIGHTS: Mapping[str, tuple[dict[str, object], pl.Expr, pl.Expr]] = {
    "not_null": (
        {"column": "dep_time", "type": "not_null"},
        pl.lit(True),  # noqa: FBT003  # every row
        col("dep_time").is_null(),
    ),
    "unique": (
        {"columns": ["year", "month", "day", "carrier", "flight"], "type": "unique"},
        pl.lit(True),  # noqa: FBT003  # every row
        pl.struct("year", "month", "day", "carrier", "flight").is_duplicated(),
    ),
    "in_set": (
        {"column": "origin", "type": "in_set", "values": ["JFK", "EWR"]},
        pl.lit(True),  # noqa: FBT003  # every row
        ~col("origin").is_in(["JFK", "EWR"]),
    ),
    "not_in_set": (
        {"column": "tailnum", "type": "not_in_set", "values": ["D942DN"]},
        col("tailnum").is_not_null(),
        col("tailnum") == "D942DN",
    ),
    "in_range": (
        {"column": "dep_delay", "type": "in_range", "min": -10, "max": 120},
        col("dep_delay").is_not_null(),
        (col("dep_delay") < -10) | (col("dep_delay") > 120),
    ),
    "in_range of times": (
        {"column": "time_hour", "type": "in_range", "min": "2013-06-15T00:00:00Z"},
        pl.lit(True),  # noqa: FBT003  # every row
        col("time_hour") < pl.datetime(2013, 6, 15, time_zone="UTC"),
    ),
    "regex": (
        {"column": "tailnum", "type": "regex", "pattern": "^N[0-9A-Z]{1,5}$"},
        col("tailnum").is_not_null(),
        ~col("tailnum").str.contains("^N[0-9A-Z]{1,5}$"),
    ),
    "length": (
        {"column": "tailnum", "type": "length", "min": 6, "max": 6},
        col("tailnum").is_not_null(),
        col("tailnum").str.len_chars() != 6,
    ),
    "a constant": (
        {"column": "distance", "type": "greater_than", "value": 200},
        pl.lit(True),  # noqa: FBT003  # every row
        col("distance") <= 200,
    ),
    "two columns": (
        {"column": "arr_delay", "type": "less_than_or_equal", "other": "dep_delay"},
        col("arr_delay").is_not_null() & col("dep_delay").is_not_null(),
        col("arr_delay") > col("dep_delay"),
    ),
    "expression": (
        {"type": "expression", "expression": "air_time * 10 > distance OR origin = 'LGA'"},
        col("air_time").is_not_null() | (col("origin") == "LGA"),
        ~((col("air_time").cast(pl.Int64) * 10 > col("distance")) | (col("origin") == "LGA")),
    ),
    "where": (
        {"column": "arr_delay", "type": "in_range", "max": 60, "where": "carrier = 'UA' AND month = 7"},
        (col("carrier") == "UA") & (col("month") == 7) & col("arr_delay").is_not_null(),
        col("arr_delay") > 60,
    ),
    "nulls fail": (
        {"column": "air_time", "type": "in_range", "min": 30, "nulls": "fail"},
        pl.lit(True),  # noqa: FBT003  # every row
        col("air_time").is_null() | (col("air_time") < 30),
    ),
}


@pytest.fixture(scope="module")
def flights(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document that a check of the flights prints, all rules of the table above in one file."""
    folder = tmp_path_factory.mktemp("flights")
    rules = [{**rule, "id": name} for name, (rule, _, _) in FLIGHTS.items()]
    (folder / "rules.json").write_text(json.dumps({"rules": rules}))
    done = veriport(
        "check", examples / "flights.parquet", "--rules", "rules.json", "--format", "json",
        "--key", "carrier,flight", "--samples", "3", cwd=folder,
    )  # fmt: skip
    assert (done.code, done.err) == (1, "")
    document: dict[str, Any] = json.loads(done.out)
    return document


@pytest.fixture(scope="module")
def table(examples: Path) -> pl.DataFrame:
    return pl.read_parquet(examples / "flights.parquet")


class TestTheCountsAreThoseOfPlainPolars:
    @pytest.mark.parametrize("name", FLIGHTS)
    def test_of_each_rule(self, flights: dict[str, Any], table: pl.DataFrame, name: str) -> None:
        _, looked_at, breaks = FLIGHTS[name]
        checked = table.filter(looked_at)
        failed = table.select(looked_at & breaks).to_series().sum()
        [found] = [rule for rule in flights["rules"] if rule["id"] == name]
        assert (found["checked_count"], found["failed_count"]) == (checked.height, failed)
        assert failed > 0, "a rule that finds nothing shows little"

    @pytest.mark.parametrize("name", FLIGHTS)
    def test_the_samples_are_the_first_rows_that_break_it(
        self, flights: dict[str, Any], table: pl.DataFrame, name: str
    ) -> None:
        _, looked_at, breaks = FLIGHTS[name]
        first = table.with_row_index("row").filter(looked_at & breaks).head(3)
        [found] = [rule for rule in flights["rules"] if rule["id"] == name]
        assert [sample["row"] for sample in found["samples"]] == first["row"].to_list()
        assert [sample["key"] for sample in found["samples"]] == first.select("carrier", "flight").to_dicts()

    def test_of_the_rows_and_the_rules(self, flights: dict[str, Any], table: pl.DataFrame) -> None:
        assert flights["row_count"] == table.height
        assert flights["counts"] == {"passed": 0, "failed": len(FLIGHTS), "error": 0, "not_evaluated": 0}

    def test_of_the_nulls_when_no_rule_is_given(self, examples: Path, table: pl.DataFrame) -> None:
        done = veriport("check", "flights.parquet", "--format", "json", cwd=examples)
        columns = json.loads(done.out)["columns"]
        assert done.code == 0
        assert {column["name"]: column["null_count"] for column in columns} == table.null_count().to_dicts()[
            0
        ]


#: What DESIGN promises of the documents: every key, and what stands there.
CHECK_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "version": int, "kind": str, "status": str, "dataset": str, "engine": str, "row_count": int,
    "counts": dict, "rules": list, "duration_seconds": float,
}  # fmt: skip
RULE_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "id": str, "fingerprint": str, "type": str, "column": (str, type(None)), "columns": list,
    "severity": str, "status": str, "failed_count": int, "checked_count": int,
    "observed": (str, int, float, bool, type(None)), "expected": str, "samples": list, "message": str,
}  # fmt: skip
SAMPLE_KEYS: Mapping[str, type | tuple[type, ...]] = {"row": (int, type(None)), "key": dict, "values": dict}
CHECKPOINT_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "version": int, "kind": str, "run_id": str, "name": str, "status": str, "check": dict, "actions": list,
    "duration_seconds": float,
}  # fmt: skip


def lacking(document: Mapping[str, object], keys: Mapping[str, type | tuple[type, ...]]) -> list[str]:
    """The keys that are not there, or hold something else."""
    return [key for key, kind in keys.items() if key not in document or not isinstance(document[key], kind)]


class TestTheDocuments:
    def test_a_check_has_every_key(self, flights: dict[str, Any]) -> None:
        assert lacking(flights, CHECK_KEYS) == []
        assert (flights["version"], flights["kind"], flights["status"]) == (1, "check", "failure")
        for rule in flights["rules"]:
            assert lacking(rule, RULE_KEYS) == []
            assert [sample for sample in rule["samples"] if lacking(sample, SAMPLE_KEYS)] == []

    def test_a_rule_about_one_column_names_it_and_one_about_several_does_not(
        self, flights: dict[str, Any]
    ) -> None:
        named = {rule["id"]: (rule["column"], rule["columns"]) for rule in flights["rules"]}
        assert named["regex"] == ("tailnum", ["tailnum"])
        assert named["unique"] == (None, ["year", "month", "day", "carrier", "flight"])

    def test_a_check_reads_back_as_the_result_it_was(self, flights: dict[str, Any]) -> None:
        result = CheckResult.from_dict(flights)
        assert result.to_dict() == flights
        assert result.failures[0].failed_count > 0

    def test_a_run_has_every_key_and_reads_back(self, examples: Path, tmp_path: Path) -> None:
        done = veriport(
            "checkpoint", "run", "flights_now", "--data", examples / "flights.parquet",
            "--rule", "{column: dep_time, type: not_null}", "--format", "json", cwd=tmp_path,
        )  # fmt: skip
        document = json.loads(done.out)
        assert done.code == 1
        assert lacking(document, CHECKPOINT_KEYS) == []
        assert lacking(document["check"], CHECK_KEYS) == []
        assert (document["kind"], document["name"], document["status"]) == (
            "checkpoint",
            "flights_now",
            "failure",
        )
        assert CheckpointResult.from_dict(document).to_dict() == document

    def test_a_run_that_could_not_check_says_why(self, tmp_path: Path) -> None:
        done = veriport("checkpoint", "run", "x", "--data", "absent.csv", "--format", "json", cwd=tmp_path)
        document = json.loads(done.out)
        assert (done.code, document["status"], document["check"]) == (3, "error", None)
        assert "there is no such file" in document["error"]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A folder with a little table of two rows, one without a name."""
    (tmp_path / "orders.csv").write_text("id,name,amount\n1,Ann,5\n2,,-1\n")
    return tmp_path


def check(folder: Path, *rules: str, flags: Iterable[str] = (), **environment: str) -> Done:
    given = [f"--rule={rule}" for rule in rules]
    return veriport("check", "orders.csv", *given, *flags, cwd=folder, **environment)


HOLDS = "{column: id, type: unique}"
FAILS = "{column: amount, type: in_range, min: 0}"
WARNS = "{column: amount, type: in_range, min: 0, severity: medium}"
BREAKS = "{column: nmae, type: not_null}"
SKIPS = "{column: nmae, type: not_null, missing: skip}"


class TestExitCodes:
    @pytest.mark.parametrize(
        ("rules", "code", "status"),
        [
            ((HOLDS,), 0, "SUCCESS"),
            ((HOLDS, WARNS), 0, "WARNING"),
            ((HOLDS, FAILS), 1, "FAILURE"),
            ((HOLDS, SKIPS), 4, "INCOMPLETE"),
            ((HOLDS, BREAKS), 3, "ERROR"),
            ((WARNS, SKIPS), 4, "INCOMPLETE"),
            ((FAILS.replace("{", "{id: a, "), WARNS, SKIPS), 1, "FAILURE"),
            ((FAILS, BREAKS), 3, "ERROR"),
        ],
    )
    def test_the_worst_decides(self, orders: Path, rules: tuple[str, ...], code: int, status: str) -> None:
        done = check(orders, *rules)
        assert (done.code, done.out.partition(":")[0]) == (code, status)

    def test_no_rule_is_a_success_that_says_so(self, orders: Path) -> None:
        done = check(orders)
        assert done.code == 0
        assert "no rule was given" in done.out

    @pytest.mark.parametrize(
        ("rules", "code"),
        [((HOLDS,), 0), ((WARNS,), 1), ((WARNS, SKIPS), 1), ((SKIPS,), 4), ((WARNS, BREAKS), 3)],
    )
    def test_strict_makes_any_failed_rule_a_failure(
        self, orders: Path, rules: tuple[str, ...], code: int
    ) -> None:
        assert check(orders, *rules, flags=["--strict"]).code == code

    def test_wrong_usage_is_two_and_names_the_help(self, orders: Path) -> None:
        done = veriport("check", "orders.csv", "--no-such-option", cwd=orders)
        assert (done.code, done.out) == (2, "")
        assert "veriport check --help" in done.err

    def test_strict_holds_for_checkpoints_too(self, orders: Path) -> None:
        run = ("checkpoint", "run", "x", "--data", "orders.csv", "--rule", WARNS)
        assert veriport(*run, cwd=orders).code == 0
        assert veriport(*run, "--strict", cwd=orders).code == 1


class TestWhatToTypeNext:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("check orders.csv --rule id:unique", "--rule: 'id:unique' is not a rule; write one mapping"),
            ("check orders.csv --rule a:\\ b,\\ c:\\ d", "not allowed here; write one mapping, such as"),
            ("check orders.csv --rules {type:x}", "--rules names a file; write a rule as --rule '{type:x}'"),
            ("check orders.csv --format csv", "'csv' is not one of 'table', 'json'"),
            ("checkpoint run orders", "there is no such file; --config names another"),
            ("checks orders.csv", "see veriport --help"),
        ],
    )  # fmt: skip
    def test_is_told(self, orders: Path, arguments: str, message: str) -> None:
        done = veriport(*shlex.split(arguments), cwd=orders)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
        assert len(done.err.splitlines()) == 1


class TestOptions:
    def test_where_limits_the_whole_check(self, orders: Path) -> None:
        done = check(orders, FAILS, flags=["--where", "id = 1", "--format", "json"])
        document = json.loads(done.out)
        assert (done.code, document["row_count"], document["rules"][0]["checked_count"]) == (0, 1, 1)

    def test_rules_of_a_file_and_of_the_line_are_taken_together(self, orders: Path) -> None:
        (orders / "rules.yaml").write_text("rules:\n  - {column: id, type: not_null}\n")
        done = check(orders, FAILS, flags=["--rules", "rules.yaml", "--format", "json"])
        assert [rule["id"] for rule in json.loads(done.out)["rules"]] == ["id.not_null", "amount.in_range"]

    def test_a_csv_is_read_as_it_is_written(self, tmp_path: Path) -> None:
        (tmp_path / "export.dat").write_bytes("id;name\n1;Jörg\n2;n/a\n".encode("latin-1"))
        done = veriport(
            "check", "export.dat", "--data-format", "csv", "--separator", ";", "--encoding", "latin-1",
            "--null-value", "n/a", "--rule", "{column: name, type: not_null}",
            "--rule", "{column: name, type: in_set, values: [Jörg]}", "--format", "json", cwd=tmp_path,
        )  # fmt: skip
        counts = [(rule["failed_count"], rule["checked_count"]) for rule in json.loads(done.out)["rules"]]
        assert counts == [(1, 2), (0, 1)]

    def test_no_samples(self, orders: Path) -> None:
        done = check(orders, FAILS, flags=["--samples", "0", "--format", "json"])
        assert json.loads(done.out)["rules"][0]["samples"] == []

    def test_masked_values_are_printed_nowhere(self, orders: Path) -> None:
        rule = "{column: name, type: regex, pattern: '^B', mask: true}"
        for form in ("table", "json"):
            done = check(orders, rule, flags=["--format", form, "--key", "id,name"])
            assert (done.code, "Ann" in done.out, "***" in done.out) == (1, False, True)

    def test_output_writes_the_file_and_prints_nothing(self, orders: Path) -> None:
        done = check(orders, FAILS, flags=["--output", "found.txt"])
        assert (done.code, done.out, done.err) == (1, "", "")
        assert (orders / "found.txt").read_text().startswith("FAILURE: orders.csv")

    def test_output_replaces_what_was_there(self, orders: Path) -> None:
        (orders / "found.json").write_text("old")
        check(orders, FAILS, flags=["--output", "found.json", "--format", "json"])
        assert json.loads((orders / "found.json").read_text())["status"] == "failure"

    def test_output_goes_into_a_pipe_and_a_device_stays_one(self, orders: Path) -> None:
        pipe = orders / "pipe"
        os.mkfifo(pipe)
        read = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
        check(orders, FAILS, flags=["--output", "pipe", "--format", "json"])
        assert json.loads(read.communicate()[0])["status"] == "failure"
        assert pipe.is_fifo()

    def test_output_through_a_link_leaves_the_link(self, orders: Path) -> None:
        (orders / "there.json").write_text("old")
        (orders / "link.json").symlink_to("there.json")
        check(orders, FAILS, flags=["--output", "link.json", "--format", "json"])
        assert (orders / "link.json").is_symlink()
        assert json.loads((orders / "there.json").read_text())["status"] == "failure"


class TestCheckpoints:
    CONFIGURATION = (
        "checkpoints:\n"
        "  - {name: a, data: orders.csv, rules: [{column: id, type: unique}], tags: {team: x},"
        " actions: [{type: store_result, store_path: kept}]}\n"
        "  - {name: b, data: 's3://key:secret@bucket/b.parquet'}\n"
    )

    def test_are_listed(self, orders: Path) -> None:
        (orders / "veriport.yaml").write_text(self.CONFIGURATION)
        done = veriport("checkpoint", "list", cwd=orders)
        assert done.code == 0
        assert [line.split() for line in done.out.splitlines()] == [
            ["NAME", "DATA", "RULES", "ACTIONS"],
            ["a", "orders.csv", "1", "store_result"],
            ["b", "s3://***@bucket/b.parquet", "0", "-"],
        ]

    def test_are_listed_as_json(self, orders: Path) -> None:
        (orders / "veriport.yaml").write_text(self.CONFIGURATION)
        listed = json.loads(veriport("checkpoint", "list", "--format", "json", cwd=orders).out)
        assert [entry["name"] for entry in listed] == ["a", "b"]
        assert listed[0] == {
            "name": "a", "data": "orders.csv", "rules": 1, "actions": ["store_result"],
            "tags": {"team": "x"}, "engine": "polars",
        }  # fmt: skip

    def test_paths_are_relative_to_the_file(self, orders: Path) -> None:
        project = orders / "project"
        project.mkdir()
        (orders / "orders.csv").rename(project / "orders.csv")
        (project / "veriport.yaml").write_text(self.CONFIGURATION)
        assert veriport("checkpoint", "run", "a", "--config", "project/veriport.yaml", cwd=orders).code == 0
        [stored] = (project / "kept").rglob("*.json")
        assert json.loads(stored.read_text())["name"] == "a"

    def test_other_data_takes_the_place_of_the_configured(self, orders: Path) -> None:
        (orders / "veriport.yaml").write_text(self.CONFIGURATION)
        (orders / "other.csv").write_text("id\n1\n1\n")
        done = veriport("checkpoint", "run", "a", "--data", "other.csv", "--format", "json", cwd=orders)
        document = json.loads(done.out)
        assert (done.code, document["check"]["dataset"]) == (1, "other.csv")
        assert [action["status"] for action in document["actions"]] == ["success"]

    def test_the_sample_is_valid_and_runs(self, orders: Path) -> None:
        (orders / "orders.csv").write_text("id,customer,amount\n1,C-1,5\n")
        assert veriport("checkpoint", "init", cwd=orders).code == 0
        assert veriport("checkpoint", "validate", cwd=orders).code == 0
        assert veriport("checkpoint", "run", "orders", cwd=orders).code == 0

    @pytest.mark.parametrize(
        ("action", "message"),
        [
            ("{type: webhook, url: 'ftp://example.com'}", "the url must begin with https:// or http://"),
            ("{type: webhook, url: 'https://example.com', method: GET}", "method must be one of POST"),
            ("{type: webhook, url: 'https://example.com', headers: {Host: x}}", "header Host is set by"),
            ("{type: webhook, url: 'https://example.com', allow_hosts: ['http://x']}", "without scheme"),
            ("{type: store_result, store_path: 's3://bucket/results'}", "store_path must be a folder"),
        ],
    )  # fmt: skip
    def test_an_action_that_no_run_could_carry_out_is_not_valid(
        self, orders: Path, action: str, message: str
    ) -> None:
        (orders / "veriport.yaml").write_text(
            f"checkpoints:\n  - name: a\n    data: orders.csv\n    actions:\n      - {action}\n"
        )
        done = veriport("checkpoint", "validate", cwd=orders)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("veriport: veriport.yaml:5:9: ")
        assert message in done.err

    def test_the_rules_that_are_shown_hold_no_secret(self, orders: Path) -> None:
        (orders / "veriport.yaml").write_text(
            "checkpoints:\n"
            "  - name: a\n"
            "    data: orders.csv\n"
            "    rules:\n"
            "      - {column: id, type: referential_integrity, reference: 'postgresql://u:hunter2@h/d?table=t'}\n"
        )
        done = veriport("checkpoint", "validate", "--show-rules", cwd=orders)
        assert (done.code, "postgresql://***@h/d" in done.out, "hunter2" in done.out) == (0, True, False)


class TestTheEnvironment:
    @pytest.fixture
    def configured(self, orders: Path) -> Path:
        (orders / "veriport.yaml").write_text(
            "engine: polars\n"
            "checkpoints:\n"
            "  - {name: a, data: '${WHERE:-orders}.csv', rules: [{column: id, type: unique}]}\n"
        )
        return orders

    def engine_of(self, folder: Path, **environment: str) -> str:
        done = veriport("checkpoint", "run", "a", "--format", "json", cwd=folder, **environment)
        assert done.err == ""
        return str(json.loads(done.out)["check"]["engine"])

    @pytest.mark.parametrize("variable", ["VERIPORT_ENGINE", "VERIPORT_ENGINE__KIND"])
    def test_overrides_the_engine(self, configured: Path, variable: str) -> None:
        assert self.engine_of(configured) == "polars"
        assert self.engine_of(configured, **{variable: "tiny"}) == "tiny"

    def test_fills_variables(self, configured: Path) -> None:
        (configured / "orders.csv").rename(configured / "there.csv")
        assert self.engine_of(configured, WHERE="there") == "polars"

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("VERIPORT_ENGINE__KIND", "tinny", "VERIPORT_ENGINE__KIND: unknown engine 'tinny'"),
            ("VERIPORT_ENGIN__KIND", "tiny", "VERIPORT_ENGIN__KIND: there is no section 'engin'; did you"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_there_is_named(
        self, configured: Path, variable: str, value: str, message: str
    ) -> None:
        done = veriport("checkpoint", "run", "a", cwd=configured, **{variable: value})
        assert done.code == 2
        assert done.err.startswith(f"veriport: {message}")


class TestWhatAPersonSees:
    def test_no_escape_codes_off_a_terminal(self, orders: Path) -> None:
        done = check(orders, FAILS, WARNS.replace("{", "{id: w, "), BREAKS, FORCE_COLOR="1")
        assert ESCAPE not in done.out + done.err

    def test_no_line_is_cut_off_a_terminal(self, orders: Path) -> None:
        name = "n" * 300
        done = check(orders, FAILS.replace("{", f"{{id: {name}, "), COLUMNS="40")
        assert any(f"FAIL    {name}  amount" in line for line in done.out.splitlines())

    def test_colours_on_a_terminal(self, orders: Path) -> None:
        done = on_a_terminal("check", "orders.csv", "--rule", FAILS, cwd=orders)
        assert (done.code, f"{ESCAPE}[31mFAILURE{ESCAPE}[0m" in done.out) == (1, True)

    @pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_no_colours_for_who_does_not_want_them(self, orders: Path, variable: str, value: str) -> None:
        environment: dict[str, Any] = {variable: value}
        done = on_a_terminal("check", "orders.csv", "--rule", FAILS, cwd=orders, **environment)
        assert ESCAPE not in done.out
        assert re.search(r"\x1b\[[0-9;]*m", done.err) is None

    def test_an_empty_no_color_says_nothing(self, orders: Path) -> None:
        done = on_a_terminal("check", "orders.csv", "--rule", FAILS, cwd=orders, NO_COLOR="")
        assert ESCAPE in done.out

    def test_a_table_fits_the_terminal_and_loses_nothing(self, orders: Path) -> None:
        name = "n" * 90
        rule = FAILS.replace("{", f"{{id: {name}, ")
        done = on_a_terminal("check", "orders.csv", "--rule", rule, cwd=orders, columns=80, NO_COLOR="1")
        assert max(map(len, done.out.splitlines())) <= 80
        assert done.out.count("n") >= 90

    def test_progress_goes_to_standard_error_only(self, orders: Path) -> None:
        done = on_a_terminal("check", "orders.csv", "--rule", FAILS, cwd=orders, stdout_too=False)
        assert "checking orders.csv" in done.err
        assert done.out.startswith("FAILURE: orders.csv")
        assert ESCAPE not in done.out

    def test_json_on_a_terminal_is_still_json(self, orders: Path) -> None:
        done = on_a_terminal("check", "orders.csv", "--rule", FAILS, "--format", "json", cwd=orders)
        assert json.loads(done.out)["status"] == "failure"

    def test_a_warning_of_a_library_is_one_plain_line(self, orders: Path) -> None:
        (orders / "warning_engine.py").write_text(
            "import warnings\n"
            "from tiny_engine import TinyEngine\n"
            "class Engine(TinyEngine):\n"
            "    def open(self, dataset):\n"
            "        warnings.warn('the region is not set\\nset it')\n"
            "        return super().open(dataset)\n"
        )
        done = check(orders, HOLDS, flags=["--engine", "warning_engine:Engine"], PYTHONPATH=str(orders))
        assert (done.code, done.err) == (0, "veriport: warning: the region is not set\n")

    def test_a_name_in_data_cannot_act_on_the_terminal(self, tmp_path: Path) -> None:
        (tmp_path / "evil.csv").write_text(f"a\n1\n{ESCAPE}[2J{ESCAPE}]0;owned\x07\n")
        done = veriport("check", "evil.csv", "--rule", "{column: a, type: in_range, min: 0}", cwd=tmp_path)
        assert (done.code, ESCAPE in done.out) == (1, False)


class TestWhatThereIs:
    def test_rule_types_are_listed_with_their_meaning(self, tmp_path: Path) -> None:
        done = veriport("rules", cwd=tmp_path)
        listed = dict(line.split(None, 1) for line in done.out.splitlines())
        assert {"not_null", "unique", "in_set", "in_range", "regex", "expression", "row_count"} <= set(listed)
        assert "``" not in done.out

    def test_a_rule_type_is_explained(self, tmp_path: Path) -> None:
        done = veriport("rules", "in_range", cwd=tmp_path)
        assert done.code == 0
        for word in ("min", "max", "inclusive", "mostly", "between"):
            assert word in done.out

    def test_a_spelling_says_how_it_is_read(self, tmp_path: Path) -> None:
        done = veriport("rules", "gt", cwd=tmp_path)
        assert "'gt' is read as 'in_range': 'value' is 'min'" in done.out
        assert "'gt' is read as 'compare', where 'other' is given: 'operator' is >" in done.out

    @pytest.mark.parametrize(
        ("word", "hint"), [("in_rnge", "did you mean 'in_range'?"), ("xyz", "'veriport rules' lists them")]
    )
    def test_an_unknown_type_leads_on(self, tmp_path: Path, word: str, hint: str) -> None:
        done = veriport("rules", word, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert hint in done.err

    @pytest.mark.parametrize(
        "command",
        ["", "check", "checkpoint", "checkpoint run", "checkpoint list", "checkpoint init",
         "checkpoint validate", "engines", "rules"],
    )  # fmt: skip
    def test_every_command_has_help(self, tmp_path: Path, command: str) -> None:
        done = veriport(*command.split(), "--help", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: veriport {command}".rstrip())

    def test_the_help_tells_the_exit_codes(self, tmp_path: Path) -> None:
        assert "0 success or warnings, 1 failure" in veriport("--help", cwd=tmp_path).out


class TestAnEngineOfSomebodyElse:
    """``tests/plugin`` is installed: a package of its own with an entry point."""

    def test_is_listed(self, tmp_path: Path) -> None:
        lines = veriport("engines", cwd=tmp_path).out.splitlines()
        assert ["tiny", "tiny-engine", "tiny-engine", "0.1.0"] in [line.split() for line in lines]

    @pytest.mark.parametrize("kind", ["tiny", "'tiny_engine:TinyEngine'"])
    def test_checks_where_the_configuration_names_it(self, orders: Path, kind: str) -> None:
        (orders / "veriport.yaml").write_text(
            f"engine: {{kind: {kind}}}\n"
            "checkpoints:\n"
            f"  - {{name: a, data: orders.csv, rules: [{HOLDS}, {{column: name, type: not_null}}]}}\n"
        )
        done = veriport("checkpoint", "run", "a", "--format", "json", cwd=orders)
        document = json.loads(done.out)
        assert (done.code, document["check"]["engine"]) == (1, "tiny")
        assert [rule["failed_count"] for rule in document["check"]["rules"]] == [0, 1]

    def test_what_it_does_not_know_is_no_pass(self, orders: Path) -> None:
        done = check(orders, HOLDS, "{column: name, type: regex, pattern: x}", flags=["--engine", "tiny"])
        assert (done.code, done.out.partition(":")[0]) == (4, "INCOMPLETE")

    @pytest.mark.parametrize(
        ("engine", "message"),
        [
            ("no_such_package:Engine", "No module named 'no_such_package'"),
            ("tiny_engine:NoSuchEngine", "has no attribute 'NoSuchEngine'"),
            ("broken_engine:Engine", "No module named 'missing_library'"),
        ],
    )
    def test_one_that_cannot_be_imported_is_named(self, orders: Path, engine: str, message: str) -> None:
        (orders / "broken_engine.py").write_text("import missing_library\n\nclass Engine: ...\n")
        done = check(orders, HOLDS, flags=["--engine", engine], PYTHONPATH=str(orders))
        assert (done.code, done.out) == (2, "")
        assert engine in done.err
        assert message in done.err

    def test_one_that_breaks_its_contract_is_named_and_its_fault_can_be_seen(self, orders: Path) -> None:
        (orders / "odd_engine.py").write_text(
            "from tiny_engine import TinyEngine\n\nclass Odd(TinyEngine):\n"
            "    def open(self, dataset):\n        raise ZeroDivisionError('by design')\n"
        )
        options = ["--engine", "odd_engine:Odd"]
        done = check(orders, HOLDS, flags=options, PYTHONPATH=str(orders))
        assert (done.code, done.out) == (3, "")
        assert done.err == (
            "veriport: the engine tiny breaks its contract: opening raised ZeroDivisionError: by design "
            "(VERIPORT_DEBUG=1 shows where)\n"
        )
        shown = check(orders, HOLDS, flags=options, PYTHONPATH=str(orders), VERIPORT_DEBUG="1")
        assert "odd_engine.py" in shown.err

    def test_passes_the_contract_suite(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs",
                "veriport.testing.conformance", "--veriport-engine", "tiny_engine:TinyEngine",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
        assert re.search(r"\d+ passed", done.stdout)
