"""The child that reads a workbook somebody sent: `python -m xietong.park.package.workbook FILE SHEET`, limited in
memory and time, so that a hostile file kills only it. It imports calamine and the standard library alone (it starts in
50 ms), evaluates nothing, fetches nothing and writes nothing but rows to its standard output; `contained` reads them.

Lines of JSON: first {"notes": [[rule, detail] …], "sheets": [name …]}, then a list of cells a row; or
{"refused": [rule, detail]} and no more.
"""

import json
import lzma
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, date, datetime, timedelta
from pathlib import Path

import python_calamine

MEMORY = 256 << 20  # bytes beyond what the interpreter and calamine hold
SECONDS = 20
EXPANDED = 256 << 20
MEMBERS = 5_000
COLUMNS = 1_000
CHUNK = 1 << 20
OVERLAP = 2_000
SHOWN = 3
HALF_A_SECOND = timedelta(milliseconds=500)
# What zipfile and calamine say of an archive that is damaged, encrypted or packed in a way nobody reads.
UNREADABLE = (
    *(python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError),
    *(ValueError, KeyError, NotImplementedError, RuntimeError),
)

Said = tuple[str, str]

FORMULA = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*>(?:\s*)<f\b')
UNCALCULATED = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*>\s*<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>')
ERROR = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*? t="e"')
# A formula written as other programs than Excel may write it: with a prefix, or in a cell without its place.
UNUSUAL = (b":f>", b":f ", b"<f>", b"<f ")
HIDDEN = re.compile(rb'<(?:row|col) [^>]*?hidden="(?:1|true)"')
CALCULATE_ON_LOAD = re.compile(rb'<calcPr [^>]*fullCalcOnLoad="(?:1|true)"')
SHEET = re.compile(rb"<sheet [^>]*>")
RELATION = re.compile(rb"<Relationship [^>]*>")


class RefusedWorkbook(Exception):
    """A workbook that is not read at all: the rule it breaks, and what of it does."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(rule, detail)
        self.said: Said = rule, detail


def limit() -> None:
    """Bound this process: memory beyond what it holds now, processor time, no files written, no core."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: Sequence[str]) -> int:
    """Write the rows of one sheet ("" the first); 0, or 3 where the workbook was refused."""
    limit()
    path, name = Path(arguments[0]), arguments[1]
    try:
        notes = list(looked_through(path, name)) if zipfile.is_zipfile(path) else []
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        _say({"notes": notes, "sheets": book.sheet_names})
        _rows(book, name)
    except RefusedWorkbook as refused:
        _say({"refused": refused.said})
        return 3
    except UNREADABLE as error:
        _say({"refused": ["unreadable", " ".join(str(error).split())[:200]]})
        return 3
    return 0


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _rows(book: python_calamine.CalamineWorkbook, name: str) -> None:
    sheet = book.get_sheet_by_name(name) if name else book.get_sheet_by_index(0)
    width = sheet.end[1] + 1 if sheet.end else 0
    if width > COLUMNS:
        raise RefusedWorkbook("too_many_columns", str(width))
    # iter_rows gives the empty rows above the first value, but not the empty columns before it.
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        _say(before + [_text(cell) for cell in row])


def _text(cell: object) -> str:
    """A cell as text.

    A date gets its midnight: Excel makes the first of March out of the period 2025-03, which must not pass for a day.
    """
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return f"{cell.isoformat()}T00:00:00"
    return _shown(cell).isoformat() if isinstance(cell, datetime) else str(cell)


def _shown(at: datetime) -> datetime:
    """A time as the sheet shows it, to the second: dragged down from =A2+1/24 it lies a hair below the full hour."""
    return (at + HALF_A_SECOND).replace(microsecond=0) if at.year < MAXYEAR else at


def looked_through(path: Path, name: str) -> Iterator[Said]:
    """What is odd about the workbook and yet no reason to refuse it; raises RefusedWorkbook where there is one."""
    with zipfile.ZipFile(path) as archive:
        _size(archive)
        for member in archive.namelist():
            if member.lower().endswith((".xml", ".rels")):
                _no_entities(archive, member)
        names = [member.lower() for member in archive.namelist()]
        if any(each.endswith("vbaproject.bin") for each in names):
            yield "macros", ""
        if any("externallinks/" in each for each in names):
            yield "external_links", ""
        member, hidden = _member(archive, name)
        if hidden:
            yield "hidden_sheet", ""
        if member:
            yield from _sheet(archive, member)


def _size(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    expanded = sum(member.file_size for member in members)
    if expanded > EXPANDED or len(members) > MEMBERS:
        raise RefusedWorkbook("expands", f"{expanded >> 20} MB, {len(members)} parts")


def _no_entities(archive: zipfile.ZipFile, member: str) -> None:
    with archive.open(member) as file:
        start = file.read(4096).replace(b"\0", b"")
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise RefusedWorkbook("entities", member)


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"[\s:]" + name + rb'="([^"]*)"', tag)
    return found[1].decode("utf-8", "replace") if found else ""


def _member(archive: zipfile.ZipFile, name: str) -> tuple[str, bool]:
    """The part that holds the sheet to be read ("" where the workbook is no xlsx), and whether it is hidden."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return "", False
    sheets = SHEET.findall(archive.read("xl/workbook.xml"))
    chosen = next((tag for tag in sheets if not name or _attribute(tag, b"name") == name), None)
    if chosen is None:
        return "", False
    relations = RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(
        (_attribute(tag, b"Target") for tag in relations if _attribute(tag, b"Id") == _attribute(chosen, b"id")), ""
    )
    member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return (member if member in names else ""), _attribute(chosen, b"state") not in ("", "visible")


def _sheet(archive: zipfile.ZipFile, member: str) -> Iterator[Said]:
    seen = _Seen()
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(CHUNK):
            text = tail + chunk
            bare = UNCALCULATED.search(text)
            if bare:
                raise RefusedWorkbook("uncalculated", bare[1].decode())
            seen.look(text)
            tail = text[-OVERLAP:]
    if seen.formulas and re.search(CALCULATE_ON_LOAD, archive.read("xl/workbook.xml")):
        raise RefusedWorkbook("uncalculated", seen.formulas[0])
    yield from seen.notes()


class _Seen:
    """What was seen of a sheet so far: the first places of formulas and errors, and whether it hides or merges."""

    def __init__(self) -> None:
        self.formulas: list[str] = []
        self.errors: list[str] = []
        self.hidden = self.merged = False

    def look(self, text: bytes) -> None:
        """Look through one more piece of the sheet."""
        _add(self.formulas, FORMULA, text)
        if not self.formulas and any(each in text for each in UNUSUAL):
            self.formulas.append("?")
        _add(self.errors, ERROR, text)
        self.hidden = self.hidden or HIDDEN.search(text) is not None
        self.merged = self.merged or b"<mergeCell " in text

    def notes(self) -> Iterator[Said]:
        """What there is to be told of it."""
        if self.formulas:
            yield "formulas", ", ".join(self.formulas)
        if self.errors:
            yield "error_values", ", ".join(self.errors)
        if self.hidden:
            yield "hidden", ""
        if self.merged:
            yield "merged", ""


def _add(found: list[str], pattern: re.Pattern[bytes], text: bytes) -> None:
    if len(found) < SHOWN:
        fresh = dict.fromkeys(each.decode() for each in pattern.findall(text))
        found += [each for each in fresh if each not in found][: SHOWN - len(found)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
