"""Prepared rows: a file of readings in the one form that settle reads, beside its original until settle has them.

They are no evidence and need not stay: the entry says how the original was read (mapping, zone, points), and
from both they are made again, which the hash of their content proves. DATA/prepared may be emptied at any time.
"""

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from xietong.journal import make_folder
from xietong.park.bringing.evidence import INCOMING, as_named, bytes_of, hash_of, kept_path
from xietong.park.nouns import Point
from xietong.park.package.contained import Note
from xietong.park.package.mapping import FileMapping, mapping_of, reads_times, renamed, told_of
from xietong.park.package.readings import Converted, Reader, convert
from xietong.park.package.tabular import tables
from xietong.texts import Text

# What a killed process left behind is let go of after a day: no file takes so long from its reading to its entry.
LEFT_BEHIND_S = 86_400
# A child that opens the file may be too slow for its limits on a busy machine (decision 19).
TRIES = 3


class Prepared(NamedTuple):
    """The rows of one file, made: where they lie, their hash as a file, what became of the file's rows, and how it was
    read."""

    path: Path
    sha256: str
    converted: Converted
    mapping: FileMapping
    reader: Reader

    @property
    def content(self) -> str:
        """The hash of what the rows say, however they are written."""
        return self.converted.content

    @property
    def points(self) -> dict[str, dict[str, object]]:
        """So much of the points of the rows as they were read by."""
        every = ((code, self.reader.points[code]) for code in sorted(self.converted.points))
        return {code: {"interval_s": p.interval_s, "shape": p.shape, "unit": p.unit} for code, p in every}

    @property
    def stated(self) -> dict[str, object]:
        """What the entry of the original says beside its points, so that the same rows can be made again."""
        read = {"mapping": told_of(self.mapping), "zone": self.reader.zone.key}
        return {"read": read, "content": self.content, "prepared": self.sha256}


class Unlike(Exception):
    """Rows that were made again and are not what they were; text says how many of each."""

    def __init__(self, rows: int, expected: int, why: str) -> None:
        self.text = Text(
            f"重新读出 {rows} 行，与当初的 {expected} 行不一致{f'（{why}）' if why else ''}",
            f"{rows} rows were read again and are not the {expected} of before{f' ({why})' if why else ''}",
        )
        super().__init__(self.text.en)


def prepare(path: Path, mapping: FileMapping, reader: Reader, target: Path, note: Note = lambda _: None) -> Prepared:
    """Read a file of readings into rows at `target`; what its cells are refused for stands in `converted`.

    note: hears what is odd about a workbook and yet read.
    """
    converted = convert(renamed(tables(path, mapping.shape, note), mapping), reader, target)
    return Prepared(target, hash_of(target), converted, mapping, reader)


def leave(data: Path, made: Prepared) -> None:
    """Leave rows for settle. Nothing is lost with them, so they need not be durable."""
    target = _path(data, made.sha256)
    make_folder(target.parent)
    made.path.replace(target)


def let_go(data: Path, told: Mapping[str, Any]) -> None:
    """Settle has the rows of this entry."""
    if is_there(data, told):
        _path(data, told["prepared"]).unlink(missing_ok=True)


def sweep(data: Path, now: float | None = None) -> None:
    """Let go of what killed processes left behind, also of files on their way into the evidence. now: seconds since
    1970."""
    before = (time.time() if now is None else now) - LEFT_BEHIND_S
    for path in (*(data / "prepared").glob("*.parquet"), *(data / "evidence").glob(f"{INCOMING}*")):
        if path.stat().st_mtime >= before:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def rows(data: Path, told: Mapping[str, Any]) -> Iterator[Path]:
    """The file from which settle takes the readings of an entry: the prepared rows, made again where they are gone, or
    the kept file itself where nothing had to be prepared.

    The kept file is what its hash says. Raises Unlike where the rows that are made again are others.
    """
    if not told.get("read"):
        with as_named(data, str(told["sha256"]), f"readings{_suffix(data, told)}") as named:
            yield named
    elif is_there(data, told):
        yield _path(data, told["prepared"])
    else:
        with as_named(data, str(told["sha256"]), str(told["name"])) as original:
            yield _again(original, told)


def _again(original: Path, told: Mapping[str, Any]) -> Path:
    mapping, reader = _how(told, told["points"])
    for _ in range(TRIES):
        made = prepare(original, mapping, reader, original.parent / "prepared-rows.parquet")
        if made.content == told["content"]:
            return made.path
    why = next((each.message.en for each in made.converted.rejected if not each.row), "")
    raise Unlike(made.converted.accepted, int(told["rows"]), why)


def is_there(data: Path, told: Mapping[str, Any]) -> bool:
    """Whether the prepared rows of an entry wait, whole."""
    sha256 = str(told.get("prepared", ""))
    return sha256.isalnum() and _path(data, sha256).is_file() and hash_of(_path(data, sha256)) == sha256


def rows_about(data: Path, told: Mapping[str, Any], code: str, span: tuple[datetime, datetime]) -> list[dict[str, Any]]:
    """The rows of a point between two instants (both within) as the original has them, with their row numbers."""
    mapping, reader = _how(told, [code])
    with as_named(data, str(told["sha256"]), str(told["name"])) as original:
        target = original.parent / "prepared-rows.parquet"
        convert(_of_point(renamed(tables(original, mapping.shape), mapping), code), reader, target)
        near = (ds.field("at") >= span[0]) & (ds.field("at") <= span[1])
        found: list[dict[str, Any]] = ds.dataset(target, format="parquet").to_table(filter=near).to_pylist()
        return found


def _of_point(pieces: Iterable[pa.Table], code: str) -> Iterator[pa.Table]:
    for piece in pieces:
        if "point" in piece.column_names:
            points = pc.utf8_trim_whitespace(piece.column("point").cast(pa.string()))
            yield piece.filter(pc.equal(points, code))


def _how(told: Mapping[str, Any], codes: Iterable[str]) -> tuple[FileMapping, Reader]:
    """How the entry says that its file was read."""
    read = told["read"]
    mapping, zone = mapping_of(read["mapping"]), ZoneInfo(read["zone"])
    points = {code: _point(code, told["points"][code]) for code in codes}
    reader = Reader(str(told["name"]), zone, points, mapping.stamps, reads_times(mapping, zone))
    return mapping, reader


def _point(code: str, told: Mapping[str, Any]) -> Point:
    """So much of a point as its rows were read by."""
    return Point(code, "", quantity="", item="", unit=told["unit"], shape=told["shape"], interval_s=told["interval_s"])


def _path(data: Path, sha256: str) -> Path:
    return data / "prepared" / f"{sha256}.parquet"


def _suffix(data: Path, told: Mapping[str, Any]) -> str:
    """Evidence is named by its hash alone; who reads it goes by the suffix."""
    with bytes_of(kept_path(data, str(told["sha256"]))) as file:
        return ".parquet" if file.read(4) == b"PAR1" else ".csv"
