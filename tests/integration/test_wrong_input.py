"""Wrong input through the command line: the exit code of D2, one plain line a problem, no traceback."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from attrs import frozen
from ruamel.yaml import YAML

import veriport

VERIPORT = [sys.executable, "-m", "veriport.adapters.cli.main"]
USAGE, ERROR, INCOMPLETE = 2, 3, 4


@frozen
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command line in a folder of its own; whatever happens, no traceback is printed."""

    def run(*arguments: str, **environment: str) -> Done:
        done = subprocess.run(
            [*VERIPORT, *arguments],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr + done.stdout
        assert all(line.startswith("veriport: ") for line in done.stderr.splitlines()), done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A sound little table."""
    path = tmp_path / "orders.csv"
    path.write_text("id,name,zip\n1,Ann,01234\n2,Bob,99999\n3,,00001\n", encoding="utf-8")
    return path


def write(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return name


class TestDataThatCannotBeRead:
    def test_an_absent_file_names_the_nearest(self, cli: Cli, orders: Path) -> None:
        done = cli("check", "order.csv")
        assert done.code == ERROR
        assert done.err == f"veriport: order.csv: there is no such file; did you mean {orders.name!r}?\n"

    def test_an_empty_file(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("check", write(tmp_path, "empty.csv", ""))
        assert (done.code, done.err) == (ERROR, "veriport: empty.csv: the file is empty\n")

    def test_csv_under_the_name_of_parquet(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("check", write(tmp_path, "data.parquet", "a,b\n1,2\n3,4\n5,6\n"))
        assert done.code == ERROR
        assert "data.parquet: this is not parquet" in done.err

    def test_parquet_under_the_name_of_csv(self, cli: Cli, tmp_path: Path) -> None:
        pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "data.csv")
        done = cli("check", "data.csv")
        assert done.code == ERROR
        assert "data.csv: this is not csv but parquet" in done.err

    @pytest.mark.parametrize("name", ["shop.db", "shop.csv"])
    def test_a_database_is_told_how_to_be_named(self, cli: Cli, tmp_path: Path, name: str) -> None:
        with closing(sqlite3.connect(tmp_path / name)) as database:
            database.execute("CREATE TABLE orders (id INTEGER)")
        done = cli("check", name)
        assert (done.code, done.err) == (
            USAGE,
            f"veriport: {name} is a database: name a table of it, as sqlite://{name}?table=name\n",
        )

    @pytest.mark.parametrize(
        ("address", "advice"),
        [
            (
                "mysql://u:secret@h/db?table=t",
                "; check such a table from Python, as veriport.check(ibis.connect(",
            ),
            ("postgrsql://h/db?table=t", "; did you mean 'postgresql'?"),
            ("what://h/db", "what://h/db\n"),
        ],
    )
    def test_addresses_that_nobody_reads(self, cli: Cli, address: str, advice: str) -> None:
        done = cli("check", address)
        assert (done.code, advice in done.err, "secret" in done.err) == (USAGE, True, False)

    @pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
    def test_truncated_parquet_is_named(self, cli: Cli, tmp_path: Path, share: float) -> None:
        path = tmp_path / "cut.parquet"
        pl.DataFrame({"a": range(1000)}).write_parquet(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        done = cli("check", "cut.parquet", "--rule", "{column: a, type: not_null}")
        assert (done.code, "cut.parquet" in done.err, "truncated" in done.err) == (ERROR, True, True)

    def test_damaged_parquet_is_named(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "damaged.parquet"
        pl.DataFrame({"a": [str(n) * 9 for n in range(5000)]}).write_parquet(path)
        whole = bytearray(path.read_bytes())
        whole[100:2000] = b"\xff" * 1900
        path.write_bytes(bytes(whole))
        done = cli("check", "damaged.parquet", "--rule", "{column: a, type: not_null}")
        assert done.code == ERROR
        assert "damaged.parquet" in done.err + done.out

    def test_a_row_with_too_many_fields(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("check", write(tmp_path, "ragged.csv", "a,b\n1,2\n3,4,5\n"))
        assert done.code == ERROR
        assert "ragged.csv: a row has more fields than the header" in done.err

    def test_a_repeated_column_of_csv(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("check", write(tmp_path, "twice.csv", "a,b,a\n1,2,3\n"))
        assert done.code == ERROR
        assert "twice.csv: the header names 'a' more than once" in done.err

    def test_a_name_without_a_format(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("check", write(tmp_path, "data.bin", "a\n1\n"))
        assert done.code == USAGE
        assert "does not tell the format" in done.err

    def test_a_database_that_does_not_answer(self, cli: Cli) -> None:
        done = cli("check", "postgresql://me:hunter2@127.0.0.1:1/x?table=t")
        assert done.code == ERROR
        assert "127.0.0.1" in done.err
        assert "hunter2" not in done.err


class TestColumnsThatAreNotThere:
    RULE = "{column: nmae, type: not_null, missing: %s}"

    @pytest.mark.parametrize(("missing", "code"), [("error", ERROR), ("fail", 1), ("skip", INCOMPLETE)])
    def test_each_missing(self, cli: Cli, orders: Path, missing: str, code: int) -> None:
        done = cli("check", orders.name, "--rule", self.RULE % missing)
        assert done.code == code
        assert "there is no column 'nmae'; did you mean 'name'?" in done.out

    def test_a_key_that_is_not_there(self, cli: Cli, orders: Path) -> None:
        done = cli("check", orders.name, "--key", "idd", "--rule", "{column: id, type: not_null}")
        assert done.code == ERROR
        assert "there is no column 'idd'; did you mean 'id'?" in done.err

    def test_a_rule_for_texts_on_numbers(self, cli: Cli, orders: Path) -> None:
        done = cli("check", orders.name, "--rule", "{column: id, type: regex, pattern: '1'}")
        assert done.code == ERROR
        assert "regex is for texts and column 'id' is int64" in done.out


class TestMissingExtra:
    RULE = "{column: name, type: json_schema, schema: {type: object}}"

    @pytest.fixture
    def without_jsonschema(self, tmp_path: Path) -> str:
        """A folder that hides the library jsonschema from Python."""
        (tmp_path / "hidden").mkdir()
        write(tmp_path / "hidden", "jsonschema.py", "raise ModuleNotFoundError('no jsonschema here')\n")
        return str(tmp_path / "hidden")

    def test_a_check_names_what_to_install(self, cli: Cli, orders: Path, without_jsonschema: str) -> None:
        done = cli("check", orders.name, "--rule", self.RULE, PYTHONPATH=without_jsonschema)
        assert done.code == USAGE
        assert "pip install 'veriport[jsonschema]'" in done.err

    def test_so_does_a_checkpoint(
        self, cli: Cli, tmp_path: Path, orders: Path, without_jsonschema: str
    ) -> None:
        write(
            tmp_path,
            "veriport.yaml",
            f"checkpoints:\n  - {{name: a, data: {orders.name}, rules: [{self.RULE}]}}\n",
        )
        done = cli("checkpoint", "run", "a", PYTHONPATH=without_jsonschema)
        assert done.code == USAGE
        assert "pip install 'veriport[jsonschema]'" in done.err

    def test_a_configuration_tells_it_with_its_place(
        self, cli: Cli, tmp_path: Path, orders: Path, without_jsonschema: str
    ) -> None:
        content = f"checkpoints:\n  - name: a\n    data: {orders.name}\n    rules:\n      - {self.RULE}\n"
        write(tmp_path, "veriport.yaml", content)
        done = cli("checkpoint", "validate", PYTHONPATH=without_jsonschema)
        assert done.code == USAGE
        assert done.err == (
            "veriport: veriport.yaml:5:24: the rule json_schema needs an extra: pip install 'veriport[jsonschema]'\n"
        )

    def test_so_does_python(self, tmp_path: Path, without_jsonschema: str) -> None:
        program = (
            "import veriport, veriport.rules\n"
            "rule = veriport.rules.JsonSchema(column='name', schema={})\n"
            "try: veriport.check('orders.csv', [rule])\n"
            "except veriport.MissingExtra as missing: print(missing)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": without_jsonschema},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "pip install 'veriport[jsonschema]'" in done.stdout

    def test_other_rules_do_not_need_it(self, cli: Cli, orders: Path, without_jsonschema: str) -> None:
        rule = "{column: id, type: unique}"
        assert cli("check", orders.name, "--rule", rule, PYTHONPATH=without_jsonschema).code == 0


#: Each JSON Schema that is none, as YAML, and what the problem says.
WRONG_SCHEMAS = {
    "{type: strin}": "at /type: 'strin' is not one of [",
    "{minimum: a}": "at /minimum: 'a' is not of type 'number'",
    "{$ref: 'http://127.0.0.1:9/schema'}": "other documents are never fetched",
    "{$ref: 'file:///etc/passwd'}": "other documents are never fetched",
    "{$ref: '#/$defs/absent'}": "which is not in it",
}


@pytest.mark.parametrize("schema", WRONG_SCHEMAS)
class TestSchemasThatAreNone:
    """They are found before any data is read: there is none."""

    def test_on_the_command_line(self, cli: Cli, schema: str) -> None:
        done = cli("check", "absent.csv", "--rule", f"{{column: name, type: json_schema, schema: {schema}}}")
        assert (done.code, done.out) == (USAGE, "")
        assert done.err.startswith("veriport: --rule:1:35: schema ")
        assert WRONG_SCHEMAS[schema] in done.err

    def test_in_a_rules_file(self, cli: Cli, tmp_path: Path, schema: str) -> None:
        first = "  - {column: [a, b], type: not_null}\n"
        content = f"rules:\n{first}  - column: name\n    type: json_schema\n    schema: {schema}\n"
        done = cli("check", "absent.csv", "--rules", write(tmp_path, "rules.yaml", content))
        assert done.code == USAGE
        assert done.err.startswith("veriport: rules.yaml:5:5: schema ")
        assert WRONG_SCHEMAS[schema] in done.err

    @pytest.mark.parametrize("command", [("validate",), ("run", "a")])
    def test_in_a_configuration(
        self, cli: Cli, tmp_path: Path, schema: str, command: tuple[str, ...]
    ) -> None:
        rule = f"column: name\n        type: json_schema\n        schema: {schema}"
        content = f"checkpoints:\n  - name: a\n    data: absent.csv\n    rules:\n      - {rule}\n"
        write(tmp_path, "veriport.yaml", content)
        done = cli("checkpoint", *command)
        assert done.code == USAGE
        assert done.err.startswith("veriport: veriport.yaml:7:9: schema ")
        assert WRONG_SCHEMAS[schema] in done.err

    def test_in_python(self, schema: str) -> None:
        rule = veriport.rules.JsonSchema(column="name", schema=YAML(typ="safe").load(schema))
        message = re.escape(WRONG_SCHEMAS[schema])
        with pytest.raises(veriport.ConfigurationError, match=f"^rule 2: schema .*{message}"):
            veriport.check("absent.csv", [{"type": "row_count", "min": 1}, rule])
        with pytest.raises(veriport.ConfigurationError, match=f"^rule 1: schema .*{message}"):
            veriport.Checkpoint("a", "absent.csv", [rule])


class TestCsvKeepsWhatItSays:
    def test_a_text_after_twenty_thousand_integers(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "late.csv", "a\n" + "1\n" * 20_000 + "x\n")
        done = cli("check", "late.csv", "--rule", "{column: a, type: in_range, min: 0}")
        assert done.code == 1
        assert "1 of 20,001 rows break it" in done.out

    def test_leading_zeros_survive(self, cli: Cli, orders: Path) -> None:
        done = cli("check", orders.name, "--rule", "{column: zip, type: length, min: 5, max: 5}")
        assert done.code == 0


WRONG_RULES = {
    "{column: id, type: not_nul}": "unknown rule type 'not_nul'; did you mean 'not_null'?",
    "{column: id, type: in_range, mn: 0}": "unknown key 'mn' in in_range; did you mean 'min'?",
    "{column: name, type: regex, pattern: '('}": "is not usable",
    "{column: name, type: regex, pattern: '(?=x)'}": "look-ahead is not available",
    "{column: id, type: in_range, min: 5, max: 1}": "min 5 is greater than max 1",
    "{type: expression, expression: 'id > 1; DROP TABLE x'}": "is not usable",
    "{type: expression, expression: 'id >'}": "is not usable",
    "{type: expression, expression: 'SELECT 1'}": "is not usable",
    "{column: name, type: null}": "did you mean 'not_null'?",
    "{column: id, type: not_null, severity: hihg}": "did you mean 'high'?",
    "{column: id, type: not_null, mostly: 95}": "mostly must be a share from 0 to 1",
    "{column: id": "not valid YAML",
    "null": "did you mean 'not_null'?",
}


class TestRulesThatCannotBeMeant:
    @pytest.mark.parametrize("rule", WRONG_RULES)
    def test_on_the_command_line(self, cli: Cli, orders: Path, rule: str) -> None:
        done = cli("check", orders.name, "--rule", rule)
        assert (done.code, done.out) == (USAGE, "")
        assert WRONG_RULES[rule] in done.err

    def test_in_a_file_each_with_its_line(self, cli: Cli, orders: Path, tmp_path: Path) -> None:
        write(
            tmp_path,
            "rules.yaml",
            "rules:\n"
            "  - {column: [id, name], type: not_null}\n"
            "  - {column: id, type: uniqe}\n"
            "  -\n"
            "  - type: expression\n"
            "    expression: id >> 1\n",
        )
        done = cli("check", orders.name, "--rules", "rules.yaml")
        assert done.code == USAGE
        assert done.err.splitlines()[0] == (
            "veriport: rules.yaml:3:18: unknown rule type 'uniqe'; did you mean 'unique'?"
        )
        assert "rules.yaml:4" in done.err
        assert "did you mean 'not_null'?" in done.err

    def test_sql_in_a_file_is_placed_too(self, cli: Cli, orders: Path, tmp_path: Path) -> None:
        write(
            tmp_path,
            "rules.yaml",
            "rules:\n  - {column: [id, name], type: not_null}\n  - type: expression\n    expression: id >\n",
        )
        done = cli("check", orders.name, "--rules", "rules.yaml")
        assert done.code == USAGE
        assert done.err.startswith("veriport: rules.yaml:4:")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("rules: []\n", "the list of rules is empty"),
            ("rulez: []\n", "with a list under 'rules:'"),
            ("- {column: id, type: not_null}\n", "with a list under 'rules:'"),
            ("rules:\n  - {column: id, type: not_null, type: unique}\n", "written twice"),
            ("rules: [\n", "not valid YAML"),
            (
                "rules:\n  - {column: id, type: in_set, values: ['${NOT_DEFINED_HERE}']}\n",
                "NOT_DEFINED_HERE is not defined",
            ),
        ],
    )
    def test_files_that_hold_no_rules(
        self, cli: Cli, orders: Path, tmp_path: Path, content: str, message: str
    ) -> None:
        done = cli("check", orders.name, "--rules", write(tmp_path, "rules.yaml", content))
        assert done.code == USAGE
        assert done.err.startswith("veriport: rules.yaml:")
        assert message in done.err

    def test_norway_is_a_country(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "c.csv", "country\nNO\nDE\n")
        write(tmp_path, "rules.yaml", "rules:\n  - {column: country, type: in_set, values: [NO, DE]}\n")
        assert cli("check", "c.csv", "--rules", "rules.yaml").code == 0


class TestWrongConfiguration:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("checkpoints:\n  - {name: a, data: x.csv}\n  - {name: a, data: y.csv}\n", "there are two checkpoints named 'a'"),
            ("checkpoints:\n  - {name: a, data: x.csv, rule: []}\n", "unknown key 'rule' in a checkpoint; did you mean 'rules'?"),
            ("checkpoints:\n  - {name: a}\n", "a checkpoint needs 'data'"),
            ("checkpoint: []\n", "unknown key 'checkpoint'; did you mean 'checkpoints'?"),
            ("engine: polar\ncheckpoints: []\n", "did you mean 'polars'?"),
            ("checkpoints:\n  - {name: a, data: x.csv, engine: {kind: sprk}}\n", "unknown engine 'sprk'"),
            ("checkpoints:\n  - {name: a, data: x.csv, actions: [{type: slak}]}\n", "unknown action 'slak'"),
            ("checkpoints:\n  - {name: a, data: x.csv, actions: [{type: store_result, stor_path: x}]}\n", "did you mean 'store_path'?"),
            ("checkpoints:\n  - {name: a, data: x.csv, timeout_seconds: soon}\n", "timeout_seconds must be a number"),
            ("checkpoints:\n  - {name: a, data: x.csv, fail_on: higher}\n", "did you mean 'high'?"),
            ("checkpoints:\n  - {name: a, data: x.csv, where: 'a >'}\n", "is not usable"),
        ],
    )  # fmt: skip
    def test_each_problem_has_its_line(self, cli: Cli, tmp_path: Path, content: str, message: str) -> None:
        write(tmp_path, "veriport.yaml", content)
        done = cli("checkpoint", "validate")
        assert (done.code, done.out) == (USAGE, "")
        assert done.err.startswith("veriport: veriport.yaml:")
        assert message in done.err

    @pytest.mark.parametrize("command", [("validate",), ("run", "a")])
    @pytest.mark.parametrize(
        ("section", "message"),
        [
            ("engine: {kind: polars, foo: 1}", "1:24: unknown key 'foo' in engine 'polars': known are "),
            ("engine: {kind: 'mine:Engine', thread: 1}", "1:31: unknown key 'thread' in engine 'mine:Engine'; did you mean 'threads'?"),
            ("engine: {kind: 'mine:Engine'}", "1:10: engine 'mine:Engine' needs 'threads'"),
            ("telemetry: {kind: log, loger: x}", "1:24: unknown key 'loger' in telemetry 'log'; did you mean 'logger'?"),
            ("store: {kind: memory, foo: 1}", "1:23: unknown key 'foo' in store 'memory': it has none"),
            ("store: {kind: memory, clock: 1}", "1:23: unknown key 'clock' in store 'memory': it has none"),
            ("store: {url: memory, foo: 1}", "1:22: unknown key 'foo' in store 'memory': it has none"),
            ("blobs: {kind: file, rot: x}", "1:21: unknown key 'rot' in blob store 'file'; did you mean 'root'?"),
            ("blobs: {kind: memory, root: x}", "1:23: unknown key 'root' in blob store 'memory': it has none"),
        ],
    )  # fmt: skip
    def test_an_unknown_option_of_any_adapter(
        self, cli: Cli, tmp_path: Path, section: str, message: str, command: tuple[str, ...]
    ) -> None:
        write(tmp_path, "mine.py", "class Engine:\n    def __init__(self, threads): ...\n")
        write(tmp_path, "veriport.yaml", f"{section}\ncheckpoints:\n  - {{name: a, data: x.csv}}\n")
        done = cli("checkpoint", *command, PYTHONPATH=str(tmp_path))
        assert (done.code, done.out) == (USAGE, "")
        assert done.err.startswith(f"veriport: veriport.yaml:{message}"), done.err

    def test_an_unknown_option_of_a_checkpoints_engine(self, cli: Cli, tmp_path: Path) -> None:
        checkpoint = "{name: a, data: x.csv, engine: {kind: polars, nam: x}}"
        write(tmp_path, "veriport.yaml", f"checkpoints:\n  - {checkpoint}\n")
        done = cli("checkpoint", "validate")
        assert (done.code, done.err) == (
            USAGE,
            "veriport: veriport.yaml:2:51: unknown key 'nam' in engine 'polars'; did you mean 'name'?\n",
        )

    def test_an_unknown_option_in_the_environment(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "veriport.yaml", "checkpoints:\n  - {name: a, data: x.csv}\n")
        done = cli("checkpoint", "validate", VERIPORT_ENGINE__NAM="x")
        assert done.code == USAGE
        assert done.err.startswith("veriport: VERIPORT_ENGINE__NAM: unknown key 'nam' in engine 'polars'")

    def test_a_missing_extra_is_told_where_options_need_it(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "redis.py", "raise ModuleNotFoundError('no redis here')\n")
        section = "store: {kind: redis, url: 'redis://localhost'}\n"
        write(tmp_path, "veriport.yaml", f"{section}checkpoints:\n  - {{name: a, data: x.csv}}\n")
        done = cli("checkpoint", "validate", PYTHONPATH=str(tmp_path))
        assert done.code == USAGE
        assert done.err.startswith("veriport: veriport.yaml:1:9: ")
        assert "pip install 'veriport[redis]'" in done.err

    def test_a_wrong_value_of_an_engine_is_told_before_a_run(self, cli: Cli, tmp_path: Path) -> None:
        engine = "{kind: chain, engines: [{kind: batched, engine: polars, rows: 0}]}"
        write(tmp_path, "veriport.yaml", f"engine: {engine}\ncheckpoints:\n  - {{name: a, data: x.csv}}\n")
        words = "rows must be a whole number of at least 1, not 0"
        for command in (("validate",), ("run", "a")):
            done = cli("checkpoint", *command)
            assert (done.code, done.err) == (USAGE, f"veriport: veriport.yaml:1:65: {words}\n")

    def test_an_engine_of_somebody_else_that_cannot_be_built(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "bad.py", "class X:\n    def __init__(self): raise RuntimeError('no init')\n")
        write(tmp_path, "veriport.yaml", "engine: 'bad:X'\ncheckpoints:\n  - {name: a, data: x.csv}\n")
        assert cli("checkpoint", "validate", PYTHONPATH=str(tmp_path)).code == 0
        done = cli("checkpoint", "run", "a", PYTHONPATH=str(tmp_path))
        words = "engine 'bad:X' cannot be built: RuntimeError: no init"
        assert (done.code, done.err.endswith(f"{words}\n")) == (USAGE, True), done.err

    def test_an_unknown_checkpoint_lists_the_known(self, cli: Cli, tmp_path: Path) -> None:
        write(tmp_path, "veriport.yaml", "checkpoints:\n  - {name: orders, data: x.csv}\n")
        done = cli("checkpoint", "run", "order")
        assert done.code == USAGE
        assert "there is no checkpoint 'order'; there are: orders; did you mean 'orders'?" in done.err

    def test_an_unknown_engine_lists_the_known(self, cli: Cli, orders: Path) -> None:
        done = cli("check", orders.name, "--engine", "polrs")
        assert done.code == USAGE
        assert "known are" in done.err
        assert "did you mean 'polars'?" in done.err

    def test_an_absent_configuration(self, cli: Cli) -> None:
        assert cli("checkpoint", "list").code == USAGE

    def test_init_never_overwrites(self, cli: Cli, tmp_path: Path) -> None:
        assert cli("checkpoint", "init").code == 0
        before = (tmp_path / "veriport.yaml").read_text()
        done = cli("checkpoint", "init")
        assert (done.code, (tmp_path / "veriport.yaml").read_text()) == (USAGE, before)

    @pytest.mark.parametrize("arguments", [["chek"], ["check"], ["check", "x.csv", "--formt", "json"],
                                           ["check", "x.csv", "--format", "yaml"], ["check", "x.csv", "--samples", "-1"]])  # fmt: skip
    def test_wrong_usage_is_one_line(self, cli: Cli, arguments: list[str]) -> None:
        done = cli(*arguments)
        assert done.code == USAGE
        assert len(done.err.splitlines()) == 1


class TestOutput:
    RULE = ("--rule", "{column: id, type: not_null}")

    def test_a_folder_is_no_output(self, cli: Cli, orders: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        done = cli("check", orders.name, *self.RULE, "--output", "out")
        assert (done.code, "this is a folder" in done.err) == (USAGE, True)

    def test_a_folder_that_is_not_there(self, cli: Cli, orders: Path) -> None:
        done = cli("check", orders.name, *self.RULE, "--output", "no/where.json")
        assert (done.code, "there is no folder no" in done.err) == (USAGE, True)

    def test_a_folder_that_cannot_be_written(self, orders: Path, unwritable: Path) -> None:
        done = subprocess.run(
            [*VERIPORT, "check", str(orders), *self.RULE, "--output", str(unwritable / "out.json")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "cannot be written" in done.stderr) == (USAGE, True)
        assert list(unwritable.iterdir()) == []

    def test_the_file_holds_the_result(self, cli: Cli, orders: Path, tmp_path: Path) -> None:
        done = cli("check", orders.name, *self.RULE, "--format", "json", "--output", "out.json")
        assert (done.code, done.out) == (0, "")
        assert '"status": "success"' in (tmp_path / "out.json").read_text()
        assert sorted(p.name for p in tmp_path.iterdir()) == ["orders.csv", "out.json"]

    def test_nothing_is_written_when_the_data_cannot_be_read(self, cli: Cli, tmp_path: Path) -> None:
        assert cli("check", "absent.csv", "--output", "out.json").code == ERROR
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to, root neither."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o555)
    sealed = subprocess.run(["chattr", "+i", str(folder)], check=False, capture_output=True)
    if sealed.returncode != 0 and os.geteuid() == 0:
        pytest.skip("root can write everywhere, and this file system has no immutable folders")
    yield folder
    subprocess.run(["chattr", "-i", str(folder)], check=False, capture_output=True)
    folder.chmod(0o755)


class TestInterrupt:
    def test_ctrl_c_leaves_nothing_half_written(self, tmp_path: Path) -> None:
        pl.DataFrame({"a": range(3_000_000)}).with_columns(b=pl.col("a").cast(pl.String)).write_csv(
            tmp_path / "big.csv"
        )
        rules = [f"--rule={{column: b, type: regex, pattern: '^{n}+[0-9]*$'}}" for n in range(9)]
        running = subprocess.Popen(
            [*VERIPORT, "check", "big.csv", *rules, "--output", "out.json"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not list(tmp_path.glob(".out.json*.part")):
            assert running.poll() is None, "it ended before it could be interrupted"
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (130, "veriport: interrupted\n")
        assert [path.name for path in tmp_path.iterdir()] == ["big.csv"]


def test_an_ad_hoc_run_does_not_take_the_place_of_a_configured_checkpoint(
    cli: Cli, tmp_path: Path, orders: Path
) -> None:
    write(tmp_path, "veriport.yaml", f"checkpoints:\n  - {{name: orders, data: {orders.name}}}\n")
    rule = "{column: id, type: unique}"
    done = cli("checkpoint", "run", "orders", "--data", orders.name, "--rule", rule)
    assert (done.code, "choose another name" in done.err) == (USAGE, True)
    assert cli("checkpoint", "run", "quick", "--data", orders.name, "--rule", rule).code == 0
