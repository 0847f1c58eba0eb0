"""The tables that are measured: seeded, with a few true faults, made once and kept in ``data/``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import wide

if TYPE_CHECKING:
    import polars as pl

FOLDER = Path(__file__).parent / "data"
_CHUNK = 1_000_000
_BYTES_A_ROW = 45  # of the orders as Parquet, on the safe side


def orders(rows: int) -> Path:
    """The Parquet file of so many orders; raises ``OSError`` when the disk has no room to make it."""
    return _made(FOLDER / f"orders-{rows}.parquet", rows, _write, rows * _BYTES_A_ROW)


def orders_in_duckdb(rows: int) -> Path:
    """The same orders as the table of a DuckDB file."""
    return _made(FOLDER / f"orders-{rows}.duckdb", rows, _to_duckdb, rows * 2 * _BYTES_A_ROW)


def wide_table(rows: int) -> Path:
    """The Parquet file of the wide table; raises ``OSError`` when the disk has no room to make it."""
    return _made(FOLDER / f"wide-{rows}.parquet", rows, wide.write, rows * wide.COLUMNS * 3)


def _made(path: Path, rows: int, write: Callable[[Path, int], None], size: int) -> Path:
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        free = shutil.disk_usage(FOLDER).free
        if free < 2 * size:
            raise OSError(f"{path.name} needs about {size >> 20:,} MB, of {free >> 20:,} MB that are free")
        temporary = path.with_suffix(".part")
        write(temporary, rows)
        temporary.rename(path)
    return path


def _write(path: Path, rows: int) -> None:
    """Chunk by chunk, so that a hundred million rows need no more memory than one."""
    import pyarrow.parquet as pq

    writer = None
    for start in range(0, rows, _CHUNK):
        table = _chunk(start, min(_CHUNK, rows - start), rows).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=_CHUNK // 4)
    if writer is not None:
        writer.close()


def _to_duckdb(path: Path, rows: int) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE orders AS FROM read_parquet('{orders(rows)}')")


def _chunk(start: int, count: int, rows: int) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(start + 7)
    numbers = np.arange(start, start + count, dtype="int64")
    ids = np.where(numbers >= rows - 1000, numbers - rows + 1000, numbers)  # the last 1,000 repeat the first
    seconds = random.integers(0, 366 * 86_400, count).astype("timedelta64[s]")
    created = np.datetime64("2024-01-01T00:00:00", "us") + seconds
    frame = pl.DataFrame(
        {
            "id": ids,
            "customer": random.integers(0, 500_000, count),
            "amount": np.round(random.gamma(2, 50, count), 2),
            "quantity": random.integers(1, 20, count).astype("int32"),
            "discount": np.where(random.random(count) < 0.001, 1.5, random.random(count) * 0.3),
            "status": random.choice(np.array(["new", "paid", "shipped", "cancelled", "returned"]), count),
            "country": random.choice(np.array(["DE", "FR", "NL", "NO", "US", "GB"]), count),
            "created": created,
        }
    )
    number = pl.col("id")
    return frame.with_columns(
        pl.when(number % 997 == 3).then(None).otherwise(pl.col("discount")).alias("discount"),
        pl.when(number % 50_021 == 5).then(pl.lit("XX")).otherwise(pl.col("country")).alias("country"),
        pl.format(
            "user{}@example.{}",
            "customer",
            pl.when(number % 5003 == 1).then(pl.lit("")).otherwise(pl.lit("com")),
        ).alias("email"),
        pl.format("SKU-{}", (number % 100_000).cast(pl.String).str.zfill(6)).alias("sku"),
        (
            pl.col("created")
            + pl.duration(hours=pl.when(number % 7001 == 2).then(-1).otherwise(pl.col("quantity")))
        ).alias("shipped"),
    )
