"""Files come in: kept as evidence first, then checked, then entered; readings go on to settle through the journal.

The commands call this and settle afterwards; what it gives back is their answer.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from xietong.park import registry
from xietong.park.actions import (
    bring_readings,
    brought_before,
    check_same_park,
    correct_readings,
    load_package,
    state_facts,
)
from xietong.park.bills import beside, by_subject
from xietong.park.doubts import remarks
from xietong.park.evidence import Evidence, Purpose, enter, keep
from xietong.park.marking import located, write_marked
from xietong.park.nouns import Registry
from xietong.park.package.cells import CellError
from xietong.park.package.contained import Note
from xietong.park.package.mapping import FileMapping, reads_times, renamed
from xietong.park.package.reading import read_package
from xietong.park.package.readings import Converted, Reader, convert, is_canonical
from xietong.park.package.rules import judge
from xietong.park.package.schema import TABLES
from xietong.park.package.sheets import Rejection, Row, Sheet, rejection, take_row
from xietong.park.package.tabular import ROW, WORKBOOKS, tables
from xietong.park.people import check_person, check_reason
from xietong.park.revisions import Change
from xietong.park.template import FILLED_IN, is_template, unfilled


@dataclass(slots=True)
class Answer:
    """What became of what was brought.

    entries: file → journal entry; readings: how many readings now wait in the journal for settle.
    """

    accepted: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    remarks: list[Rejection] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    readings: int = 0


class Correction(NamedTuple):
    """Why a person states readings anew, and the file that proves it (None: said without)."""

    reason: str
    evidence: Path | None = None


class Manner(NamedTuple):
    """How a sheet is taken. partial: what can be used of a workbook of ours, although some of it cannot; errors: where
    to write the workbook of errors."""

    partial: bool = False
    errors: Path | None = None


class Reception:
    """Where one person's files come in at one instant (UTC)."""

    def __init__(self, data: Path, who: str, at: datetime) -> None:
        self.data, self.who, self.at = data, who, at
        self.answer = Answer()

    def package(self, folder: Path) -> Answer:
        """Bring a whole package in; raises PackageError where the folder is none, or is another park's."""
        package = read_package(folder, registry.known_codes())
        check_same_park(package.park["code"])
        answer = self.answer
        answer.accepted, answer.rejected, answer.remarks = package.accepted, package.rejected, package.remarks
        self._enter(self._keep(content, name, "package-table") for name, content in sorted(package.files.items()))
        answer.changes = load_package(package, answer.entries, self.who, self.at).changes
        park = registry.load()
        answer.remarks += remarks(package.tables["reported"], park)
        for path in package.readings:
            self._readings(path, FileMapping(), park)
        return answer

    def file(self, path: Path, mapping: FileMapping, manner: Manner | None = None) -> Answer:
        """Bring one file of readings or reported amounts in; raises NoParkError where nothing is registered yet."""
        park = registry.load()
        manner = manner or Manner()
        try:
            if not mapping.table and is_template(path):
                mapping = FILLED_IN
            table = mapping.table or _table_of(path, mapping)
            if table == "reported":
                self._reported(path, mapping, park, manner)
            else:
                self._readings(path, mapping, park)
        except CellError as error:
            self.answer.rejected.append(rejection(path.name, 0, "", "", error))
        return self.answer

    def correction(self, path: Path, mapping: FileMapping, why: Correction) -> Answer:
        """Bring one file of readings in that count in place of those of the same point and instant, which all stay.

        Raises RefusedError where no reason is given or the person may not correct, NoParkError as `file` does.
        """
        check_person(self.who, "report")
        check_reason(why.reason)
        park = registry.load()
        try:
            self._readings(path, mapping, park, why)
        except CellError as error:
            self.answer.rejected.append(rejection(path.name, 0, "", "", error))
        return self.answer

    def _keep(
        self, source: Path | bytes, name: str, purpose: Purpose, more: Mapping[str, object] | None = None
    ) -> Evidence:
        return keep(self.data, source, name, purpose, more)

    def _enter(self, kept: Iterable[Evidence]) -> None:
        self.answer.entries |= enter(self.data, kept, f"cli:{self.who}", self.at)

    def _noting(self, path: Path) -> Note:
        """Where a remark on a whole file goes."""
        return lambda said: self.answer.remarks.append(rejection(path.name, 0, "", "", said))

    def _reported(self, path: Path, mapping: FileMapping, park: Registry, manner: Manner) -> None:
        table, sheet, answer = TABLES["reported"], Sheet(), self.answer
        rows = list(self._rows(path, mapping))
        placed = rows
        if mapping.utility:
            placed, sheet.rejected = by_subject(rows, mapping.utility, park)
            answer.remarks += beside(placed, park)
        for row in placed:
            take_row(table, sheet, row, park.zone)
        judge(table, sheet, registry.known_codes())
        if path.suffix.lower() in WORKBOOKS:
            columns = list(rows[0].cells) if rows and not mapping.columns else []
            sheet.rejected = [located(each, mapping.shape.sheet, columns) for each in sheet.rejected]
        if manner.errors is not None and sheet.rejected:
            write_marked(manner.errors, mapping.shape, rows, sheet.rejected)
        self._enter([self._keep(path, path.name, "original")])
        answer.rejected += sheet.rejected
        if mapping.whole and sheet.rejected and not manner.partial:
            answer.remarks.append(_nothing_entered(path))
            return
        answer.changes[table.name] = state_facts(table.name, sheet.rows, answer.entries, self.who, self.at)
        answer.accepted += len(sheet.rows)
        answer.remarks += remarks(sheet.rows, registry.load())

    def _rows(self, path: Path, mapping: FileMapping) -> Iterator[Row]:
        """The rows of a sheet as they came; of a workbook of ours those that were filled in, remarks for the others."""
        for piece in renamed(tables(path, mapping.shape, self._noting(path)), mapping):
            for record in piece.to_pylist():
                number = record.pop(ROW)
                row = Row(path.name, number, {}, {name: "" if v is None else str(v) for name, v in record.items()})
                blank = unfilled(row) if mapping.whole else None
                if blank is None:
                    yield row
                else:
                    self.answer.remarks.append(blank)

    def _readings(self, path: Path, mapping: FileMapping, park: Registry, why: Correction | None = None) -> None:
        reader = Reader(
            file=path.name,
            zone=park.zone,
            points=park.points,
            half=park.choices["below_detection"] == "half",
            stamps=mapping.stamps,
            at=reads_times(mapping, park.zone),
        )
        with tempfile.TemporaryDirectory(dir=self.data / "evidence", prefix="incoming-") as scratch:
            target = Path(scratch) / "readings.parquet"
            converted = convert(renamed(tables(path, mapping.shape, self._noting(path)), mapping), reader, target)
            self.answer.rejected += converted.rejected
            kept = self._kept_readings(path, target, converted, park, why)
        # A correction that says again what an earlier one said may follow another: it is no repetition.
        if not converted.accepted:
            self._enter(kept)
        elif why or not brought_before(kept[-1].sha256):
            self._enter(kept)
            self.answer.readings += converted.accepted
            what = {"file": path.name, "sha256": kept[-1].sha256, "readings": converted.accepted}
            entry = self.answer.entries[kept[-1].name]
            if why:
                proof = {"evidence": kept[0].sha256} if why.evidence else {}
                correct_readings({**what, "reason": why.reason, **proof}, entry, self.who, self.at)
            else:
                bring_readings(what, entry, self.who, self.at)
        self.answer.accepted += converted.accepted

    def _kept_readings(
        self, path: Path, target: Path, converted: Converted, park: Registry, why: Correction | None
    ) -> list[Evidence]:
        """The file itself and, last, the canonical one made of it; one alone where the file is canonical already.

        Before both what proves a correction, if there is anything.
        """
        purpose: Purpose = "correction" if why else "readings"
        proof = [self._keep(why.evidence, why.evidence.name, "original")] if why and why.evidence else []
        points = {
            code: {"interval_s": park.points[code].interval_s, "shape": park.points[code].shape}
            for code in sorted(converted.points)
        }
        more = {"format": "parquet", "points": points, "rows": converted.accepted, "stamps": "start"}
        if not converted.accepted:
            return [*proof, self._keep(path, path.name, "original")]
        if why:
            more |= {"who": self.who, "reason": why.reason}
        if not converted.rejected and is_canonical(path):
            return [*proof, self._keep(path, path.name, purpose, more)]
        original = self._keep(path, path.name, "original")
        made = {**more, "made_from": original.sha256}
        return [*proof, original, self._keep(target, f"{path.name}#readings.parquet", purpose, made)]


def _table_of(path: Path, mapping: FileMapping) -> str:
    """Reported amounts say subject and period, readings do not."""
    first = next(iter(tables(path, mapping.shape)), None)
    names = set() if first is None else set(first.column_names)
    return "reported" if {"subject", "period"} <= names else "readings"


def _nothing_entered(path: Path) -> Rejection:
    problem = CellError(
        "nothing_entered",
        "有不能用的格，整个工作簿没有入账，文件已存证；请改正后再导入，或用 --partial 只收能用的行",
        "some cells cannot be used, so nothing of the workbook was entered; the file is kept as evidence; correct them "
        "and import it again, or take the rows that can be used with --partial",
    )
    return rejection(path.name, 0, "", "", problem)
