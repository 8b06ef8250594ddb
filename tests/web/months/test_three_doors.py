"""One rule set, three doors: the same rows give the same verdicts as workbook, browser form and API."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from month_park import NOW, month_park, person, write_workbook

from xietong.park.actions import make_api_key
from xietong.park.bringing.evidence import kept_path
from xietong.park.bringing.receiving import Reception
from xietong.park.bringing.statements import statement_rules
from xietong.park.bringing.template import HEADER_ROW
from xietong.park.models import ReportedAmount
from xietong.park.package.mapping import FileMapping
from xietong.park.registry import snapshot
from xietong.web.months.form_fields import stamp_of
from xietong.web.shell import shelf

pytestmark = pytest.mark.django_db
PERIOD = "2025-03"
OWN = frozenset({"E01", "E01-W1"})
Cells = dict[str, str]


class Verdicts(NamedTuple):
    """What a door said: (row, column, rule, clause, remedy) of each error, remarks' rules by row, facts entered."""

    errors: list[tuple[int, str, str, str, str]]
    remarks: list[tuple[int, str]]
    entered: list[tuple[str, ...]]


@pytest.fixture
def data(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    return month_park(tmp_path, settings, monkeypatch)


@pytest.fixture
def clerk(data: Path) -> Client:
    return person("clerk", "clerk", "subject:E01")


@pytest.fixture
def secret(data: Path) -> str:
    User.objects.create_superuser("boss")
    return make_api_key("erp", "E01", "boss", NOW)


def entered() -> list[tuple[str, ...]]:
    """The facts of March in force, in words."""
    found = ReportedAmount.objects.filter(superseded_at=None, period=PERIOD)
    names = (
        "subject",
        "item",
        "amount",
        "below",
        "unit",
        "use",
        "method",
        "counterparty",
        "opening",
        "closing",
        "note",
    )
    return sorted(tuple(str(value) for value in row) for row in found.values_list(*names))


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside leaves no trace in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    shelf.SHELF.clear()


def by_workbook(data: Path, rows: list[Cells]) -> Verdicts:
    with taken_back(), tempfile.TemporaryDirectory() as folder:
        path = write_workbook(Path(folder) / "in.xlsx", rows)
        answer = Reception(data, "clerk", NOW, own=OWN).file(path, FileMapping())
        first = HEADER_ROW + 1
        errors = [(each.row - first, each.column, each.rule, each.clause, each.remedy.zh) for each in answer.rejected]
        remarks = [(each.row - first, each.rule) for each in answer.remarks if each.rule != "nothing_entered"]
        return Verdicts(sorted(errors), sorted(remarks), entered())


def by_form(client: Client, rows: list[Cells]) -> Verdicts:
    with taken_back():
        posted = {f"r{n}-{name}": text for n, row in enumerate(rows) for name, text in row.items()}
        answer = client.post("/months/E01/2025-03/", {**posted, "action": "send", "seen": stamp_of([])}, follow=True)
        context = answer.context
        told = context["done"].answer if context["done"] else context["answer"]
        return _told(told, first=2)


def by_api(client: Client, secret: str, rows: list[Cells], numbers: bool = False) -> Verdicts:
    with taken_back():
        body: list[dict[str, Any]] = [dict(row) for row in rows]
        for row in body:
            if numbers and row.get("amount", "").isdigit():
                row["amount"] = int(row["amount"])
        answer = post(client, secret, {"rows": body}, "k1")
        assert answer.status_code in (201, 422)
        told = answer.json()
        for each in [*told["errors"], *told["remarks"]]:
            place, _, each["column"] = each["where"].partition(".")
            each["row"] = int(place.removeprefix("rows[").rstrip("]"))
        return _told(told, first=0)


def post(client: Client, secret: str, body: Any, key: str, path: str = "/api/months/E01/2025-03") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    return client.post(path, raw, content_type="application/json", headers=headers)


def _told(told: Any, first: int) -> Verdicts:
    errors = [
        (each["row"] - first, each["column"], each["rule"], each["clause"], each["remedy"]["zh"])
        for each in told["errors"]
    ]
    return Verdicts(sorted(errors), sorted((each["row"] - first, each["rule"]) for each in told["remarks"]), entered())


def row(item: str, amount: str, unit: str = "t", **more: str) -> Cells:
    """One row of March as every door is given it; empty cells are left out."""
    cells = {"subject": "E01", "period": PERIOD, "item": item, "amount": amount, "unit": unit, **more}
    return {name: text for name, text in cells.items() if text}


ROWS = st.builds(
    row,
    item=st.sampled_from(["coke", "raw_coal", "diesel", "product:steel", "unknown", "electricity_purchased", "a b"]),
    amount=st.one_of(
        st.sampled_from(["", "0", "12.5", "1,150", "1 150", "-3", "<0.025", "ND", "0.5L", "x", "1e400", "50", "=1"]),
        st.decimals(0, 10**9, places=3).map(str),
    ),
    unit=st.sampled_from(["t", "吨", "万kWh", "10^4kWh", "kWh", "furlong", "", "kg"]),
    use=st.sampled_from(["", "fuel", "burnt"]),
    opening=st.sampled_from(["", "20", "-1"]),
    closing=st.sampled_from(["", "30", "5000"]),
    subject=st.sampled_from(["E01", "E01", "E01-W1", "W01", "X9"]),
    period=st.sampled_from([PERIOD, PERIOD, PERIOD, "2025年3月", "2031-01", "March"]),
    note=st.sampled_from(["", "备注", "n" * 4001]),
)
WRONG = [
    row("coke", "1,150"),
    row("raw_coal", "40", opening="20", closing="500"),
    row("coke", "x", "furlong", use="burnt"),
    row("diesel", "5"),
    row("diesel", "6"),
    row("coke", "1", subject="W01"),
    row("coke", "1", period="2031-01", note="n" * 4001),
    row("nothing", "1"),
    row("raw_coal", ""),
    row("electricity_purchased", "<3", "t"),
]


def agree(data: Path, clerk: Client, secret: str, rows: list[Cells]) -> Verdicts:
    first = by_workbook(data, rows)
    assert by_form(clerk, rows) == first
    assert by_api(clerk, secret, rows) == first
    assert {rule for _, _, rule, _, _ in first.errors} <= set(statement_rules())
    assert all(clause and remedy for _, _, _, clause, remedy in first.errors)
    return first


def test_the_three_doors_agree_on_what_is_wrong(data: Path, clerk: Client, secret: str) -> None:
    found = agree(data, clerk, secret, WRONG)
    assert found.entered == []
    rules = {rule for _, _, rule, _, _ in found.errors}
    assert rules >= {"thousands", "stock", "number", "unit", "choice", "duplicate", "not_yours", "length", "item"}
    assert (8, "not_filled") in found.remarks


def test_the_three_doors_enter_the_same(data: Path, clerk: Client, secret: str) -> None:
    rows = [row("coke", "1150.50", "吨"), row("raw_coal", "40", opening="20", closing="10"), row("diesel", "ND")]
    found = agree(data, clerk, secret, rows)
    assert (found.errors, len(found.entered)) == ([], 3)
    assert by_api(clerk, secret, [row("coke", "1150")], numbers=True).entered[0][:3] == ("E01", "coke", "1150")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROWS, min_size=1, max_size=6))
@example(rows=WRONG)
def test_any_rows_get_the_same_verdicts(data: Path, clerk: Client, secret: str, rows: list[Cells]) -> None:
    agree(data, clerk, secret, rows)


def test_a_program_sees_what_is_due_and_states_it_once(data: Path, clerk: Client, secret: str) -> None:
    bearer = {"Authorization": f"Bearer {secret}"}
    owed = clerk.get("/api/months/E01/2025-03", headers=bearer).json()["lines"]
    assert [(each["item"], each["last"], each["stated"]) for each in owed] == [
        ("coke", "1100 t", ""),
        ("raw_coal", "50 t", ""),
    ]
    body = {"rows": [{"item": "coke", "amount": 1150.5, "unit": "t"}]}
    first, again = post(clerk, secret, body, "a"), post(clerk, secret, body, "a")
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert kept_path(data, first.json()["sha256"]).read_bytes() == json.dumps(body).encode()
    other = post(clerk, secret, {"rows": [{"item": "coke", "amount": 2, "unit": "t"}]}, "a")
    assert other.status_code == 409
    stated = next(each for each in snapshot.load().reported if each.period.label == PERIOD)
    assert (str(stated.amount), stated.entry) == ("1150.5", first.json()["entry"])
    shown = clerk.get(f"/entries/{stated.entry}/?row={stated.row}").content.decode()
    assert re.search(r"<mark>[^<]*coke[^<]*1150.5", shown)


def test_errors_of_the_api_say_where_rule_clause_sentence_and_remedy(clerk: Client, secret: str) -> None:
    body = {"rows": [{"item": "diesel", "amount": 1, "unit": "t"}, {"item": "coke", "amount": "1,150", "unit": "t"}]}
    refused = post(clerk, secret, body, "b")
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["where"], error["rule"], error["clause"]) == (
        422,
        "rows[1].amount",
        "thousands",
        "6.1.4",
    )
    assert "不带分隔符" in error["remedy"]["zh"]
    assert "1150" not in error["remedy"]["zh"]  # a comma may be a decimal comma: no number is suggested
    assert error["sentence"]["en"].endswith(error["remedy"]["en"][1:])
    taken = post(clerk, secret, body, "b", "/api/months/E01/2025-03?partial=true")
    assert (taken.status_code, taken.json()["accepted"], len(taken.json()["errors"])) == (201, 1, 1)


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (b"{", "/api/months/E01/2025-03", 422),
        ({"rows": [1]}, "/api/months/E01/2025-03", 422),
        ({"rows": []}, "/api/months/E01/2025-03", 422),
        (b"[" * 100_000, "/api/months/E01/2025-03", 422),
        ({"rows": [{"item": ["coke"], "amount": {"a": 1}, "unit": True}]}, "/api/months/E01/2025-03", 422),
        ({"rows": [{"item": "\ud800\0", "amount": "\0", "unit": "t"}]}, "/api/months/E01/2025-03", 422),
        ({"rows": [{"item": "coke", "amount": 1, "unit": "t", "ammount": 2}]}, "/api/months/E01/2025-03", 201),
        ({"rows": []}, "/api/months/W01/2025-03", 403),
        ({"rows": []}, "/api/months/E01/March", 404),
        ({"rows": []}, "/api/months/E01/2025-03-01", 404),
    ],
)
def test_a_hostile_body_is_answered_in_sentences(clerk: Client, secret: str, body: Any, path: str, status: int) -> None:
    answer = post(clerk, secret, body, "c", path)
    assert answer.status_code == status
    told = answer.json()
    assert all(each["sentence"]["zh"] and each["sentence"]["en"] for each in told["errors"] + told["remarks"])
    assert (status != 201) or [each["rule"] for each in told["remarks"]][:1] == ["unknown_column"]


def test_without_key_or_idempotency_nothing_is_taken(clerk: Client, secret: str) -> None:
    body = {"rows": [{"item": "coke", "amount": 1, "unit": "t"}]}
    assert post(clerk, "wrong", body, "d").status_code == 401
    assert post(clerk, secret, body, "").status_code == 400
    assert entered() == []


def test_every_rule_stands_on_the_page_with_its_clause() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sheets.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| (.+) · (.+) \|$", page, re.MULTILINE)
    assert told == [(each.rule, each.clause, *each.text) for each in statement_rules().values()]
