"""Charts are data: what the page's script draws is decided here."""

from itertools import pairwise

import pytest

from xietong.calc.figures import Figure, Status
from xietong.texts import Text
from xietong.wording.charts import (
    IndexLine,
    apart,
    bullet,
    chart_table,
    index_chart,
    indexed,
    month_mean,
    months_chart,
    nice_ceiling,
    partials,
    sparkline,
)


def figure(value: float | None, status: Status = "ok") -> Figure:
    return Figure("comprehensive_energy_consumption", value, "tce", status, title=Text("综合能源消耗量", "Energy"))


def year(*numbers: float | None) -> list[Figure | None]:
    return [figure(number) if number is not None else figure(None, "missing") for number in numbers]


def test_bars_start_at_zero_and_share_one_scale_with_last_year() -> None:
    option = months_chart(year(*[10_000.0] * 12), year(*[20_000.0] * 12), "tce", "--energy", "zh")
    assert option["yAxis"]["min"] == 0
    assert option["yAxis"]["max"] == 2
    assert option["yAxis"]["name"] == "万 tce"
    assert option["series"][0]["data"][0] == {"value": 1.0, "itemStyle": {"color": "--energy"}}
    assert option["series"][1]["data"] == [2.0] * 12
    assert option["xAxis"]["data"][11] == "12月"


def test_english_readers_get_thousands_and_their_months() -> None:
    option = months_chart(year(*[10_000.0] * 12), [], "tce", "--energy", "en")
    assert option["series"][0]["data"][0]["value"] == 10_000.0
    assert option["xAxis"]["data"][0] == "Jan"


def test_missing_is_a_hatched_gap_estimated_is_hollow_partial_is_hatched_future_is_nothing() -> None:
    months = [figure(None, "missing"), figure(5.0, "estimated"), figure(5.0, "partial"), None, *[figure(5.0)] * 8]
    missing, estimated, partial, future = months_chart(months, [], "t", "--air", "en")["series"][0]["data"][:4]
    assert missing["itemStyle"]["color"] == "transparent"
    assert "decal" in missing["itemStyle"]
    assert estimated["itemStyle"] == {"color": "transparent", "borderColor": "--air", "borderWidth": 1.5}
    assert partial["itemStyle"]["color"] == "--air"
    assert "decal" in partial["itemStyle"]
    assert future == {"value": None}


def test_no_tooltip_needs_an_inline_style() -> None:
    assert months_chart(year(1.0), [], "t", "--air", "zh")["tooltip"]["renderMode"] == "richText"


def test_the_index_is_a_share_of_the_base_and_knows_what_misses_parts() -> None:
    months = [figure(50.0), figure(100.0), figure(60.0, "partial"), figure(None, "missing"), None]
    assert indexed(months, 80.0) == (62.5, 125.0, 75.0, None, None)
    assert indexed(months, None) == (None,) * 5
    assert partials(months) == (False, False, True, False, False)


def test_a_partial_month_is_a_hollow_point_on_the_joint_line() -> None:
    option = index_chart([IndexLine("碳", "--carbon", (90.0, 95.0), (False, True))], ["1月", "2月"], "")
    assert [each["symbol"] for each in option["series"][0]["data"]] == ["none", "emptyCircle"]


def test_the_base_needs_half_a_year() -> None:
    assert month_mean(year(*[2.0] * 6)) == 2.0
    assert month_mean(year(*[2.0] * 5)) is None


def test_the_joint_chart_labels_its_lines_and_marks_its_base() -> None:
    option = index_chart([IndexLine("能源", "--energy", (90.0, 110.0))], ["1月", "2月"], "上年月均 = 100")
    line = option["series"][0]
    assert line["endLabel"]["formatter"] == "{a}"
    assert line["markLine"]["data"] == [{"yAxis": 100}]
    assert option["yAxis"]["name"] == "上年月均 = 100"
    assert option["yAxis"]["min"] <= 90
    assert option["yAxis"]["max"] >= 110


@pytest.mark.parametrize(
    ("ends", "moved"),
    [
        ([10.0, 60.0], [0.0, 0.0]),
        ([50.0, 50.0], [-8.5, 8.5]),
        ([54.0, 50.0], [6.5, -6.5]),
        ([50.0, 52.0, 60.0, 200.0], [-13.0, 2.0, 11.0, 0.0]),
        ([], []),
    ],
)
def test_labels_move_apart_no_more_than_they_must(ends: list[float], moved: list[float]) -> None:
    assert apart(ends) == moved


def test_the_end_labels_of_the_joint_chart_stand_apart() -> None:
    numbers = ((104.9,), (102.6,), (96.9,), (97.6, None))
    option = index_chart([IndexLine(str(n), "--air", n) for n in numbers], ["1月", "2月"], "")
    low, high = option["yAxis"]["min"], option["yAxis"]["max"]
    heights = sorted(
        (high - numbers[place][0]) / (high - low) * 205 + line["endLabel"]["offset"][1]
        for place, line in enumerate(option["series"])
    )
    assert min(below - above for above, below in pairwise(heights)) >= 16.8


def test_a_bullet_keeps_value_target_and_basic_on_one_axis_from_zero() -> None:
    bar = bullet(0.6, 0.5, 0.8)
    assert bar is not None
    assert bar.top == 1.0
    assert (bar.value, bar.target, bar.basic) == (60.0, 50.0, 80.0)
    assert bullet(None, 0.5, None) is None


@pytest.mark.parametrize(("value", "ceiling"), [(0.84, 1.0), (1.0, 1.0), (1.01, 1.2), (2600.0, 3000.0), (0.0, 1.0)])
def test_axes_end_at_round_numbers(value: float, ceiling: float) -> None:
    assert nice_ceiling(value) == ceiling


def test_a_sparkline_lifts_its_pen_at_a_gap() -> None:
    line = sparkline(year(1.0, 2.0, None, 3.0, *[4.0] * 8))
    assert line is not None
    assert line.line.count("M") == 2
    assert len(line.gaps) == 1
    assert line.end == (108.0, 3.0)
    assert sparkline(year(*[None] * 12)) is None


def test_every_chart_has_a_table_twin() -> None:
    rows = chart_table({"this": [1.0, None], "last": [3.0]}, ["1月", "2月"])
    assert rows == [{"name": "1月", "numbers": [1.0, 3.0]}, {"name": "2月", "numbers": [None, None]}]
