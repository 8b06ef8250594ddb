"""What the commands call things: every key and every line of it by its name in both languages, open points as
sentences, columns that stay in line beside Chinese characters."""

import re
from collections.abc import Iterator
from pathlib import Path

import closed_parks
import pytest
from pytest_django import Settings

from xietong.accounting.figures.account import explain, known_keys
from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.calc.items import ANY, all_items
from xietong.cli import main
from xietong.commands.terminal.columns import amount_column, figure_line, padded, to_the_right, width_of
from xietong.park.nouns import Registry
from xietong.park.registry import snapshot
from xietong.periods import Period
from xietong.quality.cases import KINDS
from xietong.standard.text import about, clauses, interpretations, standards, terms
from xietong.texts import Text

HAN = re.compile(r"[\u4e00-\u9fff]")
FORMULAS = ("pH", "SF6", "NF3", "CF4", "C2F6")


@pytest.fixture
def park(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"
    closed_parks.found_park(settings.DATA, tmp_path / "package")


def lines(figure: Figure, group: str = "") -> Iterator[tuple[str, Text]]:
    yield f"{group}:{figure.key}", title_of(figure, group)
    if figure.kind == "items":
        for part in figure.inputs:
            yield from lines(part, figure.key)


def test_every_key_and_line_has_a_name_in_both_languages_whatever_its_status(park: None) -> None:
    """Over every known key of a park and of a tenant: most have no value there, and still a name."""
    made = snapshot.load()
    nameless = []
    for subject in ("P", "A"):
        for key in known_keys():
            for where, title in lines(asked(made, key, subject)):
                own = title.zh == where.rpartition(":")[2] and where.rpartition(":")[2] not in FORMULAS
                if own or not (HAN.search(title.zh) or title.zh in FORMULAS) or not title.en or HAN.search(title.en):
                    nameless.append((subject, where, title))
    assert nameless == []


def asked(made: Registry, key: str, subject: str) -> Figure:
    kind = "" if not needs_kind(key) else ":steel"
    return explain(made, None, f"{key}{kind}", subject, Period.year(2025))


def needs_kind(key: str) -> bool:
    return key in all_items() and all_items()[key].part == ANY


def test_a_missing_figure_says_its_name(park: None, capsys: pytest.CaptureFixture[str]) -> None:
    for language, name in (("zh", "工业增加值"), ("en", "industrial added value")):
        assert main(["account", "--subject", "A", "--period", "2025", "--key", "added_value", "--lang", language]) == 0
        assert name in capsys.readouterr().out.splitlines()[0]


def test_open_points_are_sentences_in_the_asked_language() -> None:
    for standard in standards():
        for point in interpretations(standard):
            told = point.sentence({})
            assert (told.zh[: len(point.question.zh)], told.zh[-1]) == (point.question.zh, "。"), point.id
            assert (told.en[: len(point.question.en)], told.en[-1]) == (point.question.en, "."), point.id
            assert HAN.search(told.en.replace("当量", "").replace("等价", "").replace("万元", "")) is None, point.id
            if point.choice and point.choice != "grade_coverage":
                assert len(point.words) == len(point.options), point.id
    by_id = {point.id: point for point in interpretations()}
    assert by_id["output-value"].sentence({}) == Text(
        "产值的口径：工业总产值还是工业增加值。现取：工业总产值（output_value = gross）；也可选：工业增加值（added）。",
        "What output value is: gross industrial output or added value. Taken: gross industrial output "
        "(output_value = gross); can be chosen: added value (added).",
    )
    told = by_id["price"].sentence({"price": "constant:2020"})
    assert "某一年的可比价（2020）（price = constant:2020）" in told.zh


def test_columns_stand_in_line_beside_chinese_characters() -> None:
    figures = [Figure("a", 1.5, "tce/万元"), Figure("b", 1234.5, "t"), Figure("c", None, "", "missing")]
    widths = {width_of(amount_column(figure)) for figure in figures}
    assert len(widths) == 1
    assert width_of(padded("能源 energy", 20)) == width_of(to_the_right("能源 energy", 20)) == 20
    assert "[缺失]" in figure_line(figures[2], "c", "zh")
    assert "[missing]" in figure_line(figures[2], "c", "en")


def test_every_code_that_is_printed_has_its_word() -> None:
    assert set(terms()["case"]) == {*KINDS, "deviation", "doubt", "beside"}
    sure = {each.confidence for name in standards() for each in clauses(name).values()}
    assert sure | {about(name).confidence for name in standards()} <= set(terms()["confidence"])
    assert {"met", "not_met", "not_classed", "not_assessable"} == set(terms()["verdict"])
