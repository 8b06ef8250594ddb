"""Files come in: kept as evidence first, then checked, then entered; readings go on to settle through the journal.

The commands call this and settle afterwards; what it gives back is their answer.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from xietong.park.actions import (
    bring_readings,
    brought_before,
    check_same_park,
    correct_readings,
    load_package,
    record_act,
    state_facts,
)
from xietong.park.bringing.bills import Placed, beside, by_subject
from xietong.park.bringing.evidence import INCOMING, Evidence, Opened, Purpose, enter, keep, of_a_command
from xietong.park.bringing.marking import located, write_marked
from xietong.park.bringing.prepared import Prepared, leave, prepare
from xietong.park.bringing.statements import Sender, filled_in, judged
from xietong.park.bringing.template import FILLED_IN, is_template
from xietong.park.nouns import Registry
from xietong.park.package.cells import CellError
from xietong.park.package.contained import Note
from xietong.park.package.mapping import FileMapping, reads_times, renamed
from xietong.park.package.odd_rows import remarks_of_targets
from xietong.park.package.reading import Package, read_package
from xietong.park.package.readings import CORRECTIONS, Reader, is_canonical
from xietong.park.package.sheets import Rejection, Row, Sheet, rejection
from xietong.park.package.tabular import ROW, WORKBOOKS, records, tables
from xietong.park.people import check_person, check_reason
from xietong.park.registry import snapshot
from xietong.park.registry.doubts import remarks, remarks_of_flows
from xietong.park.registry.revisions import Change
from xietong.texts import escaped


@dataclass(slots=True)
class Answer:
    """What became of what was brought.

    usable: rows of a month that could be used, though nothing was entered; entries: file → journal entry; readings:
    how many readings now wait in the journal for settle.
    """

    accepted: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    remarks: list[Rejection] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    readings: int = 0
    usable: int = 0


MOST_REFUSED_CELLS, LONGEST_VALUE = 100, 80


class Correction(NamedTuple):
    """Why a person states readings anew, and the file that proves it (None: said without).

    who: whose correction it was, where a package brings it; then it is taken once however often that is loaded.
    """

    reason: str
    evidence: Path | None = None
    who: str = ""


class Manner(NamedTuple):
    """How a sheet is taken. partial: what can be used of a workbook of ours, although some of it cannot; errors: where
    to write the workbook of errors."""

    partial: bool = False
    errors: Path | None = None


class Reception:
    """Where one person's files come in at one instant (UTC).

    door: by which way, as the journal tells it; own: the subjects whose amounts the person may state (None: all);
    journal: what opens the journal of this process.
    """

    def __init__(
        self,
        data: Path,
        who: str,
        at: datetime,
        door: str = "cli",
        own: Collection[str] | None = None,
        journal: Opened = of_a_command,
    ) -> None:
        self.data, self.who, self.at, self.door, self.own = data, who, at, door, own
        self._journal = journal
        self.answer = Answer()

    def package(self, folder: Path, begin: Callable[[Package], None] = lambda _: None) -> Answer:
        """Bring a whole package in; raises PackageError where the folder is none, or is another park's.

        begin: what is to be done once it is known to be one, and before anything of it is entered.
        """
        package = read_package(folder, snapshot.known_codes())
        check_same_park(package.park["code"])
        begin(package)
        answer = self.answer
        answer.accepted, answer.rejected, answer.remarks = package.accepted, package.rejected, package.remarks
        self._enter(self._keep(content, name, "package-table") for name, content in sorted(package.files.items()))
        answer.changes = load_package(package, answer.entries, self.who, self.at).changes
        park = snapshot.load()
        answer.remarks += remarks(package.tables["reported"], park)
        answer.remarks += remarks_of_flows(package.tables["flows"], park)
        answer.remarks += remarks_of_targets(package.tables["targets"], park)
        for path in package.readings:
            self._readings(path, FileMapping(), park, self._carried(path))
        self._note_refusals(folder.name)
        return answer

    def file(
        self, path: Path, mapping: FileMapping, manner: Manner | None = None, park: Registry | None = None
    ) -> Answer:
        """Bring one file of readings or reported amounts in.

        park: as it stands, where the caller has it. Raises NoParkError where nothing is registered yet.
        """
        park, manner = park or snapshot.load(), manner or Manner()
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
        self._note_refusals(path.name)
        return self.answer

    def correction(self, path: Path, mapping: FileMapping, why: Correction) -> Answer:
        """Bring one file of readings in that count in place of those of the same point and instant, which all stay.

        Raises RefusedError where no reason is given or the person may not correct, NoParkError as `file` does.
        """
        check_person(self.who, "report")
        check_reason(why.reason)
        park = snapshot.load()
        try:
            self._readings(path, mapping, park, why)
        except CellError as error:
            self.answer.rejected.append(rejection(path.name, 0, "", "", error))
        self._note_refusals(path.name)
        return self.answer

    def _note_refusals(self, name: str) -> None:
        """Note what could not be used, cell by cell, for the history of uploads; the first hundred of many."""
        rejected = self.answer.rejected
        if not rejected:
            return
        told = [
            {
                **each.as_json("zh"),
                "value": escaped(each.value[:LONGEST_VALUE], in_line=True),
                "en": each.message.en,
                "zh": each.message.zh,
            }
            for each in rejected[:MOST_REFUSED_CELLS]
        ]
        what = {"file": name, "rejected": len(rejected), "cells": told, "entries": dict(self.answer.entries)}
        record_act(self.who, "refuse_rows", what, self.at, lambda: None)

    def _carried(self, path: Path) -> Correction | None:
        """The correction that a file of a package is (see sending); None for plain readings."""
        if not path.name.startswith(CORRECTIONS) or path.suffix != ".parquet":
            return None
        try:
            said = pq.read_schema(path).metadata or {}
        except (OSError, ValueError):
            said = {}  # what is wrong with the file is told where it is read
        who, reason = (said.get(name, b"").decode(errors="replace") for name in (b"who", b"reason"))
        return Correction(reason, who=who or self.who)

    def _keep(
        self, source: Path | bytes, name: str, purpose: Purpose, more: Mapping[str, object] | None = None
    ) -> Evidence:
        return keep(self.data, source, name, purpose, more)

    def _enter(self, kept: Iterable[Evidence]) -> None:
        self.answer.entries |= enter(self.data, kept, f"{self.door}:{self.who}", self.at, self._journal)

    def _noting(self, path: Path) -> Note:
        """Where a remark on a whole file goes."""
        return lambda said: self.answer.remarks.append(rejection(path.name, 0, "", "", said))

    def verdicts(self, rows: Sequence[Row], park: Registry) -> Sheet:
        """What a month that was typed into the form or sent by a program would give; nothing is kept of it."""
        answer = self.answer
        kept, blank = filled_in(rows, park)
        sheet = judged(kept, park, self._sender())
        answer.rejected, answer.remarks, answer.usable = sheet.rejected, blank + sheet.remarks, len(sheet.rows)
        return sheet

    def statement(self, body: bytes, name: str, rows: Sequence[Row], partial: bool, park: Registry) -> Answer:
        """Bring such a month in: `rows` as typed, `body` what is kept of it as evidence.

        Unlike a file, what is refused as a whole is not kept: whoever sent it still has it.
        """
        sheet = self.verdicts(rows, park)
        if sheet.rows and (partial or not sheet.rejected):
            self._enter([self._keep(body, name, "original")])
            self._state(sheet, park)
        return self.answer

    def _reported(self, path: Path, mapping: FileMapping, park: Registry, manner: Manner) -> None:
        answer = self.answer
        rows = list(self._rows(path, mapping, park))
        placed, refused, odd = by_subject(rows, mapping.utility, park) if mapping.utility else Placed(rows, [], [])
        answer.remarks += [*odd, *(beside(placed, park) if mapping.utility else [])]
        sheet = judged(placed, park, self._sender())
        answer.remarks += sheet.remarks
        sheet.rejected = [*refused, *sheet.rejected]
        if path.suffix.lower() in WORKBOOKS:
            columns = list(rows[0].cells) if rows and not mapping.columns else []
            sheet.rejected = [located(each, mapping.shape.sheet, columns) for each in sheet.rejected]
        if manner.errors is not None and sheet.rejected:
            write_marked(manner.errors, mapping.shape, rows, sheet.rejected)
        self._enter([self._keep(path, path.name, "original")])
        answer.rejected += sheet.rejected
        if mapping.whole and sheet.rejected and not manner.partial:
            answer.remarks.append(_nothing_entered(path))
        else:
            self._state(sheet, park)

    def _sender(self) -> Sender:
        return Sender(self.own, self.at)

    def _state(self, sheet: Sheet, park: Registry) -> None:
        """Enter the rows that can be used, and say what they leave in doubt.

        park: as it stood before; only what the subjects of the rows state is read again.
        """
        answer, table = self.answer, "reported"
        answer.changes[table] = state_facts(table, sheet.rows, answer.entries, self.who, self.at)
        answer.accepted += len(sheet.rows)
        stated = snapshot.stated_by({row.values["subject"] for row in sheet.rows})
        answer.remarks += remarks(sheet.rows, replace(park, reported=stated))

    def _rows(self, path: Path, mapping: FileMapping, park: Registry) -> list[Row]:
        """The rows of a sheet as they came; of a workbook of ours those that were filled in, remarks for the others."""
        found = []
        for piece in renamed(tables(path, mapping.shape, self._noting(path)), mapping):
            for record in records(piece):
                number = record.pop(ROW)
                cells = {name: "" if v is None else str(v) for name, v in record.items()}
                found.append(Row(path.name, number, {}, cells))
        if mapping.whole:
            found, blank = filled_in(found, park)
            self.answer.remarks += blank
        return found

    def _readings(self, path: Path, mapping: FileMapping, park: Registry, why: Correction | None = None) -> None:
        reader = Reader(
            file=path.name,
            zone=park.zone,
            points=park.points,
            stamps=mapping.stamps,
            at=reads_times(mapping, park.zone),
        )
        with tempfile.TemporaryDirectory(dir=self.data / "evidence", prefix=INCOMING) as scratch:
            made = prepare(path, mapping, reader, Path(scratch) / "readings.parquet", self._noting(path))
            converted = made.converted
            self.answer.rejected += converted.rejected
            self.answer.remarks += converted.remarks
            self._take(path, made, why)
        self.answer.accepted += converted.accepted

    def _take(self, path: Path, made: Prepared, why: Correction | None) -> None:
        """Keep a file of readings, and enter it unless the same was brought before.

        A correction that says again what an earlier one said may follow another: it is no repetition.
        """
        kept, readings = self._kept_readings(path, made, why), made.converted.accepted
        is_made = "read" in kept[-1].more
        if not readings:
            self._enter(kept)
        elif (why and not why.who) or not brought_before(
            made.content, made.sha256 if is_made else kept[-1].sha256, is_correction=why is not None
        ):
            if is_made:
                leave(self.data, made)
            self._enter(kept)
            self.answer.readings += readings
            what = {"file": path.name, "sha256": kept[-1].sha256, "content": made.content, "readings": readings}
            entry = self.answer.entries[kept[-1].name]
            if why:
                proof = {"evidence": kept[0].sha256} if why.evidence else {}
                correct_readings({**what, "reason": why.reason, **proof}, entry, self.who, self.at)
            else:
                bring_readings(what, entry, self.who, self.at)

    def _kept_readings(self, path: Path, made: Prepared, why: Correction | None) -> list[Evidence]:
        """The file itself, with how it was read where rows had to be made of it; before it what proves a correction, if
        there is anything."""
        purpose: Purpose = "correction" if why else "readings"
        proof = [self._keep(why.evidence, why.evidence.name, "original")] if why and why.evidence else []
        converted = made.converted
        if not converted.accepted:
            return [*proof, self._keep(path, path.name, "original")]
        more = {"format": "parquet", "points": made.points, "rows": converted.accepted, "stamps": "start"}
        if why:
            more |= {"who": why.who or self.who, "reason": why.reason}
        if converted.rejected or converted.moved or not is_canonical(path):
            more |= {**made.stated, "format": "original"}
        return [*proof, self._keep(path, path.name, purpose, more)]


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
