"""A mapping says how somebody else's file is to be read as ours: columns renamed, constants added, times understood."""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from xietong.park.package.cells import CellError, instant, no_such_time, tidy
from xietong.park.package.dialect import toml_fault
from xietong.park.package.reading import PackageError
from xietong.park.package.schema import TABLES
from xietong.park.package.tabular import ROW, Shape
from xietong.periods import is_skipped
from xietong.texts import Text
from xietong.units import UnitError, canonical

FIRST_YEAR, LAST_YEAR = 1900, 2199
Stamps = Literal["start", "end"]
NOTHING: Mapping[str, str] = MappingProxyType({})
# Section → its keys; docs/park-package.md explains each.
ACCOUNT = "account"
UTILITIES = TABLES["accounts"].column("utility").values
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "file": ("sheet", "header_row", "delimiter", "encoding"),
    "times": ("format", "stamps", "midnight"),
    "numbers": ("decimal", "thousands", "missing"),
    "accounts": ("utility",),
}


class FileMapping(NamedTuple):
    """How one file is to be read.

    columns: our column → the file's, or several of which the first that it has is taken; constants: our column → its
    value in every row; at: strptime form of times, "" for ISO 8601; closes_day: a row stamped 00:00 ends the day it
    names; missing: texts that mean no value; whole: nothing of the file counts unless all of it does; utility: whose
    account numbers the rows name instead of subjects; decimal: the sign before the decimals; thousands: the sign
    between thousands ("" for none).
    """

    table: str = ""
    columns: Mapping[str, str | tuple[str, ...]] = NOTHING
    constants: Mapping[str, str] = NOTHING
    shape: Shape = Shape()
    at: str = ""
    stamps: Stamps = "start"
    closes_day: bool = False
    missing: tuple[str, ...] = ()
    whole: bool = False
    utility: str = ""
    decimal: str = "."
    thousands: str = ""


def told_of(mapping: FileMapping) -> dict[str, object]:
    """A mapping as JSON, without what is usual; `mapping_of` reads it."""
    usual = FileMapping()._asdict()
    told = {name: value for name, value in mapping._asdict().items() if value != usual[name]}
    told |= {name: dict(told[name]) for name in ("columns", "constants") if name in told}
    return told | ({"shape": mapping.shape._asdict()} if "shape" in told else {})


def mapping_of(told: Mapping[str, Any]) -> FileMapping:
    """What `told_of` was given."""
    columns = {ours: each if isinstance(each, str) else tuple(each) for ours, each in told.get("columns", {}).items()}
    changed = {"columns": columns, "shape": Shape(**told.get("shape", {})), "missing": tuple(told.get("missing", ()))}
    return FileMapping(**{**told, **changed})


def read_mapping(path: Path) -> FileMapping:
    """Read a mapping file (TOML); raises PackageError with a sentence where it says something unknown."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = Text("读不出来", str(error)) if isinstance(error, OSError) else toml_fault(error)
        raise PackageError(
            f"映射文件 {path} 读不成 TOML（{said.zh}），没有导入；请改正这一处。",
            f"the mapping {path} is no sound TOML ({said.en}), so nothing was imported; correct that place.",
        ) from error
    table = str(document.get("table", "readings"))
    if table not in ("readings", "reported"):
        raise _wrong(path, "table", table, "readings, reported")
    _check_names(path, document, table)
    times, numbers = document.get("times", {}), document.get("numbers", {})
    for section, key, allowed in (("times", "stamps", ("start", "end")), ("times", "midnight", ("closes_its_day",))):
        value = document.get(section, {}).get(key)
        if value is not None and value not in allowed:
            raise _wrong(path, f"{section}.{key}", str(value), ", ".join(allowed))
    if times.get("midnight") and times.get("stamps") != "end":
        raise _wrong(path, "times.midnight", str(times["midnight"]), 'stamps = "end"')
    utility = str(document.get("accounts", {}).get("utility", ""))
    if "accounts" in document and utility not in UTILITIES:
        raise _wrong(path, "accounts.utility", utility, ", ".join(UTILITIES))
    _check_file(path, document.get("file", {}))
    _check_form(path, str(times.get("format", "")))
    return FileMapping(
        table=table,
        columns={name: _named(value) for name, value in document.get("columns", {}).items()},
        constants={name: str(value) for name, value in document.get("constants", {}).items()},
        shape=Shape(**document.get("file", {})),
        at=str(times.get("format", "")),
        stamps=times.get("stamps", "start"),
        closes_day="midnight" in times,
        missing=tuple(str(each) for each in numbers.get("missing", ())),
        utility=utility,
        decimal=str(numbers.get("decimal", ".")),
        thousands=str(numbers.get("thousands", "")),
    )


def _named(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)


def _check_names(path: Path, document: Mapping[str, Any], table: str) -> None:
    ours = tuple(column.name for column in TABLES[table].columns)
    named = (*ours, ACCOUNT) if table == "reported" and "accounts" in document else ours
    allowed = {**SECTIONS, "columns": named, "constants": ours}
    for section, content in document.items():
        if section == "table":
            continue
        if section not in allowed or not isinstance(content, dict):
            raise _wrong(path, section, "", ", ".join(["table", *allowed]))
        for key in content:
            if key not in allowed[section]:
                raise _wrong(path, f"{section}.{key}", "", ", ".join(allowed[section]))


def _check_file(path: Path, stated: Mapping[str, Any]) -> None:
    header_row, delimiter = stated.get("header_row", 1), stated.get("delimiter", ",")
    if not isinstance(header_row, int) or header_row < 1:
        raise _wrong(path, "file.header_row", str(header_row), "1, 2, 3 …")
    if not isinstance(delimiter, str) or not _delimits(delimiter):
        raise _wrong(path, "file.delimiter", repr(delimiter), '"," ";" "\\t"')
    sheet = stated.get("sheet", "")
    if not isinstance(sheet, str) or "\0" in sheet:
        raise _wrong(path, "file.sheet", repr(sheet), "填报")
    encoding = stated.get("encoding", "utf-8")
    if not isinstance(encoding, str) or not _is_of_text(encoding):
        raise _wrong(path, "file.encoding", repr(encoding), "utf-8, gb18030, utf-16")


def _delimits(sign: str) -> bool:
    try:
        csv.reader([], delimiter=sign)
    except (TypeError, ValueError):
        return False
    return sign not in ("\r", "\n", '"', "\0")


def _is_of_text(encoding: str) -> bool:
    """Whether it is an encoding of text; Python also knows such as base64."""
    try:
        "1".encode(encoding)
    except (LookupError, ValueError):
        return False
    return True


def _check_form(path: Path, form: str) -> None:
    """A form that names one thing twice (%Y … %Y) cannot be read by anything."""
    try:
        datetime.strptime("", form).replace(tzinfo=UTC)
    except re.error:
        raise _wrong(path, "times.format", form, "%Y-%m-%d %H:%M") from None
    except ValueError:
        return  # "" is no time of any form


def _wrong(path: Path, key: str, value: str, allowed: str) -> PackageError:
    shown = f" = “{value}”" if value else ""
    return PackageError(
        f"映射文件 {path} 的 {key}{shown} 不认识，照着读可能读错，没有导入；可用：{allowed}。",
        f"{key}{shown} of the mapping {path} is unknown, and the file could be misread, so nothing was imported; "
        f"use {allowed}.",
    )


def renamed(pieces: Iterable[pa.Table], mapping: FileMapping) -> Iterator[pa.Table]:
    """The file's pieces under our names, constants filled in, rows whose value says "missing" left out.

    Raises CellError where the file lacks a column that the mapping names.
    """
    for piece in pieces:
        found = {ours: _found(ours, theirs, piece.column_names) for ours, theirs in mapping.columns.items()}
        columns = {name: piece.column(name) for name in piece.column_names} if not mapping.columns else {}
        columns |= {ours: piece.column(heading.name) for ours, heading in found.items()}
        constants = {**mapping.constants, **_stated_unit(found, mapping)}
        columns |= {
            name: pa.chunked_array([pa.array([value] * piece.num_rows, pa.string())])
            for name, value in constants.items()
        }
        yield _numbers_understood(pa.table({**columns, ROW: piece.column(ROW)}), mapping)


class _Heading(NamedTuple):
    """A column of the file, and the unit that its heading names in brackets."""

    name: str
    unit: str = ""


def _stated_unit(found: Mapping[str, _Heading], mapping: FileMapping) -> Mapping[str, str]:
    """The unit that stands in the heading of the amount goes before the mapping's constant, not before a column."""
    amount = found.get("amount")
    return {"unit": amount.unit} if amount and amount.unit and "unit" not in mapping.columns else {}


def _found(ours: str, stated: str | tuple[str, ...], names: Sequence[str]) -> _Heading:
    theirs = (stated,) if isinstance(stated, str) else stated
    for each in theirs:
        if each in names:
            return _Heading(each)
    for name in names if ours == "amount" else ():
        bare, unit = _with_unit(name)
        if unit and bare in theirs:
            return _Heading(name, unit)
    held = [name for name in names if name != ROW]
    wanted = "”或“".join(theirs), '" or "'.join(theirs)
    raise CellError(
        "missing_column",
        f"文件里没有映射所说的“{wanted[0]}”列（作 {ours} 用），没有导入；文件的列是 {'、'.join(held)}",
        f'it has no column "{wanted[1]}" that the mapping takes as {ours}, so nothing was imported; '
        f"its columns are {', '.join(held)}",
    )


def _with_unit(heading: str) -> tuple[str, str]:
    """A heading such as 用电量（万千瓦时） parted into its word and the unit; no unit where the brackets hold none."""
    match = _BRACKETS.fullmatch(tidy(heading))
    try:
        return (match[1].strip(), canonical(match[2])) if match else (heading, "")
    except UnitError:
        return heading, ""


_BRACKETS = re.compile(r"(.+?)\((.+)\)")


def _numbers_understood(piece: pa.Table, mapping: FileMapping) -> pa.Table:
    name = "amount" if mapping.table == "reported" else "value"
    if name not in piece.column_names or not pa.types.is_string(piece.schema.field(name).type):
        return piece
    if mapping.missing:
        texts = pc.utf8_trim_whitespace(piece.column(name))
        piece = piece.filter(pc.invert(pc.is_in(texts, pa.array(mapping.missing, pa.string()))))
    if mapping.thousands:
        piece = piece.set_column(piece.column_names.index(name), name, _joined(piece.column(name), mapping.thousands))
    if mapping.decimal == ",":
        piece = piece.set_column(piece.column_names.index(name), name, _with_point(piece.column(name)))
    return piece


def _joined(texts: pa.ChunkedArray, sign: str) -> pa.ChunkedArray:
    """Numbers without the sign between their thousands, where it stands between thousands alone."""
    grouped = pc.match_substring_regex(texts, rf"^\s*[-+]?\d{{1,3}}({re.escape(sign)}\d{{3}})+(\.\d*)?\s*$")
    return pc.if_else(grouped, pc.replace_substring(texts, sign, ""), texts)


def _with_point(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers with a decimal comma as we write them. A point may stand between thousands alone: what `1.5` means in
    such a file nobody knows, and it stays unreadable with the reason behind it."""
    grouped = pc.match_substring_regex(texts, r"^\s*[-+]?\d{1,3}(\.\d{3})+(,\d*)?\s*$")
    odd = pc.and_(pc.match_substring(texts, "."), pc.invert(grouped))
    plain = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    return pc.if_else(odd, pc.binary_join_element_wise(texts, ' (decimal = ",")', ""), plain)


def reads_times(mapping: FileMapping, zone: ZoneInfo) -> Callable[[str], datetime] | None:
    """How the mapping reads a time, or None where plain ISO 8601 is meant."""
    if not mapping.at and not mapping.closes_day:
        return None

    def read(cell: str) -> datetime:
        try:
            at = _in_park_time(tidy(cell), mapping.at, zone)
            if mapping.closes_day and at.time() == time():
                at += timedelta(days=1)
            at = at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise _no_time(mapping.at) from None
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise _no_time(mapping.at)
        return at

    return read


def _in_park_time(cell: str, form: str, zone: ZoneInfo) -> datetime:
    if not form:
        return instant(cell, zone).astimezone(zone)
    if "%z" in form:
        return datetime.strptime(cell, form).astimezone(zone)
    at = datetime.strptime(cell, form).replace(tzinfo=zone)
    if is_skipped(at.replace(tzinfo=None), zone):
        raise no_such_time()
    return at


def _no_time(form: str) -> CellError:
    return CellError(
        "instant",
        f"不是映射所说的时刻形式 {form}，或不在 {FIRST_YEAR} 至 {LAST_YEAR} 年；请核对这一格或映射",
        f"it is no time of the mapping's form {form}, or not of {FIRST_YEAR} to {LAST_YEAR}; check the cell or the "
        "mapping",
    )
