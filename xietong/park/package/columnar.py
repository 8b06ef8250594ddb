"""The child that reads a Parquet file somebody sent: `python -m xietong.park.package.columnar FILE ROWS`, under the
limits of `workbook`. It writes an Arrow stream to its standard output, or a reason to its standard error."""

import json
import sys
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from xietong.park.package.workbook import limit


def main(arguments: Sequence[str]) -> int:
    """Write the file as an Arrow stream in batches of ROWS; 0, or 3 where it does not open."""
    limit()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        file = pq.ParquetFile(arguments[0], pre_buffer=False, buffer_size=1 << 20)
        if any("\0" in name for name in file.schema_arrow.names):  # raises where a name is no UTF-8
            raise pa.ArrowInvalid("the name of a column holds NUL")
        with pa.ipc.new_stream(sys.stdout.buffer, file.schema_arrow) as stream:
            for batch in file.iter_batches(batch_size=int(arguments[1]), use_threads=False):
                batch.validate(full=True)  # words that are no UTF-8, indices beyond their dictionary
                stream.write_batch(batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        rule = "too_large" if isinstance(error, pa.ArrowMemoryError) else "unreadable"
        print(json.dumps([rule, " ".join(str(error).split())[:200]]), file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
