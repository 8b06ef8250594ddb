"""Closed reports in a park package: written with their bytes, taken back unaltered or not at all.

`closed_reports.csv` says who closed what, when, why and with which SHA-256; `closed/<sha256>.json` is the canonical
JSON of which that is the hash. A report that comes in is entered as it is, under an act of who loads it.
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import transaction

from xietong.accounting.closed.frozen import thaw
from xietong.accounting.closed.reports import FORMAT, is_reopened, packed
from xietong.accounting.models import ClosedReport, Reopening
from xietong.park.actions import record_act
from xietong.park.models import Act
from xietong.park.package.cells import CellError
from xietong.park.package.reading import LARGEST
from xietong.park.package.schema import CLOSED_FOLDER, CLOSED_LIST
from xietong.park.package.sheets import Rejection, decode, rejection
from xietong.periods import Period, PeriodError

Save = Callable[[str, bytes], None]
COLUMNS = ("kind", "subject", "period", "revision", "closed_at", "person", "reason", "sha256")
REOPENED = ("reopened_at", "reopened_by", "reopened_reason")
KINDS = ("account", "evaluation")
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST = 4000


def write_closed(save: Save, as_of: datetime | None = None) -> dict[str, int]:
    """Write every closed report, of those that were closed by then; gives file → rows, {} where there is none."""
    rows = [row for row in ClosedReport.objects.select_related("reopening") if as_of is None or row.closed_at <= as_of]
    if not rows:
        return {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *REOPENED))
    for row in sorted(rows, key=lambda each: (each.kind, each.subject, each.period, each.revision)):
        again = row.reopening if is_reopened(row) else None
        again = again if again is not None and (as_of is None or again.reopened_at <= as_of) else None
        stated = (row.kind, row.subject, row.period, row.revision, _instant(row.closed_at), row.person, row.reason)
        reopened = (_instant(again.reopened_at), again.person, again.reason) if again else ("", "", "")
        writer.writerow((*stated, row.sha256, *reopened))
        save(f"{CLOSED_FOLDER}/{row.sha256}.json", zlib.decompress(bytes(row.document)))
    save(CLOSED_LIST, text.getvalue().encode())
    return {CLOSED_LIST: len(rows)}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


class Taken:
    """What became of the closed reports of a package: how many are in (new or there before), and what was refused."""

    def __init__(self) -> None:
        self.accepted = 0
        self.rejected: list[Rejection] = []


def take_closed(folder: Path, who: str, at: datetime) -> Taken:
    """Enter the closed reports of a package folder, each whole and unaltered or not at all."""
    taken, path = Taken(), folder / CLOSED_LIST
    if not path.is_file():
        return taken
    try:
        rows = list(csv.DictReader(io.StringIO(decode(_bytes(path)))))
    except CellError as error:
        taken.rejected.append(rejection(CLOSED_LIST, 0, "", "", error))
        return taken
    for number, row in enumerate(rows, 2):
        try:
            _take(folder, {name: (row.get(name) or "").strip() for name in (*COLUMNS, *REOPENED)}, who, at)
            taken.accepted += 1
        except CellError as error:
            taken.rejected.append(rejection(CLOSED_LIST, number, "sha256", row.get("sha256") or "", error))
    return taken


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise CellError(
            "too_large",
            f"{path.name} 超过 {LARGEST >> 20} MB；请核对",
            f"{path.name} is above {LARGEST >> 20} MB; check it",
        )
    return path.read_bytes()


def _take(folder: Path, row: Mapping[str, str], who: str, at: datetime) -> None:
    """Enter one report, or only that it was reopened since; raises CellError with what is wrong with it."""
    text = _document(folder, row)
    closed_at, reopened_at = _at(row["closed_at"]), _at(row["reopened_at"]) if row["reopened_at"] else None
    slot = {"kind": row["kind"], "subject": row["subject"], "period": row["period"], "revision": int(row["revision"])}
    with transaction.atomic():
        held = ClosedReport.objects.filter(**slot).select_related("reopening").first()
        if held is not None and held.sha256 != row["sha256"]:
            raise CellError(
                "another_report",
                f"{row['subject']} {row['period']} 第 {row['revision']} 版已有另一份封存报告，两份不能都是；"
                "已有的保留，请查明来历",
                f"another closed report of {row['subject']} {row['period']}, revision {row['revision']}, is here "
                "already and both cannot be it; the one here stays, find out where the other comes from",
            )
        if held is None:
            held = _keep(slot, row, (text, closed_at), who, at)
        if reopened_at is not None and not is_reopened(held):
            _reopen(held, slot, row=row, when=reopened_at, who=who, at=at)


def _keep(
    slot: Mapping[str, Any], row: Mapping[str, str], made: tuple[bytes, datetime], who: str, at: datetime
) -> ClosedReport:
    report = ClosedReport(**slot, person=row["person"], reason=row["reason"], sha256=row["sha256"])
    report.document, report.closed_at = zlib.compress(made[0], 6), made[1]

    def keep() -> None:
        report.act = Act.objects.latest("pk")  # the one that record_act has just written, in this transaction
        report.save(force_insert=True)

    what = {**slot, "sha256": row["sha256"], "person": row["person"], "closed_at": row["closed_at"]}
    record_act(who, "load_closed_report", what, at, keep)
    return report


def _reopen(
    report: ClosedReport, slot: Mapping[str, Any], row: Mapping[str, str], when: datetime, who: str, at: datetime
) -> None:
    def keep() -> None:
        again = Reopening(report=report, reopened_at=when, person=row["reopened_by"], reason=row["reopened_reason"])
        again.act = Act.objects.latest("pk")
        again.save(force_insert=True)

    record_act(who, "load_reopening", {**slot, "person": row["reopened_by"]}, at, keep)


# ---- what makes a report one ----


def _document(folder: Path, row: Mapping[str, str]) -> bytes:
    """The bytes of a report that are what the list says of them; raises CellError."""
    _check_words(row)
    path = folder / CLOSED_FOLDER / f"{row['sha256']}.json"
    if not path.is_file():
        raise CellError(
            "no_document",
            f"缺少文件 {CLOSED_FOLDER}/{path.name}，没有载入这份报告；请连同该文件一起载入",
            f"the file {CLOSED_FOLDER}/{path.name} is not there, so the report was not loaded; bring it too",
        )
    text = _bytes(path)
    if sha256(text).hexdigest() != row["sha256"]:
        raise _altered(path)
    try:
        content = json.loads(text)
        stated = (content["kind"], content["subject"]["code"], content["period"], content["format"])
        thaw(content)
        canonical = packed(content)[1]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise _altered(path) from None
    if stated != (row["kind"], row["subject"], row["period"], FORMAT) or canonical != row["sha256"]:
        raise _altered(path)
    return text


def _check_words(row: Mapping[str, str]) -> None:
    absent = [name for name in COLUMNS if not row[name]]
    if absent:
        named = "、".join(absent)
        raise CellError("required", f"缺少 {named}；请补全", f"{named.replace('、', ', ')} is not there; fill it in")
    try:
        sound = row["kind"] in KINDS and int(row["revision"]) > 0 and bool(_HASH.fullmatch(row["sha256"]))
        sound &= Period.parse(row["period"]).label == row["period"] and max(map(len, row.values())) <= _LONGEST
    except (PeriodError, ValueError):
        sound = False
    if not sound:
        raise CellError(
            "closed_report",
            "kind、period、revision 或 sha256 不是封存报告的写法；请用 export 写出的原样",
            "kind, period, revision or sha256 is not as a closed report has it; bring what export wrote",
        )


def _at(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CellError(
            "instant", f"“{text}”不是带时差的时刻；请用 export 写出的原样", f'"{text}" is no time with an offset'
        )
    return at


def _altered(path: Path) -> CellError:
    return CellError(
        "altered",
        f"{path.name} 与封存时的校验值或清单不符，已被改动，没有载入；请取原来的导出",
        f"{path.name} is not what was closed or not what the list says of it: it was altered and was not loaded; take "
        "the export as it was",
    )
