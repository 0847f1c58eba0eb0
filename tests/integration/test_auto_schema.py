"""``auto_schema``: learned once, kept in a file of rules, wanted of later data."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import polars as pl
import pytest

import veriport
from tests.cli import veriport as run
from veriport import ConfigurationError

FIRST = pl.DataFrame({"id": [1, 2], "né\nw": ["a", None], "empty": [None, None]})


def test_the_first_check_learns_and_later_ones_compare(tmp_path: Path) -> None:
    file = tmp_path / "schemas" / "orders.yaml"
    first = veriport.check(FIRST, auto_schema=file)
    assert (first.status, first.passed_count) == ("success", 1)
    assert first.notes == (
        f"the schema was learned from this data and written to {file}; later data must have it",
    )
    again = veriport.check(FIRST.with_columns(empty=pl.lit(1.5)), auto_schema=str(file))
    assert (again.status, again.notes) == ("success", ())
    other = veriport.check(FIRST.with_columns(pl.col("id").cast(pl.String), extra=1), auto_schema=file)
    assert other.failures[0].observed == "id is string; extra is extra"


def test_it_stands_beside_other_rules(tmp_path: Path) -> None:
    rule = {"column": "id", "type": "unique"}
    result = veriport.check(FIRST, [rule], auto_schema=tmp_path / "s.yaml")
    assert [each.rule.type for each in result.rules] == ["unique", "schema"]


def test_without_a_file_it_is_compared_with_itself_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with veriport.get_engine() as engine:
        result = engine.check(FIRST, auto_schema=True)
    assert (result.status.name, result.passed_count, result.failed_count) == ("SUCCESS", 1, 0)
    assert "keep it in a file" in result.notes[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [1, "", None, ["a"]])
def test_what_is_no_path_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="auto_schema is True or the path of a file, not "):
        veriport.check(FIRST, auto_schema=wrong)  # type: ignore[arg-type]


def test_a_file_that_holds_no_rules_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes.yaml"
    file.write_text("todo: buy milk\n")
    with pytest.raises(ConfigurationError, match=r"notes\.yaml:.*a list under 'rules:'"):
        veriport.check(FIRST, auto_schema=file)
    assert file.read_text() == "todo: buy milk\n"


def test_a_file_of_other_rules_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{column: id, type: not_null}]\n")
    with pytest.raises(ConfigurationError, match="no rule in it is about the schema"):
        veriport.check(FIRST, auto_schema=file)


def test_data_that_cannot_be_read_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(veriport.DataError):
        veriport.check(tmp_path / "absent.csv", auto_schema=tmp_path / "s.yaml")
    assert list(tmp_path.iterdir()) == []


def _check(arguments: tuple[int, Path]) -> tuple[str, int]:
    columns, file = arguments
    result = veriport.check(pl.DataFrame({f"c{n}": [1] for n in range(columns)}), auto_schema=file)
    return result.status.value, len(result.notes)


def test_of_many_that_learn_at_once_one_does(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_check, [(n, tmp_path / "s.yaml") for n in range(1, 9)], chunksize=1)
    assert sorted(found) == [("failure", 0)] * 7 + [("success", 1)]
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]


def test_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    (tmp_path / "b.csv").write_text("id,nam\n1,a\n")
    first, second = (
        run("check", data, "--auto-schema", "s.yaml", cwd=tmp_path) for data in ("a.csv", "b.csv")
    )
    assert first.code == 0
    assert "note: the schema was learned from this data and written to s.yaml" in first.out
    assert second.code == 1
    assert "name is missing; nam is extra" in second.out


def test_a_file_that_is_called_json_is_json(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    veriport.check(FIRST, auto_schema=file)
    assert list(json.loads(file.read_text(encoding="utf-8"))) == ["rules"]
    assert veriport.check(FIRST, auto_schema=file).ok
