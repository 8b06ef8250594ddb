"""A small real park for the tests of months: E01 stated January and February, March is due."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.contrib.auth.models import Group, User
from django.test import Client

from xietong.park.bringing.receiving import Reception
from xietong.park.bringing.template import COLUMNS, HEADER_ROW, NOTES, SHEET
from xietong.park.package.tabular import Shape, tables
from xietong.park.people import make_roles
from xietong.web.shell import park_data, shelf

NOW = datetime(2025, 4, 3, 2, tzinfo=UTC)

STATED = "subject,period,item,amount,unit,use,opening,closing\nE01,2025-01,coke,1200,t,,,\nE01,2025-02,coke,1100,t,,,\n"
STATED += "E01,2025-02,raw_coal,50,t,fuel,20,30\n"
FILES = {
    "park.toml": '[park]\ncode = "P"\nname = "园区"\nregion = "陕西"\ntimezone = "Asia/Shanghai"\n',
    "subjects.csv": "code,kind,name,name_en,parent\nP,park,园区,Park,\nE01,enterprise,青塬特钢,Qingyuan Steel,P\n"
    "E01-W1,outlet,废水口,Outlet,E01\nW01,enterprise,污水厂,Water Works,P\n",
    "reported.csv": STATED,
}


def month_park(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The park in a data folder of its own, which it gives; the pages take it to be NOW."""
    settings.DATA, folder = tmp_path / "data", tmp_path / "package"
    monkeypatch.setattr(park_data, "clock", lambda: NOW)
    shelf.SHELF.clear()
    make_roles()
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    answer = Reception(tmp_path / "data", "director", datetime(2025, 3, 5, tzinfo=UTC)).package(folder)
    assert answer.rejected == []
    return tmp_path / "data"


def person(name: str, *groups: str, **more: Any) -> Client:
    """The browser of somebody in these groups who is signed in."""
    user = User.objects.create_user(name)
    for each in groups:
        user.groups.add(Group.objects.get_or_create(name=each)[0])
    client = Client(headers={"host": "127.0.0.1"}, **more)
    client.force_login(user)
    return client


def workbook_lines(path: Path) -> list[dict[str, str]]:
    """The lines of a workbook of ours, column → text."""
    shape = Shape(sheet=SHEET, header_row=HEADER_ROW)
    found = [row for piece in tables(path, shape) for row in piece.to_pylist()]
    return [{name: str(value) for name, value in row.items()} for row in found]


def write_workbook(target: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A workbook of ours with these rows, as a spreadsheet program would save it."""
    book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(SHEET)
    book.add_worksheet(NOTES)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(HEADER_ROW - 1, column, name)
    for number, row in enumerate(rows, start=HEADER_ROW):
        for column, name in enumerate(COLUMNS):
            if row.get(name):
                sheet.write_string(number, column, row[name])
    book.close()
    return target


def fill_workbook(template: Path, target: Path, values: Mapping[str, Mapping[str, str]]) -> Path:
    """The template with cells of some items typed in."""
    return write_workbook(target, [{**row, **values.get(row["item"], {})} for row in workbook_lines(template)])
