"""Addresses are read whole, say what they are, and never show a credential."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veriport.domain.datasets import Address, Handle, dataset_of, without_credentials
from veriport.domain.errors import ConfigurationError


class Frame:
    """Stands for a data frame."""


# --- what a caller may pass -----------------------------------------------------------------------


@pytest.mark.parametrize("data", ["a.csv", Path("a.csv"), {"path": "a.csv"}, {"path": Path("a.csv")}])
def test_a_path_is_an_address(data: object) -> None:
    assert dataset_of(data) == Address(path="a.csv")


@pytest.mark.parametrize("data", [Address(path="a.csv"), Handle(Frame())])
def test_a_data_set_is_itself(data: object) -> None:
    assert dataset_of(data) is data


def test_anything_else_is_a_frame_for_an_engine_to_know() -> None:
    frame = Frame()
    dataset = dataset_of(frame)
    assert isinstance(dataset, Handle)
    assert dataset.frame is frame
    assert dataset.label.endswith(".Frame")


def test_the_whole_mapping_is_kept() -> None:
    address = dataset_of(
        {
            "path": "x", "format": "csv", "separator": ";", "null_values": "NA", "encoding": "latin-1",
            "schema": {"a": "string"}, "storage_options": {"region": "eu"}, "sql": "select 1",
        }
    )  # fmt: skip
    assert isinstance(address, Address)
    assert (address.format, address.separator, address.encoding, address.sql) == (
        "csv",
        ";",
        "latin-1",
        "select 1",
    )
    assert (address.null_values, dict(address.schema)) == (("NA",), {"a": "string"})
    assert dict(address.storage_options) == {"region": "eu"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "no data given: name a file, a URI or a frame"),
        ({}, "data needs 'path': a file, a glob or a URI"),
        ({"path": None}, "data needs 'path': a file, a glob or a URI, not None"),
        ({"path": 5}, "data needs 'path': a file, a glob or a URI, not 5"),
        ("", "data needs 'path': a file, a glob or a URI, not ''"),
        ("a\0.csv", "the path of data holds a null character"),
        ({"path": "x", "fromat": "csv"}, "unknown key 'fromat' in data; did you mean 'format'?"),
        ({"path": "x", 5: 1}, "unknown key 5 in data"),
        ({"path": "x", "format": 5}, "format must be text, not 5"),
        ({"path": "x", "separator": ""}, "separator must be text, not ''"),
        ({"path": "x", "encoding": None}, "encoding must be text, not None"),
        ({"path": "x", "sql": ["select 1"]}, "sql must be text, not ['select 1']"),
        ({"path": "x", "null_values": None}, "null_values must be text or a list of texts, not None"),
        ({"path": "x", "null_values": [-999]}, "null_values must hold texts, not -999: put it in quotes"),
        ({"path": "x", "schema": ["a"]}, "schema must be a mapping, not a list"),
        ({"path": "x", "storage_options": "key=secret"}, "storage_options must be a mapping, not a str"),
    ],
)
def test_wrong_data_says_what_is_wrong(data: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        dataset_of(data)
    assert str(caught.value) == message


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.csv", "csv"), ("A.CSV", "csv"), ("a.tsv", "csv"), ("a.txt", "csv"), (".csv", "csv"),
        ("a.parquet", "parquet"), ("a.pq", "parquet"), ("data/*.parquet", "parquet"),
        ("a.jsonl", "ndjson"), ("a.ndjson", "ndjson"), ("a.arrow", "ipc"), ("a.feather", "ipc"),
        ("a.csv.gz", "csv"), ("a.jsonl.zst", "ndjson"), ("a.csv.bz2", "csv"), ("a.tar.gz", None),
        ("data/part-?.csv", "csv"), ("s3://b/part-?.parquet", "parquet"),
        ("https://h/a.csv?version=1.2", "csv"), ("https://h/a.parquet?sig=x.csv", "parquet"),
        ("C:\\data\\a.tsv", "csv"), ("csv", None), ("a", None), ("a.xlsx", None), ("https://h/csv", None),
        ("a.csv/", "csv"), ("data/", None),
    ],
)  # fmt: skip
def test_the_name_tells_the_format(path: str, kind: str | None) -> None:
    assert Address(path=path).kind == kind


def test_a_given_format_counts_more_than_the_name() -> None:
    assert Address(path="a.txt", format="Parquet").kind == "parquet"


def test_a_format_by_its_ending_is_the_format() -> None:
    assert Address(path="a", format="jsonl").kind == "ndjson"


# --- credentials ----------------------------------------------------------------------------------

SECRETS = [
    ("postgresql://u:hunter2@host/db?table=a.b", "postgresql://***@host/db?table=a.b"),
    ("POSTGRESQL://U:hunter2@host/db", "POSTGRESQL://***@host/db"),
    ("postgresql://hunter2@host/db", "postgresql://***@host/db"),
    ("postgresql://u:hunter2/x@host/db", "postgresql://***@host/db"),
    ("postgresql://u:hunter2@x@host/db", "postgresql://***@host/db"),
    ("postgresql://u:hunter2?x#y@host/db", "postgresql://***@host/db"),
    ("postgresql://u:hunter2 x@host/db", "postgresql://***@host/db"),
    ("postgresql://u:hunter2@x/y@host/db", "postgresql://***@host/db"),
    ("s3://AKIA:hunter2/CR+ET=@bucket/k.parquet", "s3://***@bucket/k.parquet"),
    ("redis://:hunter2@host/0", "redis://***@host/0"),
    ("jdbc:postgresql://u:hunter2@host/db", "jdbc:postgresql://***@host/db"),
    ("simplecache::s3://k:hunter2@b/x", "simplecache::s3://***@b/x"),
    ("mongodb+srv://u:hunter2@host/db", "mongodb+srv://***@host/db"),
    ("//u:hunter2@host/x", "//***@host/x"),
    ("u:hunter2@host/x.csv", "***@host/x.csv"),
    ("https://hunter2@host/x.csv", "https://***@host/x.csv"),
    ("https://u:hunter2@host/x?mail=a@b", "https://***@b"),  # nobody knows where the password ends
    ("https://host/x.csv?X-Amz-Signature=hunter2&y=1", "https://host/x.csv?X-Amz-Signature=***&y=1"),
    ("https://a.blob.core.windows.net/c/x.csv?sv=1&sig=hunter2", "https://a.blob.core.windows.net/c/x.csv?sv=1&sig=***"),
    ("https://host/x?access_token=hunter2#y", "https://host/x?access_token=***"),
    ("https://host/x?PASSWORD=hunter2;z", "https://host/x?PASSWORD=***"),
    ("https://host/#access_token=hunter2", "https://host/#access_token=***"),
    ("host=h password=hunter2 dbname=x", "host=h password=*** dbname=x"),
    ("host=h password='hunter2 x' dbname=x", "host=h password=*** dbname=x"),
    (r"host=h password='hunter2\' x' dbname=x", "host=h password=*** dbname=x"),
    ("password=hunter2 host=h", "password=*** host=h"),
    ("AccountName=n;AccountKey=hunter2==;Suffix=s", "AccountName=n;AccountKey=***;Suffix=s"),
    ("Server=s;Pwd=hunter2;Uid=u", "Server=s;Pwd=***;Uid=u"),
    ("abfss://container:hunter2@account/p", "abfss://***@account/p"),
]  # fmt: skip


@pytest.mark.parametrize(("uri", "label"), SECRETS)
def test_a_label_hides_credentials(uri: str, label: str) -> None:
    assert Address(path=uri).label == label


@pytest.mark.parametrize(("uri", "_"), SECRETS)
def test_a_repr_hides_credentials(uri: str, _: str) -> None:
    address = Address(path=uri, storage_options={"aws_secret_access_key": "hunter2"})
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    "path",
    [
        "a.csv", "data/key=5/a.parquet", "s3://b/day=1/key=2/a.parquet", "C:\\data\\a.csv", "data/part-?.csv",
        "http://localhost:8080/a.csv", "s3://b/data@v1/a.csv", "a@b.csv", "postgresql://host/db?table=a.b",
        "abfss://container@account.dfs.core.windows.net/a.parquet", "wasbs://c@a.blob.core.windows.net/x",
    ],
)  # fmt: skip
def test_what_is_no_credential_stays(path: str) -> None:
    assert without_credentials(path) == path


_words = st.text(string.ascii_letters + string.digits, min_size=8, max_size=12)
_secrets = st.text(string.ascii_letters + string.digits + "/?#@:&=+% ~!", min_size=1, max_size=8)


@given(_words, _secrets, _words)
def test_no_password_is_seen_whatever_it_holds(user: str, secret: str, host: str) -> None:
    marked = f"{secret}PASS{secret}"
    label = without_credentials(f"postgresql://{user}:{marked}@{host}/db?table=t")
    assert "PASS" not in label
    assert label.endswith("/db?table=t")


@given(_secrets.filter(lambda text: "&" not in text))
def test_no_secret_parameter_is_seen(secret: str) -> None:
    assert "PASS" not in without_credentials(f"https://host/a.csv?x=1&token={secret}PASS&y=2")


@pytest.mark.parametrize("path", ["a" * 100_000, "?" + "key" * 20_000, "//" * 50_000, "a:" * 50_000])
def test_a_long_path_costs_no_time(path: str) -> None:
    assert without_credentials(path) == path
