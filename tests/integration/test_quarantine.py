"""Valid and failing rows apart, from the command line and from Python, on real data too."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import veriport
from tests.cli import COMMAND
from tests.cli import veriport as command
from veriport.domain.splits import SplitError
from veriport.ports.engines import ROW_COLUMN, RULES_COLUMN

ORDERS = "id,amount,country\n1,10.5,DE\n2,-1,DE\n2,7,\n4,,XX\n1,10.5,DE\n"
RULES = """\
rules:
  - {columns: [id, amount], type: unique}
  - {column: amount, type: non_negative, mostly: 0.5}
  - {column: country, type: in_set, values: [DE, FR], severity: critical}
  - {column: country, type: not_null, severity: medium}
  - {type: row_count, min: 1_000}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table and rules."""
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def broken(folder: Path) -> list[tuple[int, list[str]]]:
    """The rows in the file of the failing ones, by number, with the types of the rules that they break."""
    failing = pl.read_parquet(folder / "failing.parquet").select(ROW_COLUMN, RULES_COLUMN)
    return [(row, [name.rpartition(".")[2] for name in names]) for row, names in failing.iter_rows()]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestCommandLine:
    def test_both_files_are_written_beside_the_verdict(self, folder: Path) -> None:
        done = command(
            "check", "orders.csv", "--rules", "rules.yaml", "--quarantine", "out/today", cwd=folder
        )
        assert done.code == 1
        assert done.out.startswith("FAILURE: orders.csv: 5 rows")
        assert done.err == (
            "veriport: wrote 1 row to out/today/valid.parquet and 4 rows to out/today/failing.parquet\n"
        )
        assert broken(folder / "out" / "today") == [(0, ["unique"]), (1, ["in_range"]), (3, ["in_set"]),
                                                    (4, ["unique"])]  # fmt: skip
        valid = pl.read_parquet(folder / "out" / "today" / "valid.parquet")
        assert valid.rows() == [(2, 7.0, None)]

    def test_standard_output_is_still_one_document(self, folder: Path) -> None:
        done = command("check", "orders.csv", "--rules", "rules.yaml", "--quarantine", "out", "--format",
                       "json", cwd=folder)  # fmt: skip
        assert json.loads(done.out)["counts"]["failed"] == 4

    @pytest.mark.parametrize(
        ("severity", "rows"), [("critical", [3]), ("high", [0, 1, 3, 4]), ("warning", [0, 1, 2, 3, 4])]
    )
    def test_a_severity_may_be_given(self, folder: Path, severity: str, rows: list[int]) -> None:
        command("check", "orders.csv", "--rules", "rules.yaml", "--quarantine", "out",
                "--quarantine-severity", severity, cwd=folder)  # fmt: skip
        assert [row for row, _ in broken(folder / "out")] == rows

    def test_a_check_that_passes_splits_too(self, folder: Path) -> None:
        rule = "{column: amount, type: non_negative, mostly: 0.5}"
        done = command("check", "orders.csv", "--rule", rule, "--quarantine", "out", cwd=folder)
        assert (done.code, [row for row, _ in broken(folder / "out")]) == (0, [1])

    def test_rows_that_the_check_does_not_look_at_are_in_neither_file(self, folder: Path) -> None:
        done = command("check", "orders.csv", "--rules", "rules.yaml", "--quarantine", "out", "--where",
                       "id < 4 AND amount > 0", cwd=folder)  # fmt: skip
        assert "1 row to out/valid.parquet and 2 rows to out/failing.parquet" in done.err
        assert [row for row, _ in broken(folder / "out")] == [0, 4]

    @pytest.mark.parametrize("name", ["valid.parquet", "failing.parquet"])
    def test_a_file_that_exists_is_refused_before_any_data_is_read(self, folder: Path, name: str) -> None:
        (folder / "out").mkdir()
        (folder / "out" / name).write_text("mine", encoding="utf-8")
        done = command("check", "absent.csv", "--rules", "rules.yaml", "--quarantine", "out", cwd=folder)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"veriport: out/{name} exists and is left as it is")
        assert (folder / "out" / name).read_text(encoding="utf-8") == "mine"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("--quarantine orders.csv", "orders.csv: this is a file, not a folder"),
            ("--quarantine orders.csv/out", "orders.csv/out: cannot be made: Not a directory"),
            ("--quarantine /proc/self", "/proc/self: cannot be written to"),
            ("--quarantine s3://bucket/out", "s3://bucket/out: files are written to local folders only"),
            ("--quarantine out --quarantine-severity hihg", "unknown severity 'hihg'"),
            ("--quarantine-severity high", "--quarantine-severity needs --quarantine"),
        ],
    )
    def test_wrong_usage(self, folder: Path, options: str, message: str) -> None:
        done = command("check", "orders.csv", "--rules", "rules.yaml", *shlex.split(options), cwd=folder)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"veriport: {message}")

    def test_without_rules_there_is_nothing_to_split_by(self, folder: Path) -> None:
        done = command("check", "orders.csv", "--quarantine", "out", cwd=folder)
        assert (done.code, done.err) == (2, "veriport: --quarantine needs rules: give --rules or --rule\n")
        assert not (folder / "out").exists()

    @pytest.mark.parametrize(
        ("rule", "reason"),
        [
            ("{column: counrty, type: not_null}", "there is no column 'counrty'; did you mean 'country'?"),
            ("{column: counrty, type: not_null, missing: skip}", "there is no column 'counrty'"),
            ("{column: counrty, type: not_null, missing: fail}", "there is no column 'counrty'"),
            ("{column: amount, type: regex, pattern: x}", "amount.regex"),
        ],
    )
    def test_a_rule_that_nobody_evaluated_lets_no_row_pass(
        self, folder: Path, rule: str, reason: str
    ) -> None:
        done = command("check", "orders.csv", "--rule", rule, "--quarantine", "out", cwd=folder)
        assert done.code == 3
        assert done.out.startswith(("ERROR", "INCOMPLETE", "FAILURE"))
        assert done.err.startswith("veriport: the rows cannot be split: ")
        assert reason in done.err
        assert files(folder / "out") == []

    def test_below_the_line_it_does_not_matter(self, folder: Path) -> None:
        rules = [
            "--rule",
            "{column: counrty, type: not_null, severity: low}",
            "--rule",
            "{column: id, type: unique}",
        ]
        done = command("check", "orders.csv", *rules, "--quarantine", "out", cwd=folder)
        assert (done.code, [row for row, _ in broken(folder / "out")]) == (3, [0, 1, 2, 4])

    def test_data_that_cannot_be_read_leaves_an_empty_folder(self, folder: Path) -> None:
        done = command("check", "absent.csv", "--rules", "rules.yaml", "--quarantine", "out", cwd=folder)
        assert (done.code, files(folder / "out")) == (3, [])

    def test_interrupted_it_leaves_nothing_half_written(self, tmp_path: Path) -> None:
        pl.select(a=pl.int_range(3_000_000)).with_columns(b=pl.col("a").cast(pl.String)).write_parquet(
            tmp_path / "big.parquet"
        )
        rule = "{type: expression, expression: \"b LIKE '%7%7%'\"}"
        running = subprocess.Popen(
            [*COMMAND, "check", "big.parquet", "--rule", rule, "--quarantine", "out"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while len(list(tmp_path.glob("out/.*.part"))) < 2:
            assert running.poll() is None, "it ended before it could be interrupted"
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (130, "veriport: interrupted\n")
        assert files(tmp_path / "out") in ([], ["failing.parquet", "valid.parquet"])  # it may have been done


FLIGHT_RULES: list[dict[str, object]] = [
    {"columns": ["year", "month", "day", "carrier", "flight"], "type": "unique"},
    {"column": "dep_time", "type": "not_null", "mostly": 0.9},
    {"column": "distance", "type": "in_range", "min": 100, "max": 2500},
    {"column": "air_time", "type": "z_score", "threshold": 4},
    {"type": "expression", "expression": "arr_delay < 300", "nulls": "fail", "where": "origin = 'JFK'"},
    {"column": "tailnum", "type": "not_null", "severity": "low"},
]


class TestRealData:
    def test_both_files_together_are_the_data(self, examples: Path, tmp_path: Path) -> None:
        flights = pl.read_parquet(examples / "flights.parquet")
        split = veriport.check(examples / "flights.parquet", FLIGHT_RULES).split(tmp_path)
        valid, failing = pl.read_parquet(split.valid), pl.read_parquet(split.failing)
        assert split.valid_count + split.failing_count == flights.height
        numbers = failing[ROW_COLUMN]
        assert_frame_equal(flights[numbers.to_list()], failing.drop(ROW_COLUMN, RULES_COLUMN))
        rest = flights.with_row_index("row").filter(~pl.col("row").is_in(numbers.implode())).drop("row")
        assert_frame_equal(rest, valid)

    def test_each_rule_is_named_as_often_as_it_is_broken(self, examples: Path, tmp_path: Path) -> None:
        result = veriport.check(examples / "flights.parquet", FLIGHT_RULES)
        split = result.split(tmp_path, severity="low")
        named = dict(pl.read_parquet(split.failing)[RULES_COLUMN].explode().value_counts().iter_rows())
        assert named == {each.rule.id: each.failed_count for each in result.rules if each.failed_count}

    def test_the_valid_rows_break_no_rule(self, examples: Path, tmp_path: Path) -> None:
        rules = [rule for rule in FLIGHT_RULES if rule["type"] != "z_score"]  # its outliers are others now
        split = veriport.check(examples / "flights.parquet", rules).split(tmp_path)
        again = veriport.check(split.valid, rules)
        assert [each.failed_count for each in again.rules if each.rule.severity == "high"] == [0] * 4

    def test_the_failing_rows_can_be_checked_but_not_split_again(self, folder: Path) -> None:
        rules = [{"columns": ["id", "amount"], "type": "unique"}, {"type": "duplicate", "columns": ["id"]}]
        split = veriport.check(folder / "orders.csv", rules).split(folder / "out")
        again = veriport.check(split.failing, rules)
        assert [sample.row for sample in again.rules[0].samples] == [0, 3]
        with pytest.raises(SplitError, match="has a column '__veriport_row'"):
            again.split(folder / "again")


class TestResults:
    RULE = ({"column": "a", "type": "not_null"},)

    @pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "arrow", "file"])
    def test_all_that_can_be_checked_can_be_split(self, kind: str, tmp_path: Path) -> None:
        frame = pl.DataFrame({"a": [1, None, 3]})
        frame.write_csv(tmp_path / "a.csv")
        held = {"pandas": frame.to_pandas(), "polars": frame, "lazy": frame.lazy(), "arrow": frame.to_arrow()}
        data: object = held.get(kind, tmp_path / "a.csv")
        split = veriport.check(data, self.RULE).split(tmp_path / "out")
        assert (split.valid_count, split.failing_count) == (2, 1)
        assert pl.read_parquet(split.failing)[ROW_COLUMN].to_list() == [1]

    def test_a_stream_that_can_be_read_only_once_cannot(self, tmp_path: Path) -> None:
        stream = pl.DataFrame({"a": [1, None]}).to_arrow().to_reader()
        result = veriport.check(stream, self.RULE)
        with pytest.raises(veriport.DataError, match="pass a table"):
            result.split(tmp_path)
        assert files(tmp_path) == []

    @pytest.mark.parametrize(
        ("now", "message"),
        [
            ([1, None, 3, 4], "there are 4 rows and were 3 when it was checked"),
            ([1, 2, 3], "there are 0 rows that break a.not_null and were 1 when it was checked"),
        ],
    )
    def test_data_that_has_changed_is_refused(
        self, now: list[int | None], message: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.parquet"
        pl.DataFrame({"a": [1, None, 3]}).write_parquet(path)
        result = veriport.check(path, self.RULE)
        pl.DataFrame({"a": now}).write_parquet(path)
        with pytest.raises(SplitError, match=message):
            result.split(tmp_path / "out")
        assert files(tmp_path / "out") == []

    def test_data_that_is_gone_is_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        pl.DataFrame({"a": [1, None]}).write_parquet(path)
        result = veriport.check(path, self.RULE)
        path.unlink()
        with pytest.raises(veriport.DataError, match="no such file"):
            result.split(tmp_path / "out")

    def test_a_second_split_into_the_same_folder_is_refused(self, tmp_path: Path) -> None:
        result = veriport.check(pl.DataFrame({"a": [1, None]}), self.RULE)
        result.split(tmp_path)
        with pytest.raises(veriport.ConfigurationError, match=r"failing\.parquet exists"):
            result.split(str(tmp_path))

    def test_the_result_of_a_checkpoint_splits_by_its_gate_and_its_rows(self, tmp_path: Path) -> None:
        table = pl.DataFrame({"a": [None, 1, None, 2], "b": [1, 2, 3, 4]})
        rules = [{"column": "a", "type": "not_null", "severity": "medium"}]
        checkpoint = veriport.Checkpoint("x", table, rules, fail_on="medium", where="b > 1", sample_size=3)
        check = checkpoint.run().check
        assert check is not None
        split = check.split(tmp_path)
        assert pl.read_parquet(split.failing)[ROW_COLUMN].to_list() == [2]
        assert pl.read_parquet(split.valid)["b"].to_list() == [2]

    def test_a_configured_checkpoint_can_split_too(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("a\n1\n\n", encoding="utf-8")
        (tmp_path / "veriport.yaml").write_text(
            "checkpoints: [{name: x, data: a.csv, rules: [{column: a, type: not_null}]}]", encoding="utf-8"
        )
        (checkpoint,) = veriport.load_checkpoints(tmp_path / "veriport.yaml")
        check = checkpoint.run().check
        assert check is not None
        assert check.split(tmp_path / "out").failing_count == 1

    def test_an_engine_that_only_measures_cannot_split(self, tmp_path: Path) -> None:
        from veriport.testing.reference import ReferenceEngine  # noqa: PLC0415  # only here

        result = veriport.check(pl.DataFrame({"a": [1, None]}), self.RULE, engine=ReferenceEngine())
        with pytest.raises(SplitError, match="the engine reference cannot split rows"):
            result.split(tmp_path)
