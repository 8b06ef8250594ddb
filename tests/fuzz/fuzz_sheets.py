"""Any bytes as a sheet that somebody sends: CSV, workbook, Parquet, a table of the package, a mapping.

The first byte says which (see KINDS), the second under which mapping or as which table. Beyond "nothing raises but
CellError": every row is taken or refused, never both and never neither; each refusal says file, rule, sentence and
remedy; a file refused whole says why.
"""

import csv
import io
import random
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import transaction
from fuzz_park import FILES, NOON, Park
from fuzz_sheet_seeds import KINDS, MAPPINGS, PACKAGE, mutated, seeds

from xietong.park.bringing.bills import by_subject
from xietong.park.bringing.receiving import Manner, Reception
from xietong.park.bringing.statements import Sender, filled_in, judged
from xietong.park.package.cells import CellError
from xietong.park.package.mapping import FileMapping, read_mapping, reads_times, renamed
from xietong.park.package.reading import PackageError
from xietong.park.package.readings import Reader, convert
from xietong.park.package.rules import Known, judge
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Row, Sheet, read_sheet
from xietong.park.package.tabular import ROW, records, tables
from xietong.park.package.workbook import UNREADABLE, RefusedWorkbook, looked_through
from xietong.park.registry import snapshot
from xietong.texts import Text

CHILD_EVERY, DOOR_EVERY = 8, 24
Blind = Callable[[bytes], bytes]


class Sheets:
    """The target of a campaign: where to begin, how to change, what must hold."""

    longest = 24_000

    def __init__(self, park: Park) -> None:
        self._data, self._park, self._known = park.data, snapshot.load(), snapshot.known_codes()

    def seeds(self) -> list[bytes]:
        """Files of every kind under every mapping."""
        return seeds()

    def mutate(self, data: bytes, dice: random.Random, blind: Blind) -> bytes:
        """Another file: cells, parts of the archive or columns changed, or its encoding."""
        return mutated(data, dice, blind)

    def check(self, data: bytes) -> None:
        """What must hold of any file; AssertionError or anything raised is a crash."""
        kind, manner = KINDS.get(data[:1], ".csv"), (data[1] if len(data) > 1 else 0)
        with tempfile.TemporaryDirectory(dir=self._data) as scratch:
            path = Path(scratch) / f"sent{kind}"
            path.write_bytes(data[2:])
            if kind == ".table":
                self._table(data[2:], manner)
            elif kind == ".toml":
                self._mapping(path)
            else:
                self._file(path, MAPPINGS[manner % len(MAPPINGS)], zlib.crc32(data))

    # ---- inside ----

    def _file(self, path: Path, mapping: FileMapping, number: int) -> None:
        in_child = path.suffix not in (".csv", ".gz")
        if path.suffix == ".xlsx":
            _look_through(path, mapping)
        if not in_child or number % CHILD_EVERY == 0:
            self._read(path, mapping)
        if number % DOOR_EVERY == 0:
            self._bring(path, mapping)

    def _read(self, path: Path, mapping: FileMapping) -> None:
        notes: list[CellError] = []
        try:
            pieces = list(renamed(tables(path, mapping.shape, notes.append), mapping))
            rows = [row for piece in pieces for row in _rows(path.name, piece)] if mapping.table == "reported" else []
        except CellError as error:
            notes.append(error)
            pieces, rows = [], []
        for note in notes:
            assert note.rule
            _check_said(note.text)
        if not pieces:
            return
        if mapping.table == "reported":
            self._reported(rows, mapping)
        else:
            self._readings(path, pieces, mapping)

    def _readings(self, path: Path, pieces: list[pa.Table], mapping: FileMapping) -> None:
        zone, points, target = self._park.zone, self._park.points, path.with_name("made.parquet")
        reader = Reader(path.name, zone, points, stamps=mapping.stamps, at=reads_times(mapping, zone))
        made = convert(iter(pieces), reader, target)
        _check_rejections(made.rejected)
        table = pq.read_table(target)
        assert table.num_rows == made.accepted
        if path.suffix in (".parquet",) or any(each.row < 2 for each in made.rejected):
            return
        taken = table.column(ROW).to_pylist()
        refused = {each.row for each in made.rejected if each.rule != "unknown_point"}
        unknown = {number for number, code in _codes(pieces) if code not in points}
        assert not set(taken) & (refused | unknown), "a row was taken and refused"
        assert sorted({*taken, *refused, *unknown}) == sorted(number for number, _ in _codes(pieces)), "a row was lost"

    def _reported(self, rows: list[Row], mapping: FileMapping) -> None:
        if mapping.whole:
            rows, blank = filled_in(rows, self._park)
            _check_rejections(blank)
        placed = rows
        if mapping.utility:
            placed, refused, *_ = by_subject(rows, mapping.utility, self._park)
            assert {row.number for row in placed} <= {row.number for row in rows}
            _check_rejections(refused)
        sheet = judged(placed, self._park, Sender(None, NOON))
        _check_parted(sheet, [row.number for row in placed])

    def _table(self, content: bytes, manner: int) -> None:
        table = TABLES[PACKAGE[manner % len(PACKAGE)]]
        known = Known({name: set(codes) for name, codes in self._known.codes.items()}, self._known.park)
        sheet = read_sheet(table, table.file, content, self._park.zone)
        whole = any(each.row < 2 for each in sheet.rejected)
        judge(table, sheet, known)
        _check_rejections([*sheet.rejected, *sheet.remarks])
        if not whole:
            records = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
            filled = (number for number, cells in enumerate(records, 1) if any(cell.strip() for cell in cells))
            _check_parted(sheet, [number for number in filled if number > 1])

    def _mapping(self, path: Path) -> None:
        try:
            mapping = read_mapping(path)
        except PackageError as error:
            _check_said(error.text)
            return
        for sent in ("points.csv", "reported.csv"):
            file = path.with_name(f"{sent}")
            file.write_text(FILES[sent], encoding="utf-8")
            self._read(file, mapping)

    def _bring(self, path: Path, mapping: FileMapping) -> None:
        """Through the very door, marked workbook and all; the registry is as before then."""
        data = path.parent / "data"
        (data / "evidence").mkdir(parents=True)
        manner = Manner(partial=bool(path.stat().st_size % 2), errors=path.with_name("errors.xlsx"))
        with transaction.atomic():
            answer = Reception(data, "clerk", NOON).file(path, mapping, manner)
            transaction.set_rollback(True)
        _check_rejections([*answer.rejected, *answer.remarks])
        assert answer.accepted or not answer.readings
        assert answer.rejected or answer.entries, "a file was neither refused nor kept"


def _look_through(path: Path, mapping: FileMapping) -> None:
    try:
        list(looked_through(path, mapping.shape.sheet))
    except (RefusedWorkbook, *UNREADABLE):
        return  # the child says so


def _codes(pieces: Iterable[pa.Table]) -> Iterator[tuple[int, str]]:
    """Row number and code of the point, of every row."""
    for piece in pieces:
        names = piece.column("point").to_pylist()
        yield from zip(piece.column(ROW).to_pylist(), ((name or "").strip() for name in names), strict=True)


def _rows(name: str, piece: pa.Table) -> Iterator[Row]:
    for record in records(piece):
        number = record.pop(ROW)
        yield Row(name, number, {}, {key: "" if value is None else str(value) for key, value in record.items()})


def _check_said(text: Text) -> None:
    assert text.zh
    assert text.en


def _check_rejections(found: Iterable[Rejection]) -> None:
    for each in found:
        assert each.file
        assert each.rule
        assert each.file in each.message.zh
        assert each.file in each.message.en
        assert "；" in each.message.zh or "，" in each.message.zh, f"no remedy: {each.message.zh}"


def _check_parted(sheet: Sheet, numbers: list[int]) -> None:
    """Each of these rows was taken, or refused."""
    _check_rejections([*sheet.rejected, *sheet.remarks])
    taken, refused = [row.number for row in sheet.rows], {each.row for each in sheet.rejected}
    assert not set(taken) & refused, "a row was taken and refused"
    assert sorted({*taken, *refused}) == sorted(set(numbers)), "a row is neither taken nor refused"
    assert len(set(taken)) == len(taken)
