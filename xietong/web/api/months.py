"""The same month for programs: GET what is owed, POST what is stated; 201 only after the fsync of what was sent.

Judged by the rule set of the workbook and the form (park.months). All or nothing unless ?partial=true; the same
idempotency key with the same body gets the same answer, with another body it is refused.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.urls import URLPattern
from ninja import Schema, Status

from xietong.journal import JournalError
from xietong.park.bringing.months import COLUMNS, Desk, Month, OtherBodyError, Sent, submit
from xietong.park.bringing.template import Line, amount_text, lines_owed, units_of
from xietong.park.models import ApiKey
from xietong.park.nouns import Registry
from xietong.park.package.sheets import Row
from xietong.periods import Period, PeriodError
from xietong.texts import Text
from xietong.web.api.answers import described
from xietong.web.api.push import LONGEST_IDEMPOTENCY, MOST_BYTES, api, asking
from xietong.web.api.push import urls as _addresses
from xietong.web.shell import own_journal, park_data

MOST_ROWS = 2_000
FAILURES = frozenset({400, 403, 404, 409, 413, 422, 503})


class Sentence(Schema):
    """One sentence in both languages."""

    zh: str
    en: str


class Verdict(Schema):
    """What a rule says of one place of the body: where, by which rule and clause, the sentence, and what to do."""

    where: str
    value: str = ""
    rule: str
    clause: str = ""
    sentence: Sentence
    remedy: Sentence


class Stated(Schema):
    """What became of a month: the journal entry and hash of the body kept, how many rows count, what was wrong.

    Of many errors and remarks the first are told in words; `counts` has how many there are.
    """

    entry: str = ""
    sha256: str = ""
    accepted: int = 0
    errors: list[Verdict] = []
    remarks: list[Verdict] = []
    counts: dict[str, int] = {}


class OwedLine(Schema):
    """One line that the month asks for: what was stated last before it, and what is stated of it already."""

    subject: str
    period: str
    item: str
    unit: str
    units: list[str]
    use: str = ""
    method: str = ""
    counterparty: str = ""
    last: str = ""
    stated: str = ""


class Owed(Schema):
    """The lines of a month."""

    lines: list[OwedLine]


@api.get("/months/{code:subject}/{period}", response={200: Owed, FAILURES: Stated}, openapi_extra=asking())
def owed_month(request: HttpRequest, subject: str, period: str) -> Status[Owed] | Status[Stated]:
    """What is due of a subject and what lies below it in a period."""
    park = park_data.registry()
    month = _month(_key(request), park, subject, period)
    if not isinstance(month, Month):
        return month
    return Status(200, Owed(lines=[_owed(line) for line in lines_owed(park, month.subject, month.period)]))


def _owed(line: Line) -> OwedLine:
    like, last, now = line.like, line.last, line.now
    return OwedLine(
        subject=line.subject,
        period=line.period.label,
        item=line.item,
        unit=line.unit,
        units=units_of(line),
        use=like.use if like else "",
        method=like.method if like else "",
        counterparty=like.counterparty if like else "",
        last=f"{amount_text(last)} {last.unit}" if last else "",
        stated=f"{amount_text(now)} {now.unit}" if now else "",
    )


class Rows(Schema):
    """What is stated: rows with the columns of reported.csv; subject and period are the address's where not written."""

    rows: list[dict[str, str | float | None]]


_STATED = {201: Stated, FAILURES: Stated}


@api.post("/months/{code:subject}/{period}", response=_STATED, openapi_extra=asking(Rows))
def state_month(request: HttpRequest, subject: str, period: str, partial: bool = False) -> Status[Stated]:
    """Take a month in: {"rows": [{"item", "amount", "unit", …}]}, columns as in reported.csv, with Idempotency-Key."""
    key, idempotency = _key(request), request.headers.get("Idempotency-Key", "")
    if not 0 < len(idempotency) <= LONGEST_IDEMPOTENCY:
        return _refused(400, "Idempotency-Key", "idempotency", _NO_IDEMPOTENCY)
    park = park_data.registry()
    month = _month(key, park, subject, period)
    if not isinstance(month, Month):
        return month
    try:
        body = request.body
    except RequestDataTooBig:
        return _refused(413, "body", "too_large", _TOO_LARGE)
    if len(body) > MOST_BYTES:
        return _refused(413, "body", "too_large", _TOO_LARGE)
    file = f"{month.subject}-{month.period.label}-api.json"
    rows = _rows(body, month, file)
    if not rows:
        return _refused(422, "body", "body", _NO_ROWS)
    own = frozenset(each.code for each in park.below(key.subject))
    desk = Desk(park_data.data_folder(), park, own_journal.opened)
    return _take(
        desk,
        month,
        Sent(
            "api", f"key:{key.name}", idempotency=idempotency, rows=rows, body=body, file=file, own=own, partial=partial
        ),
    )


def _take(desk: Desk, month: Month, sent: Sent) -> Status[Stated]:
    try:
        outcome = submit(desk, month, sent, park_data.clock())
    except OtherBodyError:
        return _refused(409, "Idempotency-Key", "idempotency", _OTHER_BODY)
    except JournalError as error:
        return _refused(503, "body", "journal", error.text)
    answer = outcome.answer
    told = Stated(
        entry=answer["entry"],
        sha256=answer["sha256"],
        accepted=answer["accepted"],
        errors=_verdicts(answer["errors"], sent),
        remarks=_verdicts(answer["remarks"], sent),
        counts=answer.get("counts") or {name: len(answer[name]) for name in ("errors", "remarks")},
    )
    return Status(201 if outcome.entered else 422, told)


def _verdicts(found: Iterable[Mapping[str, Any]], sent: Sent) -> list[Verdict]:
    return [_verdict(each) for each in described(found, len(sent.body))]


def _verdict(each: Mapping[str, Any]) -> Verdict:
    where = f"rows[{each['row'] - 1}]" + (f".{each['column']}" if each["column"] else "") if each["row"] else "body"
    chosen = {name: each[name] for name in ("value", "rule", "clause", "sentence", "remedy")}
    return Verdict(where=where, **chosen)


def _month(key: ApiKey, park: Registry, subject: str, period: str) -> Month | Status[Stated]:
    """The month that the address names, where the key is for it."""
    try:
        span = Period.parse(period)
    except PeriodError as error:
        return _refused(404, "period", "period", error.text)
    if not 1 <= span.month_count <= 12:
        return _refused(404, "period", "period", _NO_MONTH)
    if subject not in {each.code for each in park.below(key.subject)}:
        return _refused(403, "subject", "not_yours", _NOT_YOURS)
    return Month(subject, span)


def _rows(body: bytes, month: Month, file: str) -> tuple[Row, ...] | None:
    """The rows of a body, each cell as the text that was sent; None where it is not of that form."""
    try:
        listed = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)["rows"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(listed, list) or len(listed) > MOST_ROWS or not all(isinstance(each, dict) for each in listed):
        return None
    place = {"subject": month.subject, "period": month.period.label}
    return tuple(Row(file, n, {}, {**place, **dict(_cells(row))}) for n, row in enumerate(listed, 1))


def _cells(row: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if value is not None:
            plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            # Half a surrogate is no text, which neither a database nor an answer could hold.
            yield name, plain.encode("utf-8", "replace").decode().strip()


def _key(request: HttpRequest) -> ApiKey:
    found = getattr(request, "auth", None)
    assert isinstance(found, ApiKey)
    return found


def _refused(status: int, where: str, rule: str, said: Text) -> Status[Stated]:
    sentence = Sentence(zh=said.zh, en=said.en)
    remedy = Sentence(zh=said.zh.rpartition("；")[2], en=said.en.rpartition("; ")[2])
    return Status(status, Stated(errors=[Verdict(where=where, rule=rule, sentence=sentence, remedy=remedy)]))


_NO_IDEMPOTENCY = Text(
    "缺少 Idempotency-Key 请求头（1–120 个字符），重发时无法认出同一份，什么也没有收下；请为每份写一个不重复的值。",
    "the header Idempotency-Key (1-120 characters) is missing, so a repetition could not be told, and nothing was "
    "taken; send a value of its own with each month.",
)
_TOO_LARGE = Text(
    "请求体超过 2 MiB，什么也没有收下；请分主体发送。",
    "the body exceeds 2 MiB and nothing was taken; send it by subjects.",
)
_NO_ROWS = Text(
    f'请求体不是 {{"rows": [{{…}}]}} 形式的 JSON，或超过 {MOST_ROWS} 行，什么也没有收下；请按文档改写，列为 '
    f"{'、'.join(COLUMNS)}。",
    f'the body is no JSON of the form {{"rows": [{{…}}]}}, or has more than {MOST_ROWS} rows, so nothing was taken; '
    f"write it as documented, with the columns {', '.join(COLUMNS)}.",
)
_OTHER_BODY = Text(
    "这个 Idempotency-Key 已用于另一份内容，什么也没有收下；请换一个新的值。",
    "this Idempotency-Key was used for another body, so nothing was taken; use a new one.",
)
_NO_MONTH = Text(
    "这不是整月的期间，或超过一年；请写成 2025-03。",
    "this is no period of whole months, or longer than a year; write 2025-03.",
)
_NOT_YOURS = Text(
    "这把密钥不管这个主体，什么也没有收下；请用管它的密钥。",
    "this key is not for that subject, so nothing was taken; use one that is.",
)


def urls() -> list[URLPattern]:
    """The addresses of the API: readings and months."""
    return _addresses()
