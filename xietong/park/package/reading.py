"""A folder becomes a Package: the park, its facts that can be used, the files of readings, and what was refused.

Nothing is written here; `xietong.park.actions.load_package` keeps it.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from xietong.park.nouns import DEFAULT_CHOICES
from xietong.park.package.cells import CellError, read
from xietong.park.package.dialect import toml_fault
from xietong.park.package.rules import Known, judge
from xietong.park.package.schema import CHOICES, CLOSED_FOLDER, CLOSED_LIST, FACTS, PARK_COLUMNS, TABLES, Table
from xietong.park.package.sheets import Rejection, Row, Sheet, decode, read_sheet, rejection
from xietong.texts import Text, escaped

PARK_FILE = "park.toml"
LARGEST = 64 << 20


class PackageError(Exception):
    """A folder that is no park package, or one of another park: nothing of it can be loaded."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


@dataclass(slots=True)
class Package:
    """What a folder gave.

    tables: usable rows by table; files: the bytes of each table's file as they were read; readings: the files of
    readings, which `xietong.park.package.readings` opens once the points are known.
    """

    folder: Path
    park: dict[str, Any]
    files: dict[str, bytes]
    tables: dict[str, list[Row]] = field(default_factory=dict)
    readings: list[Path] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    remarks: list[Rejection] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        """Park time."""
        return ZoneInfo(self.park["timezone"])

    @property
    def accepted(self) -> int:
        """How many rows can be used, readings not counted."""
        return sum(row.number > 0 for rows in self.tables.values() for row in rows)


def read_package(folder: Path, known: Known) -> Package:
    """Read a whole folder against what the registry knows already.

    known: codes of the registry; the package's own are added to it. Raises PackageError where the folder is no package.
    """
    package = _open(folder)
    for table in FACTS:
        path = folder / table.file
        sheet = _sheet(package, table, path) if os.path.lexists(path) else Sheet()
        if table.name == "subjects" and not known.park:
            _add_park(table, package, sheet)
        judge(table, sheet, known)
        _take(package, table, sheet)
    known_files = {PARK_FILE, "datapackage.json", CLOSED_LIST, CLOSED_FOLDER, *(table.file for table in FACTS)}
    if (folder / CLOSED_LIST).is_file() and (folder / CLOSED_LIST).stat().st_size <= LARGEST:
        package.files[CLOSED_LIST] = (folder / CLOSED_LIST).read_bytes()
    for path in sorted(folder.iterdir()):
        if path.name.startswith("readings") and path.suffix in (".csv", ".parquet"):
            if path.is_file():
                package.readings.append(path)
            else:
                package.rejected.append(_no_file(path.name))
        elif path.name not in known_files and not path.name.startswith("."):
            package.remarks.append(_unknown_file(path))
    return package


def _sheet(package: Package, table: Table, path: Path) -> Sheet:
    if not path.is_file():
        return Sheet(rejected=[_no_file(table.file)])
    if path.stat().st_size > LARGEST:
        problem = CellError(
            "too_large",
            f"超过 {LARGEST >> 20} MB，一个园区的表不会这么大，整个文件没有载入；请核对，监测值请放进 readings*.csv",
            f"it has more than {LARGEST >> 20} MB, which no park's table has, and was left out; check it, and put "
            "readings into readings*.csv",
        )
        return Sheet(rejected=[rejection(table.file, 0, "", "", problem)])
    package.files[table.file] = content = path.read_bytes()
    return read_sheet(table, table.file, content, package.zone)


def _add_park(table: Table, package: Package, sheet: Sheet) -> None:
    """Where no row is the park, park.toml states it: the figures of the whole need a subject to be asked of."""
    if any(row.values["kind"] == "park" for row in sheet.rows):
        return
    stated = {name: package.park[name] for name in ("code", "name", "name_en")}
    cells = {**dict.fromkeys((column.name for column in table.columns), ""), **stated, "kind": "park"}
    values = {column.attribute: read(column, cells[column.name], package.zone) for column in table.columns}
    sheet.rows.insert(0, Row(PARK_FILE, 0, values, cells))


def _take(package: Package, table: Table, sheet: Sheet) -> None:
    package.tables[table.name] = sheet.rows
    package.rejected += sorted(sheet.rejected, key=lambda each: each.row)
    package.remarks += sheet.remarks


def _no_file(name: str) -> Rejection:
    problem = CellError(
        "no_file",
        "不是文件，而是文件夹或指向别处的失效链接，其中的行没有载入；请换成文件本身",
        "it is no file but a folder, or a link that leads nowhere, so its rows were not loaded; put the file itself "
        "there",
    )
    return rejection(name, 0, "", "", problem)


def _unknown_file(path: Path) -> Rejection:
    problem = CellError(
        "unknown_file",
        "不是园区数据包的文件，没有读入；文件名见 docs/park-package.md",
        "it is no file of a park package and was not read; docs/park-package.md names them",
    )
    return rejection(path.name, 0, "", "", problem)


_NO_UTF8 = Text(
    "不是 UTF-8 文本，像是 GBK 或 UTF-16，请用文本编辑器另存为 UTF-8",
    "it is not UTF-8 but looks like GBK or UTF-16, save it as UTF-8 in a text editor",
)


def _open(folder: Path) -> Package:
    path = folder / PARK_FILE
    if not path.is_file():
        raise PackageError(
            f"{folder} 里没有 {PARK_FILE}，不是园区数据包，什么也没有载入；请指向含有它的文件夹。",
            f"{folder} has no {PARK_FILE}, so it is no park package and nothing was loaded; "
            "name the folder that holds it.",
        )
    content = path.read_bytes()
    try:
        document = tomllib.loads(decode(content))
    except (CellError, tomllib.TOMLDecodeError) as error:
        said = _NO_UTF8 if isinstance(error, CellError) else toml_fault(error)
        raise PackageError(
            f"{path} 读不成 TOML（{said.zh}），什么也没有载入；请改正这一处。",
            f"{path} is no sound TOML ({said.en}), so nothing was loaded; correct that place.",
        ) from error
    package = Package(folder, {}, {PARK_FILE: content})
    choices = document.get("choices", {})
    chosen = dict(_choices(package, choices if isinstance(choices, dict) else {"choices": choices}))
    package.park |= _park(path, document.get("park"), [each.message for each in package.rejected])
    package.park["choices"] = chosen
    package.remarks += _unknown_keys(document)
    return package


def _park(path: Path, stated: object, choices: Sequence[Text]) -> dict[str, Any]:
    """What [park] says. Raises PackageError with every fault of the file at once, those of its choices too."""
    told = stated if isinstance(stated, dict) else {}
    park = {name: str(told.get(name, "")).strip() for name in PARK_COLUMNS}
    park["timezone"] = park["timezone"] or "Asia/Shanghai"
    faults = [*_faults(park)]
    if faults:
        every = [*faults, *(Text(each.zh.rstrip("。"), each.en.rstrip(".")) for each in choices)]
        raise PackageError(
            f"{path} 有 {len(every)} 处错误，什么也没有载入：{'；'.join(each.zh for each in every)}。",
            f"{path} has {len(every)} faults and nothing was loaded: {'; '.join(each.en for each in every)}.",
        )
    return park


def _faults(park: Mapping[str, str]) -> Iterator[Text]:
    lacking = [name for name in ("code", "name") if not park[name]]
    if lacking:
        yield Text(
            f"[park] 里缺少 {'、'.join(lacking)}，不知是哪个园区，请补上",
            f"[park] lacks {' and '.join(lacking)}, so nobody knows which park it is, add it",
        )
    for name in ("code", "name", "name_en", "region"):
        column = TABLES["subjects"].column("code" if name == "code" else "name_en")
        try:
            read(column, park[name], ZoneInfo("UTC"))
        except CellError as error:
            if park[name]:
                yield Text(f"{name}：{error.text.zh}", f"{name}: {error.text.en}")
    try:
        if not _has_whole_hours(ZoneInfo(park["timezone"])):
            yield Text(
                f"时区“{park['timezone']}”的时钟拨动不足一小时，小时无法划齐，数值会归错时段，请改用不拨钟的时区，"
                "如 Etc/GMT-11",
                f'clocks of the time zone "{park["timezone"]}" change by less than an hour, so that hours do not join '
                "and values would fall into the wrong ones, write one whose clocks stay, such as Etc/GMT-11",
            )
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = escaped(park["timezone"], in_line=True)
        yield Text(
            f"时区“{zone}”不存在，时刻无法换算，请写如 Asia/Shanghai",
            f'the time zone "{zone}" does not exist, write one such as Asia/Shanghai',
        )


def _has_whole_hours(zone: ZoneInfo) -> bool:
    """Whether clocks of the zone change by whole hours alone, over years that parks report."""
    months = (datetime(year, month, 1, tzinfo=zone) for year in range(2020, 2040) for month in range(1, 13))
    offsets = (at.utcoffset() for at in months)
    return len({offset.total_seconds() % 3600 for offset in offsets if offset is not None}) == 1


def _unknown_keys(document: Mapping[str, Any]) -> Iterator[Rejection]:
    """Remarks: a word that nobody reads is a slip in most cases, and what it meant is not in force."""
    told = document.get("park")
    names = [name for name in document if name not in ("park", "choices")]
    names += [f"park.{name}" for name in told if name not in PARK_COLUMNS] if isinstance(told, dict) else []
    for name in names:
        known = f"[park] {', '.join(PARK_COLUMNS)}; [choices] {', '.join(CHOICES)}"
        said = CellError(
            "unknown_key",
            f"没有这一项，没有作用；可写的是 {known}",
            f"there is no such word and it has no effect; use {known}",
        )
        yield rejection(PARK_FILE, 0, name, "", said)


def _choices(package: Package, stated: dict[str, object]) -> Iterator[tuple[str, str]]:
    """The park's choices that can be used; another is a rejection and the default stays in force."""
    for name, given in stated.items():
        allowed = CHOICES.get(name)
        value = f"{given:g}" if isinstance(given, int | float) and not isinstance(given, bool) else given
        if allowed and (
            (isinstance(value, str) and value in allowed) or (name == "price" and _constant_price(str(value)))
        ):
            yield name, str(value)
            continue
        options = "、".join(allowed or CHOICES), ", ".join(allowed or CHOICES)
        default = DEFAULT_CHOICES.get(name, "")
        problem = CellError(
            "choice",
            f"不是可选的值，仍按 {default} 计算；请从 {options[0]} 中选一个"
            if allowed
            else f"没有这个选项，未作用；选项有 {options[0]}",
            f"it is not one of the values allowed, {default} stays in force; choose one of {options[1]}"
            if allowed
            else f"there is no such choice and it has no effect; the choices are {options[1]}",
        )
        package.rejected.append(rejection(PARK_FILE, 0, f"choices.{name}", str(value), problem))


def _constant_price(value: str) -> bool:
    name, _, year = value.partition(":")
    return name == "constant" and len(year) == 4 and year.isdecimal()
