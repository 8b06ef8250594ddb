"""A journal entry as a person reads it: the raw frame with the value marked, or the rows of the file it names.

The device's password (PW) is hidden from the page; the hash is of the bytes as received.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
from django.utils.translation import gettext, gettext_lazy

from xietong.park.bringing.evidence import as_named, bytes_of, kept_path
from xietong.park.bringing.prepared import rows_about
from xietong.park.nouns import Registry
from xietong.park.package.tabular import ROW
from xietong.protocols import hj212
from xietong.protocols.hj212 import masking
from xietong.readings import CORRECTED, Entry
from xietong.texts import escaped
from xietong.web.evidence.raw_messages import decoded, is_message
from xietong.web.evidence.tree import code_and_field, marked
from xietong.web.shell.asked import instant_or_404
from xietong.web.shell.asked import number as number_of

ROWS_AROUND, MOST_BYTES, NEAR = 2, 64 * 1024, timedelta(hours=2)
_KINDS = {
    "hj212": gettext_lazy("设备发来的 HJ 212 报文，长度和校验都对，按收到的字节原样保存。"),
    "hj212-refused": gettext_lazy("设备发来的报文，长度或校验不对，没有采用；原样保存，原因见下。"),
    "junk": gettext_lazy("连接上收到的不成报文的字节，没有采用；只保存开头一段。"),
    "file": gettext_lazy("由人带入的文件，原件按其哈希保存，从不改动。"),
    "act": gettext_lazy("一个人的操作。"),
    "hj212-sent": gettext_lazy("平台发给设备的 HJ 212 请求，发出之前先保存。"),
    "note": gettext_lazy("接收进程自己的记录，例如一次请求的结果。"),
    "pushed": gettext_lazy("程序经 HTTP 推送的数据，按收到的内容保存。"),
    "mqtt": gettext_lazy("设备经 MQTT 发来的消息，连同当时有效的映射一起保存。"),
    "modbus": gettext_lazy("平台向 Modbus 设备询问一次所得的应答，连同当时有效的寄存器表一起保存。"),
    "opcua": gettext_lazy("OPC UA 服务器通知的值，连同当时有效的映射一起保存。"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which value of the entry the reader came for: an address (and instant), or a row of a file; "" for none."""

    address: str = ""
    at: str = ""
    row: str = ""


def plain(value: Decimal) -> str:
    """A decimal without its trailing zeros and without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(entry: Entry, wanted: Wanted, data: Path, registry: Registry) -> dict[str, Any]:
    """What the entry's page prints."""
    context = {
        "entry": entry,
        "kind_sentence": str(_KINDS[entry.kind]),
        "received_at": entry.received_at.astimezone(registry.zone),
        "size": len(entry.payload),
        "sha256": entry.payload_sha256.hex(),
    }
    if entry.kind in ("hj212", "hj212-refused", "hj212-sent"):
        return context | _frame(entry.payload, wanted)
    if entry.kind == "file":
        return context | _file(entry.payload, wanted, data, registry)
    context |= {"parts": marked(without_password(entry.payload[:MOST_BYTES]), "", "")}
    if not is_message(entry):
        return context
    try:
        return context | decoded(entry, wanted.address, registry.zone)
    except (LookupError, TypeError, ValueError):  # written by another edition: its bytes are shown
        return context | {"note": gettext("这份存证的内容解不开，原文如上。")}


def without_password(payload: bytes) -> str:
    """Bytes as text with the passwords in them (PW, NewPW) hidden and control characters escaped."""
    return escaped(masking.without_password(_text(payload)))


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload.decode("gb18030", errors="backslashreplace")


def _frame(payload: bytes, wanted: Wanted) -> dict[str, Any]:
    code, field = code_and_field(wanted.address)
    text = without_password(payload)
    frame = hj212.decode(payload)
    sent = next((each.code for each in frame.values if hj212.modern(each.code) == code and each.field == field), code)
    header = [
        (gettext("设备编码"), frame.mn),
        (gettext("命令"), frame.cn),
        (gettext("系统编码"), frame.st),
        (gettext("版本"), frame.edition),
        (gettext("数据时间"), frame.data_time.strftime("%Y-%m-%d %H:%M:%S") if frame.data_time else "—"),
        (gettext("校验"), gettext("正确") if frame.ok else "、".join(frame.errors)),
    ]
    values = [
        {
            "code": each.code,
            "name": _code_name(each.code),
            "field": each.field,
            "value": plain(each.value) if isinstance(each.value, Decimal) else each.value,
            "flag": each.flag,
            "marked": (each.code, each.field) == (sent, field),
        }
        for each in frame.values
    ]
    note = gettext("报文里的设备口令（PW）在页面上隐去；SHA-256 按收到的字节计算。")
    return {"parts": marked(text, sent, field), "frame": {"header": header, "values": values}, "note": note}


def _code_name(code: str) -> str:
    """The factor's printed name; HJ 212 prints 中文 names only."""
    known = hj212.CODES.get(hj212.modern(code))
    return known.name_zh if known else "—"


def _file(payload: bytes, wanted: Wanted, data: Path, registry: Registry) -> dict[str, Any]:
    told = json.loads(payload)
    path = kept_path(data, str(told["sha256"]))
    context: dict[str, Any] = {"original": told["sha256"], "file_name": told["name"], "parts": ()}
    if not path.is_file():
        note = gettext("原件不在存证目录里，可能尚未恢复备份；哈希仍可核对。")
        return context | {"note": note}
    try:
        lines = _lines(path, told, wanted, data, registry)
    except (OSError, ValueError):  # no longer the bytes that were kept: doctor names it
        return context | {"note": gettext("原件已损坏，读不出来；请运行 xietong doctor，并从备份恢复它。")}
    if lines is None:
        return context | {"note": gettext("这份原件不是文本表格，请按哈希在存证目录里查看。")}
    return context | {"lines": lines}


def _lines(
    path: Path, told: Mapping[str, Any], wanted: Wanted, data: Path, registry: Registry
) -> list[dict[str, Any]] | None:
    """The lines of a kept file about what the reader came for; None where it is no table that can be shown."""
    if told.get("read") and wanted.address and wanted.at:
        return _lines_read(data, told, wanted, registry)
    if str(told["name"]).endswith(".csv"):
        return _csv_lines(path, wanted.row)
    if str(told["name"]).endswith("-api.json"):
        return _json_lines(path, wanted.row)
    if told.get("format") == "parquet":
        with as_named(data, str(told["sha256"]), "readings.parquet") as named:
            return _parquet_lines(named, wanted, registry)
    return None


def _csv_lines(path: Path, row: str) -> list[dict[str, Any]]:
    """The header and the rows about the wanted one (the header is row 1), as they stand in the file."""
    number = number_of(row) or 0
    first, last = (max(2, number - ROWS_AROUND), number + ROWS_AROUND) if number else (2, 2 * ROWS_AROUND + 2)
    lines = []
    with bytes_of(path) as kept, io.TextIOWrapper(kept, "utf-8-sig", "replace", "") as file:
        for index, cells in enumerate(csv.reader(file), 1):
            if index == 1 or first <= index <= last:
                lines.append({"number": index, "text": _joined(cells), "marked": index == number})
            if index > last:
                break
    return lines


def _json_lines(path: Path, row: str) -> list[dict[str, Any]]:
    """The rows of a month that a program sent, about the wanted one, as they stand in the body."""
    with bytes_of(path) as kept:
        listed = json.loads(kept.read())["rows"]
    number = number_of(row) or 0
    first, last = (max(1, number - ROWS_AROUND), number + ROWS_AROUND) if number else (1, 2 * ROWS_AROUND + 1)
    return [
        {"number": n, "text": json.dumps(each, ensure_ascii=False)[:MOST_BYTES], "marked": n == number}
        for n, each in enumerate(listed, 1)
        if first <= n <= last
    ]


def _joined(cells: Iterable[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="").writerow(list(cells))
    return target.getvalue()


def _parquet_lines(path: Path, wanted: Wanted, registry: Registry) -> list[dict[str, Any]]:
    """The rows of a readings file about the wanted point and instant."""
    table = ds.dataset(path, format="parquet")
    code = wanted.address.removeprefix("sheet:").removeprefix(CORRECTED)
    if not code or not wanted.at:
        head = table.head(2 * ROWS_AROUND + 1).to_pylist()
        return [{"number": index, "text": _cells(row), "marked": False} for index, row in enumerate(head, 1)]
    at = instant_or_404(wanted.at, registry.zone)
    aware = getattr(table.schema.field("at").type, "tz", None) is not None
    moment = at if aware else at.astimezone(registry.zone).replace(tzinfo=None)
    near = (ds.field("at") >= moment - NEAR) & (ds.field("at") <= moment + NEAR)
    rows = table.to_table(filter=(ds.field("point") == code) & near).to_pylist()
    return [{"number": "", "text": _cells(row), "marked": row["at"] == moment} for row in rows]


def _lines_read(data: Path, told: Mapping[str, Any], wanted: Wanted, registry: Registry) -> list[dict[str, Any]]:
    """The rows about the wanted point and instant, read again from the original as they were read when it came."""
    code, at = wanted.address.removeprefix("sheet:").removeprefix(CORRECTED), instant_or_404(wanted.at, registry.zone)
    if code not in told["points"]:
        return []
    found = rows_about(data, told, code, (at - NEAR, at + NEAR))
    return [{"number": row.pop(ROW), "marked": row["at"] == at, "text": _cells(row)} for row in found]


def _cells(row: Mapping[str, Any]) -> str:
    return "  ".join(str(value) for value in row.values())
