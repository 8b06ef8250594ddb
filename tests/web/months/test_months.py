"""The browser form of a month: what is due stands there, verdicts beside each field, nothing typed is ever lost."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from month_park import fill_workbook, month_park, person

from xietong.park.bringing.evidence import kept_path
from xietong.park.models import Act, Draft, Submission
from xietong.park.registry import snapshot

pytestmark = pytest.mark.django_db
MARCH = "/months/E01/2025-03/"


@pytest.fixture
def data(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    return month_park(tmp_path, settings, monkeypatch)


@pytest.fixture
def clerk(data: Path) -> Client:
    """Who fills in for E01 alone."""
    return person("clerk", "clerk", "subject:E01")


def form(client: Client, path: str = MARCH) -> dict[str, str]:
    """What a browser would post of the page untouched: hidden fields, inputs and the chosen options."""
    html = client.get(path).content.decode()
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        named = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if named.get("name", "next") not in ("next", "csrfmiddlewaretoken", "partial"):
            fields[named["name"]] = named.get("value", "").replace("&quot;", '"')
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def filled(client: Client, values: Mapping[str, str], **more: str) -> dict[str, str]:
    """The form with amounts by item (or item/column)."""
    fields = form(client)
    rows = {text: name.split("-")[0] for name, text in fields.items() if name.endswith("-item") and text}
    for name, text in values.items():
        item, _, column = name.partition("/")
        fields[f"{rows[item]}-{column or 'amount'}"] = text
    return {**fields, **more}


def stated() -> dict[str, str]:
    return {row.item: str(row.amount) for row in snapshot.load().reported if row.period.label == "2025-03"}


def test_what_is_due_stands_there_with_what_was_stated_last(clerk: Client) -> None:
    html = clerk.get(MARCH).content.decode()
    fields = form(clerk)
    assert [text for name, text in fields.items() if name.endswith("-item") and text] == ["coke", "raw_coal"]
    assert "1100 t" in html
    assert fields["r1-opening"] == "30"
    assert (fields["r0-amount"], fields["r0-unit"]) == ("", "t")


def test_sent_in_it_is_a_revision_with_person_and_evidence(clerk: Client, data: Path) -> None:
    answer = clerk.post(MARCH, filled(clerk, {"coke": "1150.5"}, action="send"), follow=True)
    assert "已入账 1 行" in answer.content.decode()
    assert "2025-04-03 10:00" in answer.content.decode()  # park time
    assert stated() == {"coke": "1150.5"}
    row = next(each for each in snapshot.load().reported if each.period.label == "2025-03")
    act = Act.objects.get(verb="state_reported")
    assert (act.who, act.what["entries"]) == ("clerk", {"E01-2025-03-form.csv": row.entry})
    submission = Submission.objects.get()
    kept = kept_path(data, submission.answer["sha256"]).read_text(encoding="utf-8").splitlines()
    assert kept[row.row - 1].startswith("E01,2025-03,coke,1150.5,t")
    changed = clerk.post(MARCH, filled(clerk, {"coke": "1160"}, action="send"), follow=True)
    assert changed.status_code == 200
    assert stated() == {"coke": "1160"}


def test_errors_stand_at_their_fields_with_clause_and_remedy_and_nothing_is_entered(clerk: Client) -> None:
    fields = filled(clerk, {"coke": "1,150", "raw_coal": "40", "raw_coal/closing": "500"}, action="send")
    answer = clerk.post(MARCH, fields)
    html = answer.content.decode()
    assert (answer.status_code, stated()) == (422, {})
    assert re.search(r'id="r0-amount"[^>]*value="1,150"[^>]*aria-invalid', html)
    assert re.search(r'id="r1-closing"[^>]*value="500"[^>]*aria-invalid', html)
    for part in ("不能猜", "标准第 6.1.4 条 · thousands", "标准第 6.3.2 条 · stock", 'href="#r1-closing"'):
        assert part in html
    assert 'name="partial"' in html


def test_part_of_it_only_where_the_person_says_so(clerk: Client) -> None:
    fields = filled(clerk, {"coke": "1,150", "raw_coal": "40", "raw_coal/closing": "25"}, action="send")
    clerk.post(MARCH, fields)
    assert stated() == {}
    answer = clerk.post(MARCH, {**fields, "partial": "1"}, follow=True)
    assert stated() == {"raw_coal": "40"}
    assert "1 处不能用" in answer.content.decode()


def test_sent_twice_it_counts_once(clerk: Client) -> None:
    fields = filled(clerk, {"coke": "1150"}, action="send")
    first, second = clerk.post(MARCH, fields), clerk.post(MARCH, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert Act.objects.filter(verb="state_reported").count() == 1
    corrected = clerk.post(MARCH, {**filled(clerk, {"coke": "1151"}, action="send")})
    assert (corrected.status_code, stated()["coke"]) == (302, "1151")


def test_checking_enters_nothing(clerk: Client) -> None:
    answer = clerk.post(MARCH, filled(clerk, {"coke": "1150"}, action="check"))
    assert "填的 1 行都能用" in answer.content.decode()
    assert (stated(), Draft.objects.count()) == ({}, 0)


def test_drafts_are_kept_and_none_is_lost(clerk: Client) -> None:
    clerk.post(MARCH, filled(clerk, {"coke": "11"}, action="draft"))
    assert form(clerk)["r0-amount"] == "11"
    clerk.post(MARCH, filled(clerk, {"coke": "12,5"}, action="draft"))
    assert form(clerk)["r0-amount"] == "12,5"
    assert Draft.objects.count() == 2
    oldest = Draft.objects.order_by("pk")[0]
    assert form(clerk, f"{MARCH}?draft={oldest.pk}")["r0-amount"] == "11"
    clerk.post(MARCH, filled(clerk, {"coke": "12.5"}, action="send"))
    assert (Draft.objects.count(), stated()) == (0, {"coke": "12.5"})


def test_what_is_refused_is_kept_as_a_draft(clerk: Client) -> None:
    clerk.post(MARCH, filled(clerk, {"coke": "x"}, action="send"))
    assert form(clerk)["r0-amount"] == "x"


def test_two_at_one_month_are_told_of_each_other(clerk: Client) -> None:
    other = person("other", "director")
    mine = filled(clerk, {"coke": "1"}, action="send")
    other.post(MARCH, filled(other, {"coke": "2"}, action="send"))
    answer = clerk.post(MARCH, mine)
    html = answer.content.decode()
    assert (answer.status_code, stated()["coke"]) == (409, "2")
    assert 'value="1"' in html
    assert "<b>2 t</b>" in html


def test_a_line_left_empty_leaves_what_was_stated(clerk: Client) -> None:
    clerk.post(MARCH, filled(clerk, {"coke": "1150"}, action="send"))
    fields = filled(clerk, {"coke": "", "raw_coal": "5", "raw_coal/closing": "9"}, action="send")
    clerk.post(MARCH, fields)
    assert stated() == {"coke": "1150", "raw_coal": "5"}


def test_further_items_may_be_added(clerk: Client) -> None:
    fields = {**form(clerk), "r2-item": "diesel", "r2-amount": "3", "r2-unit": "吨", "action": "send"}
    assert clerk.post(MARCH, fields).status_code == 302
    assert stated() == {"diesel": "3"}


def test_nobody_states_for_others(clerk: Client, data: Path) -> None:
    assert clerk.get("/months/W01/2025-03/").status_code == 403
    assert clerk.post("/months/W01/2025-03/", {"action": "send"}).status_code == 403
    forged = {**filled(clerk, {"coke": "5"}, action="send"), "r0-subject": "W01"}
    answer = clerk.post(MARCH, forged)
    assert (answer.status_code, stated()) == (422, {})
    assert "not_yours" in answer.content.decode()
    assert person("verifier", "verifier").get(MARCH).status_code == 403
    assert "没有由您填报的企业" in person("inspector", "inspector").get("/months/").content.decode()


def test_who_was_signed_out_while_typing_loses_nothing(clerk: Client) -> None:
    fields = filled(clerk, {"coke": "1150"}, action="send")
    answer = Client(headers={"host": "127.0.0.1"}).post(MARCH, fields)
    html = answer.content.decode()
    assert (answer.status_code, stated()) == (401, {})
    assert 'name="r0-amount" value="1150"' in html
    assert Client(headers={"host": "127.0.0.1"}).post(MARCH, {}).headers["Location"].startswith("/sign-in/?next=")


def test_a_form_from_elsewhere_does_nothing_and_shows_what_it_held(data: Path) -> None:
    strict = person("strict", "clerk", enforce_csrf_checks=True)
    fields = filled(strict, {"coke": "1150"}, action="send")
    answer = strict.post(MARCH, fields)
    assert (answer.status_code, stated()) == (403, {})
    assert re.search(r'id="r0-amount"[^>]*value="1150"', answer.content.decode())
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
    assert token is not None
    again = strict.post(MARCH, {**fields, "csrfmiddlewaretoken": token[1]})
    assert (again.status_code, stated()) == (302, {"coke": "1150"})


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_it_stands_in_both_languages_without_script(clerk: Client, language: str) -> None:
    clerk.cookies["django_language"] = language
    html = clerk.get(MARCH).content.decode()
    assert ("提交" in html) == (language == "zh-hans")
    assert ("Send in" in html) == (language == "en")
    assert "<script" not in html
    listed = clerk.get("/months/").content.decode()
    assert f'href="{MARCH}"' in listed
    assert "2025-05" not in listed


def test_a_hostile_body_breaks_nothing(clerk: Client) -> None:
    fields = {f"r{n}-amount": "<script>\0" for n in range(200)} | {"r0-of": "{", "r9999-item": "x", "action": "send"}
    assert clerk.post(MARCH, fields).status_code == 409
    answer = clerk.post(MARCH, {**form(clerk), **fields})
    assert answer.status_code == 422
    assert b"<script>" not in answer.content


def test_the_workbook_goes_out_and_comes_back_by_the_same_rules(clerk: Client, tmp_path: Path) -> None:
    address = f"{MARCH}workbook.xlsx"
    path = tmp_path / "E01.xlsx"
    path.write_bytes(clerk.get(address).content)
    filled_in = fill_workbook(path, tmp_path / "in.xlsx", {"coke": {"amount": "1,150"}})
    with filled_in.open("rb") as file:
        refused = clerk.post(address, {"file": file})
    assert (refused.status_code, stated()) == (422, {})
    assert "填报!E4" in refused.content.decode()
    good = fill_workbook(path, tmp_path / "good.xlsx", {"coke": {"amount": "1150"}})
    with good.open("rb") as file:
        taken = clerk.post(address, {"file": file})
    assert (taken.status_code, stated()) == (200, {"coke": "1150"})
    assert Act.objects.get(verb="state_reported").who == "clerk"


@pytest.mark.parametrize(
    "name", ["汉" * 90 + ".xlsx", "a" * 251 + ".xlsx", "x." + "尾" * 90, "\x01\u2028.xlsx", ".xlsx"]
)
def test_a_workbook_may_have_any_name(clerk: Client, tmp_path: Path, name: str) -> None:
    """90 汉字 are 270 bytes, more than a folder takes."""
    address, path = f"{MARCH}workbook.xlsx", tmp_path / "E01.xlsx"
    path.write_bytes(clerk.get(address).content)
    good = fill_workbook(path, tmp_path / "good.xlsx", {"coke": {"amount": "1150"}})
    sent = SimpleUploadedFile(name, good.read_bytes())
    assert clerk.post(address, {"file": sent}).status_code in (200, 422)


@pytest.mark.parametrize(
    "query", ["?sent=9", "?sent=x", f"?sent={'9' * 5000}", "?draft=x", "?draft=999999999999999999999"]
)
def test_what_an_address_asks_for_and_is_not_there_breaks_nothing(clerk: Client, query: str) -> None:
    assert clerk.get(MARCH + query).status_code == 200


@pytest.mark.parametrize("period", ["2025", "2025-Q1", "2025-03-14", "March", "2025-13"])
def test_only_spans_of_months_can_be_filled_in(clerk: Client, period: str) -> None:
    assert clerk.get(f"/months/E01/{period}/").status_code == (200 if period in ("2025", "2025-Q1") else 404)


def test_another_workbook_or_none_is_refused(clerk: Client, tmp_path: Path) -> None:
    address = f"{MARCH}workbook.xlsx"
    assert clerk.post(address, {}).status_code == 413
    (tmp_path / "long.xlsx").write_bytes(b"PK" * (3 << 20))
    with (tmp_path / "long.xlsx").open("rb") as file:
        assert clerk.post(address, {"file": file}).status_code == 413
    (tmp_path / "bad.xlsx").write_bytes(b"PK not a workbook")
    with (tmp_path / "bad.xlsx").open("rb") as file:
        assert clerk.post(address, {"file": file}).status_code == 422
    assert clerk.get("/months/W01/2025-03/workbook.xlsx").status_code == 403
