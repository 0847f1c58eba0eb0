"""Rules about this data set beside another one."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import pytest

from tests.unit.domain.rules.columns import NESTED, columns
from veriport.domain.datasets import Address
from veriport.domain.errors import InvalidRule
from veriport.domain.mappings import FrozenMapping
from veriport.domain.rules.reading import fingerprint, read_rule, write_rule
from veriport.domain.rules.references import ReferentialIntegrity, RowCountMatch
from veriport.domain.rules.scalars import Scalar
from veriport.domain.types import Family

_OPTIONS = {"path": "x.txt", "format": "csv", "separator": ";", "null_values": ["-"]}


def _match(reference: object = "x.csv", **parameters: Any) -> RowCountMatch:  # noqa: ANN401  # anything may be written
    return RowCountMatch(reference=reference, **parameters)


def _foreign(**parameters: Any) -> ReferentialIntegrity:  # noqa: ANN401  # anything may be written
    return ReferentialIntegrity(**{"columns": ["a"], "reference": "x.csv", **parameters})


# --- the other data set ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("x.csv", Address(path="x.csv")),
        (PurePosixPath("data/x.csv"), Address(path="data/x.csv")),
        ({"path": "x.csv"}, Address(path="x.csv")),
        ({"path": PurePosixPath("x.txt"), "format": "csv"}, Address(path="x.txt", format="csv")),
        (_OPTIONS, Address(path="x.txt", format="csv", separator=";", null_values=["-"])),
        (json.dumps(_OPTIONS), Address(path="x.txt", format="csv", separator=";", null_values=["-"])),
        (FrozenMapping(_OPTIONS), Address(path="x.txt", format="csv", separator=";", null_values=["-"])),
        ("{a}.csv", Address(path="{a}.csv")),
        ("s3://bucket/x.parquet", Address(path="s3://bucket/x.parquet")),
    ],
)
def test_a_reference_is_the_address_of_a_data_set(written: object, address: Address) -> None:
    assert _match(written).other == address


def test_one_address_has_one_form() -> None:
    assert _match("x.csv") == _match({"path": "x.csv"})
    assert _match(_OPTIONS) == _match(dict(reversed(_OPTIONS.items())))
    assert fingerprint(_match(_OPTIONS)) == fingerprint(_match(json.dumps(_OPTIONS)))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, "reference must be a path or a mapping with 'path', not None"),
        ("", "reference: data needs 'path': a file, a glob or a URI, not ''"),
        ("\0", "reference: the path of data holds a null character"),
        ({}, "reference: data needs 'path': a file, a glob or a URI"),
        ({"path": None}, "reference: data needs 'path': a file, a glob or a URI, not None"),
        ({"pth": "x"}, "reference: unknown key 'pth' in data; did you mean 'path'?"),
        ({"path": "x", 5: 6}, "reference: unknown key 5 in data"),
        ({"path": "x", "separator": 5}, "reference: separator must be text, not 5"),
        (5, "reference must be a path or a mapping with 'path', not 5"),
        (["x.csv", "y.csv"], "reference must be a path or a mapping with 'path', not ['x.csv', 'y.csv']"),
        (
            {"path": "x", "schema": {"a": {1, 2}}},
            "reference is not plain data: Object of type set is not JSON serializable",
        ),
    ],
)
def test_what_is_no_address_is_refused(written: object, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        _match(written)
    assert (caught.value.key, str(caught.value)) == ("reference", message)


def test_a_frame_is_no_address() -> None:
    with pytest.raises(InvalidRule, match="reference must be a path or a mapping with 'path'"):
        _match(pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("x.csv", "folder/x.csv"),
        ("../x.csv", "folder/../x.csv"),
        ("data/*.csv", "folder/data/*.csv"),
        ("/data/x.csv", "/data/x.csv"),
        ("s3://bucket/x.csv", "s3://bucket/x.csv"),
        ("postgresql://host/db?table=x", "postgresql://host/db?table=x"),
        (_OPTIONS, {**_OPTIONS, "path": "folder/x.txt"}),
        ({**_OPTIONS, "path": "/data/x.txt"}, {**_OPTIONS, "path": "/data/x.txt"}),
    ],
)
def test_a_relative_path_lies_beside_the_file_of_the_rules(written: object, moved: object) -> None:
    rule = _match(written, tolerance=0.5, severity="low")
    assert rule.beside("folder") == _match(moved, tolerance=0.5, severity="low")


def test_a_reference_with_options_is_read_as_it_is_written() -> None:
    rule = _foreign(reference=_OPTIONS)
    assert read_rule(json.loads(json.dumps(write_rule(rule)))).unwrap() == (rule,)


def test_a_rule_shows_no_secret_of_its_reference() -> None:
    for written in (
        "postgresql://me:hunter2@host/db",
        {"path": "s3://bucket/x.csv", "storage_options": {"aws_secret_access_key": "hunter2"}},
    ):
        rule = _match(written)
        assert "hunter2" not in repr(rule) + rule.expectation()


# --- referential_integrity ------------------------------------------------------------------------


def test_the_columns_there_have_the_same_names_unless_told() -> None:
    assert _foreign(columns=["a", "b"]).refers_to == ("a", "b")
    assert _foreign(columns=["a", "b"], reference_columns=["x", "y"]).refers_to == ("x", "y")
    assert _foreign(reference_columns="id").refers_to == ("id",)
    assert _foreign(columns=["a", "b"]).reads == ("a", "b")


def test_a_reference_says_what_is_expected() -> None:
    rule = _foreign(reference="postgresql://me:hunter2@host/db", reference_columns="id")
    assert rule.expectation() == "occurs in id of postgresql://***@host/db"


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"columns": ["a", "b"], "reference_columns": "x"}, "reference_columns", "2 columns cannot refer to 1"),
        ({"reference_columns": ["x", "y"]}, "reference_columns", "1 columns cannot refer to 2"),
        ({"reference_columns": ["x", "x"]}, "reference_columns", "reference_columns names 'x' twice"),
        ({"reference_columns": []}, "reference_columns", "reference_columns must name at least one column"),
        ({"reference_columns": [5]}, "reference_columns", "reference_columns must hold texts, not 5"),
        ({"reference_columns": None}, "reference_columns", "reference_columns must be text or a list of texts, not None"),
        ({"columns": []}, "columns", "columns must name at least one column"),
        ({"columns": ["a", "a"]}, "columns", "columns names 'a' twice"),
    ],
)  # fmt: skip
def test_wrong_columns_are_refused(parameters: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        _foreign(**parameters)
    assert (caught.value.key, str(caught.value)) == (key, message)


def test_which_column_refers_to_which_is_part_of_the_meaning() -> None:
    one = _foreign(columns=["a", "b"], reference_columns=["x", "y"])
    other = _foreign(columns=["a", "b"], reference_columns=["y", "x"])
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("family", Family)
def test_lists_refer_to_nothing(family: Family) -> None:
    assert (_foreign().objection(columns(family)) is None) is (family not in NESTED)


# --- row_count_match ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "observed", "accepted"),
    [(0, 0.0, True), (0, 0.01, False), (0.1, 0.1, True), (0.1, 0.11, False), (0, None, False), (1, "0", False)],
)  # fmt: skip
def test_the_difference_is_within_the_tolerance(tolerance: float, observed: Scalar, accepted: bool) -> None:
    assert _match(tolerance=tolerance).accepts(observed) is accepted


@pytest.mark.parametrize("tolerance", [-0.1, "10%", None, True, float("nan"), float("inf"), [0.1]])
def test_a_wrong_tolerance_is_refused(tolerance: object) -> None:
    with pytest.raises(InvalidRule, match="tolerance must be a share of at least 0, not ") as caught:
        _match(tolerance=tolerance)
    assert caught.value.key == "tolerance"


def test_a_match_says_what_it_expects() -> None:
    assert _match().expectation() == "as many rows as x.csv"
    assert _match(tolerance=0.1).expectation() == "as many rows as x.csv within 0.1"
    assert _match().reads == ()
