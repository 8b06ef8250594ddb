"""What `close`, `reopen`, `closed`, `account`, `evaluate` and `explain` share of closed reports: closing, reopening,
showing, comparing with today.

No command itself. The verbs are in accounting.closed.actions, what a report holds in accounting.closed.reports.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from xietong.accounting.closed.actions import Deed, check_ended, close_report, reopen_report
from xietong.accounting.closed.comparing import against_today
from xietong.accounting.closed.differences import is_nothing
from xietong.accounting.closed.reports import (
    Basis,
    BrokenReportError,
    Closed,
    closed_reports,
    is_reopened,
    latest_act,
    opened,
)
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.models import ClosedReport
from xietong.calc.figures import Figure
from xietong.calc.rounding import apart
from xietong.cli import UsageError
from xietong.commands.terminal.answering import usage
from xietong.commands.terminal.asking import lake_in_use, registry_in_use, unknown
from xietong.commands.terminal.differing import difference_lines
from xietong.park.people import RefusedError
from xietong.park.registry.snapshot import load
from xietong.periods import Period
from xietong.texts import Language
from xietong.wording.figure_json import figure_json

MakeDocument = Callable[[Basis, str, Period], dict[str, Any]]
KINDS = {"account": "核算 account", "evaluation": "评估 evaluation"}


def add_deed_arguments(parser: argparse.ArgumentParser) -> None:
    """Who closes or reopens, and why."""
    parser.add_argument("--person", default="", metavar="NAME", help="谁封存或重开 · who closes or reopens")
    parser.add_argument("--reason", default="", metavar="WHY", help="为什么 · why")


def add_revision_arguments(parser: argparse.ArgumentParser) -> None:
    """Which revision, and whether it is held against today."""
    parser.add_argument("--revision", type=int, metavar="N", help="第几版，默认最新 · which revision, the newest")
    parser.add_argument("--difference", action="store_true", help="与现算相比 · against today's figures")


@contextmanager
def refusals(language: Language) -> Iterator[None]:
    """Turn what a verb of closing refuses into bad use, in the asked language."""
    try:
        yield
    except (RefusedError, BrokenReportError, UnknownNameError) as error:
        raise UsageError(error.text.in_language(language)) from error


def basis_in_use(language: Language) -> Basis:
    """The registry as of the newest act, with the lake and the act: what a closed report says it was made from."""
    with usage("zh" if language == "zh" else "en"):
        act, at = latest_act()
        registry = load(at)
    return Basis(registry, lake_in_use(registry), at, act)


def _deed(arguments: argparse.Namespace) -> Deed:
    return Deed(arguments.person, datetime.now(UTC), arguments.reason)


def close(arguments: argparse.Namespace, period: Period, make: MakeDocument) -> int:
    """Close a period and say so; make: the document of a subject and period, from a basis."""
    with refusals(arguments.lang):
        basis, deed = basis_in_use(arguments.lang), _deed(arguments)
        subject = arguments.subject or basis.registry.park.code
        check_ended(basis.registry, period, deed.at)
        row = close_report(make(basis, subject, period), deed)
    _tell(arguments, row, "已封存 · closed")
    return 0


def reopen(arguments: argparse.Namespace, kind: str, period: Period) -> int:
    """Reopen what is closed of a period and say so."""
    with refusals(arguments.lang):
        subject = arguments.subject or registry_in_use(arguments.lang).park.code
        row = reopen_report(kind, subject, period.label, _deed(arguments))
    _tell(arguments, row, "已重开，原报告保留 · reopened, the report stays as it is")
    return 0


def _tell(arguments: argparse.Namespace, row: ClosedReport, done: str) -> None:
    if arguments.json:
        print(json.dumps(row_json(row), ensure_ascii=False, indent=1))
    else:
        print(f"{row.subject} {row.period} 第 {row.revision} 版 · revision {row.revision}: {done}  sha256 {row.sha256}")


def show(arguments: argparse.Namespace, kind: str, period: Period | None) -> int:
    """Print the closed report of a period, or its difference from today; without a period, list what is closed."""
    with refusals(arguments.lang):
        if period is None:
            return _list(arguments, kind)
        subject = arguments.subject or registry_in_use(arguments.lang).park.code
        found = opened(chosen(kind, subject, period, arguments.revision, arguments.lang))
        if arguments.difference:
            return _compare(arguments, found)
    if arguments.json:
        print(json.dumps(closed_json(found, arguments.lang), ensure_ascii=False, indent=1))
    else:
        print("\n".join(closed_lines(found, arguments.lang)))
    return 0


def _list(arguments: argparse.Namespace, kind: str) -> int:
    rows = closed_reports(kind, arguments.subject or "")
    if arguments.json:
        print(json.dumps({"closed": [row_json(row) for row in rows]}, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        state = "已重开 reopened" if is_reopened(row) else ""
        at = row.closed_at.isoformat(timespec="seconds")
        print(f"{row.subject:<10} {row.period:<10} 第 {row.revision} 版  {at}  {row.person}  {row.reason}  {state}")
    return 0


def chosen(kind: str, subject: str, period: Period, revision: int | None, language: Language) -> ClosedReport:
    """The asked revision of a closed report, the newest where none is asked; bad use where there is none."""
    rows = closed_reports(kind, subject, period.label)
    found = next((row for row in rows if revision in (None, row.revision)), None)
    if found is None:
        zh = f"{subject} {period.label} 没有封存的报告" + (f"第 {revision} 版。" if revision else "。")
        en = f"{subject} {period.label} has no closed report" + (f" of revision {revision}." if revision else ".")
        raise UsageError(zh if language == "zh" else en)
    return found


def closed_figure(arguments: argparse.Namespace, subject: str, period: Period) -> Figure:
    """The figure of `explain KEY --closed`: as it was closed, with its working; bad use where there is none."""
    row = chosen("account", subject, period, arguments.revision, arguments.lang)
    try:
        found = opened(row).figures
    except BrokenReportError as error:
        raise UsageError(error.text.in_language(arguments.lang)) from error
    if arguments.key not in found:
        zh = f"封存的 {row.subject} {row.period} 第 {row.revision} 版里没有 {arguments.key}。"
        en = f"the closed report of {row.subject} {row.period}, revision {row.revision}, has no {arguments.key}."
        raise UsageError(zh if arguments.lang == "zh" else en)
    return found[arguments.key]


def _compare(arguments: argparse.Namespace, found: Closed) -> int:
    registry = registry_in_use(arguments.lang)
    try:
        difference = against_today(found, registry, lake_in_use(registry))
    except UnknownNameError as error:
        raise unknown(error, arguments.lang) from error
    if arguments.json:
        print(json.dumps({**_head(found), **difference.as_json()}, ensure_ascii=False, indent=1))
    else:
        print(_title(found))
        print("\n".join(difference_lines(difference, arguments.lang)))
    return 0


# ---- how a closed report is told ----


def row_json(row: ClosedReport) -> dict[str, Any]:
    """A line of the list as plain values."""
    return {
        "kind": row.kind,
        "subject": row.subject,
        "period": row.period,
        "revision": row.revision,
        "closed_at": row.closed_at.isoformat(),
        "person": row.person,
        "reason": row.reason,
        "sha256": row.sha256,
        "reopened": is_reopened(row),
    }


def _head(found: Closed) -> dict[str, Any]:
    again = found.reopened
    return {
        "kind": found.kind,
        "subject": found.subject,
        "period": found.period,
        "revision": found.revision,
        "closed_at": found.at.isoformat(),
        "person": found.person,
        "reason": found.reason,
        "sha256": found.sha256,
        "reopened": None
        if again is None
        else {"person": again.person, "at": again.at.isoformat(), "reason": again.reason},
    }


def closed_json(found: Closed, language: Language) -> dict[str, Any]:
    """A closed report as plain values, whole: figures with exact text, what they were made from, their working."""
    figures = [figure_json(key, each, language) | {"exact": _exact(each.value)} for key, each in found.figures.items()]
    more = {name: found.document[name] for name in ("evaluation", "nodes") if name in found.document}
    places = dict(found.document["figures"])
    return {
        **_head(found),
        "made_from": found.made_from,
        "figures": [{**each, "node": places[each["key"]]} for each in figures],
        **more,
    }


def _exact(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _title(found: Closed) -> str:
    of = found.document["subject"]
    return f"{KINDS[found.kind]}  {of['name']} ({of['code']})  {found.period}  第 {found.revision} 版"


def closed_lines(found: Closed, language: Language) -> Iterator[str]:
    """A closed report for a reader: who, when and why, every figure, what it was made from."""
    yield _title(found)
    yield f"封存 closed  {_local(found, found.at)}  {found.person}：{found.reason}"
    if found.reopened is not None:
        again = found.reopened
        yield f"已重开 reopened  {_local(found, again.at)}  {again.person}：{again.reason}"
    yield f"sha256  {found.sha256}"
    yield from _made_from(found.made_from)
    for key, figure in found.figures.items():
        if figure.status != "not_applicable":
            value = _exact(figure.value) or "—"
            yield f"{key:<38} {value:>22} {figure.unit:<14} {figure.status:<9} {figure.title.in_language(language)}"
    yield f"系数 factors: {len(found.made_from['factors'])}"
    for row in found.made_from["factors"]:
        whose = f"@{row['subject']}" if row["subject"] else ""
        stated = row.get("published") or f"{row['value']} {row['unit']}"
        yield f"  {row['purpose']}:{row['key']}{whose} = {stated}  ← {row.get('source', '')}"
    yield from _graded(found.document.get("evaluation"))


def _local(found: Closed, at: datetime) -> str:
    """An instant in the park's time, as the report itself says what that is."""
    return at.astimezone(ZoneInfo(found.document["park"]["timezone"])).isoformat(timespec="seconds")


def _made_from(made: Mapping[str, Any]) -> Iterator[str]:
    choices = " ".join(f"{name}={value}" for name, value in made["choices"].items())
    yield f"程序 program {made['program']}"
    yield f"登记簿截至 registry as of {made['registry_as_of']} (act {made['registry_act']})"
    yield f"监测数据版本 lake version {made['lake_version']}"
    yield f"选项 choices  {choices}"


def _graded(evaluation: Mapping[str, Any] | None) -> Iterator[str]:
    if evaluation is None:
        return
    yield f"评估结论 grade  {evaluation['grade']}（{evaluation['grade_rule']}）  {evaluation['reason']['zh']}"
    for line in evaluation["indicators"]:
        yield f"  {line['subject']} {line['key']}: {line['actual']} / {line['target']} / {line['basic']} {line['unit']}"


class Beside:
    """The closed account of a subject and period that stands, to be named beside fresh figures."""

    def __init__(self, closed: Closed) -> None:
        self.closed = closed
        self._figures = closed.figures

    @classmethod
    def of(cls, subject: str, period: Period) -> "Beside | None":
        """That of a subject and period; None where nothing is closed, or it was reopened."""
        rows = closed_reports("account", subject, period.label)
        return None if not rows or is_reopened(rows[0]) else cls(opened(rows[0]))

    def as_json(self) -> dict[str, Any]:
        """Who closed it, when and why."""
        return _head(self.closed)

    def note(self, key: str, value: float | None) -> dict[str, Any] | None:
        """What it says of a figure: revision, value as text, and how far the fresh value is from it."""
        figure = self._figures.get(key)
        if figure is None:
            return None
        gap = None if figure.value is None or value is None else apart(figure.value, value)
        return {
            "revision": self.closed.revision,
            "value": _exact(figure.value),
            "unit": figure.unit,
            "difference": _exact(gap),
            "ratio": gap / abs(figure.value) if gap is not None and figure.value else None,
        }

    def head_line(self) -> str:
        """One line that says it is there."""
        of = self.closed
        return (
            f"已封存 closed：第 {of.revision} 版，{_local(of, of.at)}，{of.person}，{of.reason}；"
            "下列为现算 · figures of today follow"
        )

    def line(self, key: str, value: float | None) -> str:
        """One line where the fresh value differs, else ""."""
        note = self.note(key, value)
        if note is None or (note["value"] is None and value is None):
            return ""
        if note["difference"] is not None and is_nothing(float(note["difference"]), float(note["value"])):
            return ""
        ratio = "" if note["ratio"] is None else f"（{note['ratio']:+.4%}）"
        was = f"封存 closed r{note['revision']}: {note['value'] or '—'} {note['unit']}"
        return f"{was}；现算相差 difference {note['difference'] or '—'}{ratio}"
