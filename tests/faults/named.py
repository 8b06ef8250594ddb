"""Whether each reading of the lake names the frame that it came from, by the bytes of the journal alone.

`python named.py DATA` prints JSON: readings that were held against their entry, gone (their entry is not there any
more) and misnamed (another frame stands under that name). Imports nothing of the project.
"""

import json
import struct
import sys
from pathlib import Path

import duckdb
from check import active_files

PRELUDE = struct.Struct(">8sIBBHIQq")  # mark, CRC, version, kind, origin's and payload's length, ordinal, time
SEGMENT_HEADER, HASHES = 64, 64


def payloads(folder: Path) -> dict[str, bytes]:
    """The payload of every entry of one journal, as far as its segments can be followed."""
    found = {}
    for path in sorted(folder.glob("*.seg")):
        data, at = path.read_bytes(), SEGMENT_HEADER
        mark = data[16:24]
        while at + PRELUDE.size <= len(data):
            begins, _, _, _, origin, payload, ordinal, _ = PRELUDE.unpack_from(data, at)
            start = at + PRELUDE.size + origin + HASHES
            if begins != mark or start + payload > len(data):
                break
            found[f"{folder.name}/{ordinal}"] = data[start : start + payload]
            at = start + payload
    return found


def held(data: Path) -> dict[str, int]:
    """Hold every reading of a simulated device against the entry that it names."""
    entries: dict[str, bytes] = {}
    for folder in (data / "journal").iterdir():
        if folder.is_dir() and "." not in folder.name:
            entries |= payloads(folder)
    files, _ = active_files(data / "lake" / "readings", torn_tail=False)
    rows = duckdb.execute(
        "SELECT entry, split_part(split_part(address, '/', 2), '/', 1), value::VARCHAR, split_part(address, '/', 1) "
        f"FROM read_parquet({files!r}) WHERE address LIKE 'hj212:FAULT%'"
    ).fetchall()
    gone = misnamed = 0
    for entry, code, value, device in rows:
        said = f"{code}-Rtd={value.rstrip('0').rstrip('.')}".encode()
        payload = entries.get(entry)
        gone += payload is None
        if payload is not None:
            is_right = said in payload and device.removeprefix("hj212:").encode() in payload
            misnamed += not is_right
    return {"readings": len(rows), "gone": gone, "misnamed": misnamed}


if __name__ == "__main__":
    print(json.dumps(held(Path(sys.argv[1]))))
