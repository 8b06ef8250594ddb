"""Figures written down and read back are equal to the last digit, and what several rest on is written once."""

import json

from small_parks import monthly, park, subject

from xietong.accounting import figures
from xietong.accounting.closed.differences import FigureChange, compared, rows_changed, weighed
from xietong.accounting.closed.frozen import freeze, thaw
from xietong.accounting.closed.reports import factors_used
from xietong.calc.figures import Figure
from xietong.periods import Period
from xietong.texts import Text

NAME = Text("原煤", "raw coal")


def some() -> dict[str, Figure]:
    rows = monthly("A", "raw_coal", "100.1", "t") + monthly("A", "output_value", "33.3", "万元", range(1, 7))
    return figures(park(subject("A"), reported=rows), None, "P", Period.parse("2025"))


def test_what_is_frozen_comes_back_equal() -> None:
    found = some()
    text = json.dumps(freeze(found), ensure_ascii=False)
    back = thaw(json.loads(text))
    assert list(back) == list(found)
    assert back == found
    assert {each.status for each in back.values()} >= {"ok", "partial", "not_applicable"}


def test_numbers_are_text_exact_to_the_last_digit() -> None:
    figure = Figure("x", 0.1 + 0.2, "t", inputs=(Figure("y", 1e-300, "t"), Figure("z", None, "t", "missing")))
    nodes = freeze({"x": figure})["nodes"]
    assert [node.get("value") for node in nodes] == ["1e-300", None, "0.30000000000000004"]
    assert thaw(freeze({"x": figure}))["x"].value == 0.1 + 0.2


def test_what_many_figures_rest_on_is_written_once() -> None:
    shared = Figure("raw_coal", 3.0, "t", title=NAME)
    twin = Figure("raw_coal", 3.0, "t", title=NAME)
    frozen = freeze({"a": Figure("a", 3.0, "t", inputs=(shared,)), "b": Figure("b", 6.0, "t", inputs=(shared, twin))})
    assert [node["key"] for node in frozen["nodes"]] == ["raw_coal", "a", "b"]
    assert frozen["nodes"][2]["inputs"] == [0, 0]


def test_the_factors_used_are_listed_once_with_their_source() -> None:
    rows = list(factors_used(some().values()))
    coal = [row for row in rows if row["purpose"] == "coal_equivalent"]
    assert [(row["key"], row["published"]) for row in coal] == [("raw_coal", "0.7143 kgce/kg")]
    assert len({(row["purpose"], row["key"]) for row in rows}) == len(rows)


def figure(value: float | None, status: str = "ok", unit: str = "tce") -> Figure:
    return Figure("x", value, unit, "missing" if value is None else "partial" if status == "partial" else "ok")


def test_a_difference_is_a_value_a_unit_or_a_status_but_not_noise() -> None:
    before = {"a": figure(1.0), "b": figure(1.0), "c": figure(0.3), "d": figure(None), "e": figure(2.0)}
    after = {"a": figure(1.5), "b": figure(1.0, "partial"), "c": figure(0.1 + 0.2), "d": figure(None), "f": figure(4.0)}
    found = {each.key: each for each in compared("S", "2025", before, after)}
    assert list(found) == ["a", "b", "e", "f"]
    assert (found["a"].difference, found["a"].ratio) == (0.5, 0.5)
    assert (found["e"].after, found["f"].before, found["f"].ratio) == (None, None, None)


def change(subject: str, key: str, unit: str, before: float, after: float) -> FigureChange:
    return FigureChange(subject, "2025", key, Text("", ""), unit, before, after, "ok", "ok")


def test_the_heaviest_comes_first() -> None:
    """An amount weighs its change in the park's amount, a ratio its change by the subject's share of the energy."""
    changes = [
        change("A", "intensity", "tce/万元", 1.0, 1.5),
        change("A", "energy", "tce", 10.0, 12.0),
        change("B", "energy", "tce", 90.0, 99.0),
    ]
    found = weighed(changes, lambda key, _: 100.0, lambda subject, _: {"A": 10.0, "B": 90.0}[subject])
    assert [(each.subject, each.key) for each in found] == [("B", "energy"), ("A", "intensity"), ("A", "energy")]
    assert [round(each.weight, 9) for each in found] == [0.09, 0.05, 0.02]


def test_rows_are_known_by_their_names() -> None:
    before = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    after = [{"key": "a", "value": "1.5"}, {"key": "c", "value": "3"}]
    assert [(each.what, each.name["key"]) for each in rows_changed(before, after, ("key",))] == [
        ("changed", "a"),
        ("gone", "b"),
        ("new", "c"),
    ]
