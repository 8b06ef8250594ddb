"""The limit of `xietong bench settle`: DuckDB alone sorts the rows of a Parquet file into another. Nothing of ours.

Usage: bare_settle.py FROM TO [THREADS]; prints the seconds of the copy, the start of Python left out.
"""

import sys
import time

import duckdb


def main() -> None:
    source, target, threads = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "2"
    with duckdb.connect(config={"threads": threads}) as connection:
        began = time.perf_counter()
        connection.execute(
            f"COPY (SELECT * FROM read_parquet('{source}') ORDER BY point, \"at\") TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        print(time.perf_counter() - began)


main()
