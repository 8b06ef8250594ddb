"""The pages with hand-made figures: what stands on them, and that every figure opens down to the raw bytes."""

import re

import handmade
import pytest
from django.test import Client

from xietong.park.nouns import Registry

pytest_plugins = ["handmade_fixtures"]

FIGURE = "/figures/PARK/energy_per_output_value/2025/"
FRAME = f"/entries/intake-0/1/?address=hj212:{handmade.MN}/a21002/Avg@2061"
PAGES = ("/", "/live/", "/quality/", FIGURE, "/points/E01-P/", "/points/E01-P/2025-03-14T07/", FRAME)


def body(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


def words(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_cockpit_shows_grade_reason_and_completeness(director: Client) -> None:
    shown = words(body(director, "/"))
    assert "示范园区 2025" in shown
    assert "需改进" in shown
    assert "主要指标未达到基本要求：污染物排放强度（7.4.6）" in shown
    assert "97.3 %" in shown
    assert "7 秒前" in shown


def test_the_five_tables_stand_with_target_basic_value_and_status(director: Client) -> None:
    html = body(director, "/")
    for number in range(1, 6):
        assert f'id="table-{number}"' in html
    row = html.partition('id="row-1-carbon_emission_intensity"')[2].partition("</tr>")[0]
    assert re.findall(r"1\.213|1\.150|1\.300", words(row)) == ["1.213", "1.150", "1.300"]
    assert "达到基本要求" in row
    assert "<path" in row


def test_table_3_shows_compliance_hours_and_the_highest_outlet_against_its_limit(director: Client) -> None:
    row = body(director, "/").partition('id="row-3-nox"')[2].partition("</tr>")[0]
    shown = words(row)
    assert "99.7 %" in shown
    assert "26 h" in shown
    assert "61.25 mg/m³ / 50" in shown
    assert "青塬特钢有限公司 · 烧结机头排放口" in shown
    assert "超限" in shown


def test_a_weak_point_is_a_line_of_numbers_with_its_sentence_behind(director: Client) -> None:
    part = body(director, "/").partition('id="weak"')[2].partition("</li>")[0]
    assert words(part).split("薄弱环节与建议")[1].split() == [
        *("污染物排放强度", "12.34", "污染当量/万元"),
        *("目标", "10", "·", "完成", "81.0", "%"),
    ]
    assert 'href="/figures/PARK/pollutant_emission_intensity/2025/" title="污染物排放强度偏高。"' in part


def test_a_missing_figure_is_a_dash_with_its_reason_and_a_way_to_its_working(director: Client) -> None:
    row = body(director, "/").partition('id="row-5-cod_emission_intensity"')[2].partition("</tr>")[0]
    assert "—" in row
    assert "没有收到 工业总产值；请填报。" in words(row)
    assert '/figures/PARK/cod_emission_intensity/2025/"' in row


def test_every_value_is_a_link_to_its_working(director: Client) -> None:
    html = body(director, "/")
    values = re.findall(r'<td class="number"[^>]*>(.*?)</td>', html, re.DOTALL)
    unlinked = [words(value) for value in values if re.search(r"class=\"unit\"", value) and "<a " not in value]
    assert [value for value in unlinked if "CNY" not in value and "crc" not in value] == []


def test_a_subject_and_year_can_be_chosen_and_wrong_ones_are_told(director: Client) -> None:
    assert "Sinter" not in body(director, "/?subject=E01-G1&year=2025")
    assert "平均浓度" in body(director, "/?subject=E01-G1&year=2025")
    for path, sentence in (("/?subject=NO", "没有代码为“NO”的主体"), ("/?year=x", "“x”不是年度")):
        response = director.get(path)
        assert response.status_code == 404
        assert sentence in response.content.decode()


def test_a_running_year_is_projected_and_stays_an_estimate(director: Client) -> None:
    shown = words(body(director, "/?year=2026"))
    assert "已过 2 个月；余下各月照旧" in shown


def test_a_figure_opens_as_a_page_and_as_a_fragment(director: Client) -> None:
    page, part = body(director, FIGURE), body(director, FIGURE, hx_request="true")
    assert "<html" in page
    assert "<html" not in part
    assert "÷ 20,000 万元" in part
    assert "综合能源消耗量 ÷ 工业总产值" in part
    response = director.get(FIGURE, headers={"hx-request": "true"})
    assert response.headers["HX-Push-Url"] == "false"
    assert "HX-Request" in response.headers["Vary"]


def test_the_working_leads_to_a_reported_row_and_to_a_metered_point(director: Client) -> None:
    whole = body(director, f"{FIGURE}?at=0&all=1")
    inputs = re.findall(r'href="([^"]*\?at=[^"]*)"', whole)
    assert inputs
    fuels = body(director, f"{FIGURE}?at=0.0.0.0")
    assert f"/entries/{handmade.ENTRY}/?row=3" in fuels
    assert "2020" in body(director, f"{FIGURE}?at=0.0.0")
    power = "".join(body(director, f"{FIGURE}?at={at}") for at in ("0.1", "0.1.0"))
    assert "/points/E01-P/?start=2025-01-01T00" in power


def test_a_reported_amount_ends_at_its_row_of_the_file(director: Client) -> None:
    html = body(director, f"/entries/{handmade.ENTRY}/?row=3")
    assert "<mark>E01,2025-01,coke,1200,t</mark>" in html
    assert "subject,period,item,amount,unit" in html


def test_a_metered_amount_ends_at_the_raw_frame_with_its_value_marked(director: Client) -> None:
    hours = body(director, "/points/E01-G1-nox/?period=2025-03-14")
    assert "/points/E01-G1-nox/2025-03-14T07/" in hours
    readings = body(director, "/points/E01-G1-nox/2025-03-14T07/")
    href = re.findall(r'href="(/entries/intake-0/1/[^"]*)"', readings)[0].replace("&amp;", "&")
    frame = body(director, href)
    assert "<mark>a21002-Avg=41.25</mark>" in frame
    assert "CP=&amp;&amp;DataTime=20250314070000" in frame
    assert "tcp:127.0.0.1:50122" in frame


def test_the_devices_password_is_not_shown(director: Client) -> None:
    assert "secret1" not in body(director, FRAME)


def test_refused_frames_and_junk_are_shown_as_they_came_and_harm_nothing(director: Client) -> None:
    refused = words(body(director, "/entries/intake-0/2/"))
    assert "crc" in refused
    junk = body(director, "/entries/intake-0/3/")
    assert "hello&lt;script&gt;" in junk


def test_what_does_not_exist_is_told_as_such(director: Client) -> None:
    for path in (
        "/entries/intake-0/99/",
        "/entries/no..such/1/",
        "/points/NO/",
        "/figures/PARK/x/never/",
        f"{FIGURE}?at=9.9",
    ):
        assert director.get(path).status_code == 404, path
    assert "没有 intake-0/99 这条存证" in director.get("/entries/intake-0/99/").content.decode()


def test_a_chart_and_its_table_twin_share_one_scale(director: Client) -> None:
    twin = words(body(director, "/").partition('id="chart-energy"')[2].partition("</table>")[0])
    assert "万 tce 2025 2024 1月 8.946 9.303" in twin


def test_live_values_show_age_refusals_and_who_is_late(director: Client) -> None:
    shown = words(body(director, "/live/", hx_request="true"))
    assert "41.25" in shown
    assert "7 秒前" in shown
    assert "crc 3" in shown
    assert "3 天前 · 迟了" in shown
    assert "未登记的设备" in shown


def test_doubts_about_the_readings_lead_to_their_hours_and_belong_to_the_subject(director: Client) -> None:
    part = body(director, "/quality/?subject=E01&year=2025", hx_request="true")
    assert "氮氧化物缺 5 小时。" in part
    assert "/points/E01-G1-nox/?start=2025-03-13T23%3A00%3A00%2B00%3A00" in part
    assert "电表的值晚到" not in body(director, "/quality/?subject=E01-G1")
    assert 'hx-get="/quality/?subject=PARK' in body(director, "/")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(director: Client, path: str) -> None:
    director.cookies["django_language"] = "en"
    english = director.get(path)
    assert english.headers["Content-Language"] == "en"
    told = words(english.content.decode().replace("协同", "").replace("中文", "")).replace("青塬特钢 焦炭", "")
    allowed = ("氮氧化物", "颗粒物", "烟尘", "二氧化硫", "填报", "电表", "综合能耗计算通则", "附录")
    assert [word for word in re.findall(r"[\u4e00-\u9fff]+", told) if not any(ok in word for ok in allowed)] == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_for_anything_inline_or_from_elsewhere(director: Client, path: str) -> None:
    response = director.get(path)
    html = response.content.decode()
    assert "'unsafe" not in response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', html) == []
    assert re.findall(r'<script(?![^>]*(?:\bsrc=|type="application/json"))', html) == []
    assert re.findall(r'\sstyle="|\son\w+="', html) == []


def test_the_language_switch_keeps_the_page(director: Client, park: Registry) -> None:
    response = director.post("/language/", {"language": "en", "next": FIGURE})
    assert (response.status_code, response.headers["Location"]) == (302, FIGURE)
    assert "Energy per output value" in body(director, FIGURE)
    elsewhere = director.post("/language/", {"language": "en", "next": "https://example.org/"})
    assert elsewhere.headers["Location"] == "/"


def test_chinese_is_the_default_even_for_an_english_browser(director: Client) -> None:
    assert "能源" in body(director, "/", accept_language="en-GB,en;q=0.9")
