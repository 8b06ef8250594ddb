"""The pages of closed reports and of the factor library, over a small park in the database."""

import re
from pathlib import Path

import handmade
import pytest
from django.test import Client
from pytest_django import Settings

from xietong.accounting.models import ClosedReport
from xietong.cli import main
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot
from xietong.web.shell import park_data, shelf

pytestmark = pytest.mark.django_db
FILES = {
    "park.toml": '[park]\ncode = "P"\nname = "小园"\nname_en = "Small Park"\nregion = "陕西"\n',
    "subjects.csv": "code,kind,name,name_en,parent\nP,park,小园,Small Park,\nA,enterprise,甲厂,Works A,P\n",
    "reported.csv": "subject,period,item,amount,unit\nA,2025,raw_coal,100,t\nA,2025,output_value,50,万元\n"
    "A,2025,product:钢,7,t\n",
    "targets.csv": "indicator,subject,year,target,basic,main\nenergy_per_output_value,P,2025,0.2,0.3,true\n",
}
OWN = (
    "key,value,unit,source,purpose,subject,valid_from,evidence,approval\n"
    "raw_coal,0.65,tce/t,化验报告,coal_equivalent,A,2025-01-01,coal.pdf,\n"
    "raw_coal,0.6,tce/t,草稿,coal_equivalent,P,2025-01-01,coal.pdf,proposed\n"
)


@pytest.fixture
def director(tmp_path: Path, settings: Settings) -> Client:
    """The director's browser over a park whose year is closed and whose factors changed afterwards."""
    settings.DATA = tmp_path / "data"
    shelf.SHELF.clear()
    (settings.DATA / "evidence").mkdir(parents=True)
    folder = tmp_path / "package"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    package = read_package(folder, snapshot.known_codes())
    load_package(package, dict.fromkeys(package.files, "cli-0/1"), "director", park_data.clock())
    deed = ("--person", "张三", "--reason", "年报")
    assert main(["close", "--period", "2025", *deed]) == 0
    assert main(["evaluate", "--year", "2025", "--close", *deed]) == 0
    (tmp_path / "factors.csv").write_text(OWN, encoding="utf-8")
    assert main(["factors", "accept", str(tmp_path / "factors.csv"), "--person", "张三", "--reason", "实测"]) == 0
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(handmade.inspector("director"))
    return client


def words(client: Client, path: str, language: str = "zh-hans") -> str:
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_list_says_who_closed_what_and_why(director: Client) -> None:
    shown = words(director, "/closed/")
    assert shown.count("张三 年报 有效") == 2
    assert "Closed reports" in words(director, "/closed/", "en")
    assert 'href="/closed/"' in director.get("/").content.decode()


def test_a_report_shows_its_numbers_beside_todays(director: Client) -> None:
    report = ClosedReport.objects.get(kind="account")
    shown = words(director, f"/closed/{report.pk}/")
    assert "71.43 tce" in shown
    assert "65 tce" in shown
    assert "−6.43 tce" in shown
    assert "个数不同；报告保留原值" in shown
    assert "产品产量（钢）" in shown
    assert "折标准煤系数（当量值） · 原煤 · A" in shown
    assert report.sha256 in shown
    english = words(director, f"/closed/{report.pk}/", "en")
    assert "Revision 1, closed by 张三" in english
    assert "the report keeps its own" in english


def test_a_closed_evaluation_names_whose_figure_it_is(director: Client) -> None:
    report = ClosedReport.objects.get(kind="evaluation")
    assert "单位产值能耗 小园" in words(director, f"/closed/{report.pk}/")
    assert "1.4286 tce/万元" in words(director, f"/closed/{report.pk}/P%20energy_per_output_value/")


def test_the_working_of_a_closed_figure_is_that_of_then(director: Client) -> None:
    report = ClosedReport.objects.get(kind="account")
    path = f"/closed/{report.pk}/comprehensive_energy_consumption/"
    assert "封存的报告第 1 版" in words(director, path)
    assert "71.43 tce" in words(director, path)
    assert "65 tce" not in words(director, path)
    assert words(director, f"{path}?at=0").count("原煤") >= 1
    assert director.get(f"{path}?at=9").status_code == 404
    assert director.get(f"/closed/{report.pk}/nothing/").status_code == 404
    assert director.get("/closed/999/").status_code == 404


def test_an_altered_report_is_not_shown(director: Client) -> None:
    report = ClosedReport.objects.get(kind="account")
    ClosedReport.objects.filter(pk=report.pk).update(sha256="0" * 64)
    response = director.get(f"/closed/{report.pk}/")
    assert response.status_code == 404
    assert "已被改动" in response.content.decode()


def test_the_library_is_searched_and_shows_own_rows_first(director: Client) -> None:
    shown = words(director, "/factors/?q=原煤&purpose=coal_equivalent&all=1")
    order = [shown.index(part) for part in ("草稿", "化验报告", "GB/T 2589")]
    assert order == sorted(order)
    assert "待批，未采用" in shown
    assert "自有系数，有凭证并已批准" in shown
    assert "4 行系数" in shown
    assert "0 行系数" in words(director, "/factors/?q=没有这样的系数")
    assert director.get("/factors/?on=yesterday").status_code == 404


def test_the_library_tells_limits_with_their_oxygen(director: Client) -> None:
    shown = words(director, "/factors/?q=13271 燃气 氮", "zh-hans")
    assert "新建燃气锅炉 3.5 %" in shown
    assert "checked against a source" in words(director, "/factors/", "en")


@pytest.mark.usefixtures("db")
def test_without_a_park_the_pages_say_so(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path
    shelf.SHELF.clear()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(handmade.inspector("director"))
    for path in ("/closed/", "/factors/"):
        assert "load" in words(client, path)
