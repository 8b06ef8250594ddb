"""The library of emission limits: each row whole, and a park's limit that is laxer than what it names is found."""

from decimal import Decimal

import pytest

from xietong.calc.items import item
from xietong.calc.judgement.emission_limits import emission_limits, laxer_than_national, named_limits
from xietong.texts import Text


def limit(source: str, of: str, value: str, oxygen: str = "", unit: str = "mg/m3") -> Text | None:
    stated = {"kind": "concentration", "item": of, "value": Decimal(value), "unit": unit, "source": source}
    return laxer_than_national({**stated, "o2_reference": Decimal(oxygen) if oxygen else None})


def test_every_row_has_source_edition_table_and_a_basis() -> None:
    listed = emission_limits()
    assert len(listed) > 50
    for each in listed:
        assert all((each.source, each.edition, each.table_row, each.averaging))
        assert each.confidence in ("verified", "knowledge")
        assert item(each.item).carrier in ("air", "water")
        assert (each.o2_reference is not None) == (each.unit == "mg/m3")
        assert 0 < each.value < 1000
        assert each.valid_from < each.valid_to


@pytest.mark.parametrize(
    ("source", "of", "value", "oxygen"),
    [
        ("GB 13271-2014 表3 燃气锅炉", "nox", "150", "3.5"),
        ("GB 13271-2014 表2 燃煤锅炉", "so2", "300", "9"),
        ("GB 13271-2014", "so2", "400", "9"),
        ("GB 13271-2014 表3 燃气锅炉", "nox", "75", "12.25"),
        ("企业内控", "nox", "900", "9"),
        ("GB 132710 某标准", "nox", "900", "9"),
        ("GB 13271-2014", "cod", "900", ""),
    ],
)
def test_a_limit_as_strict_as_its_standard_says_nothing(source: str, of: str, value: str, oxygen: str) -> None:
    assert limit(source, of, value, oxygen) is None


@pytest.mark.parametrize(
    ("source", "of", "value", "oxygen", "unit", "words"),
    [
        ("GB 13271-2014 表3 燃气锅炉", "nox", "200", "3.5", "mg/m3", "special limits 150 mg/m3"),
        ("GB13271-2014", "so2", "401", "", "mg/m3", "in use 400 mg/m3"),
        # 150 at 3.5 % is 150 × (21 − 12.25) ÷ (21 − 3.5) = 75 at 12.25 %.
        ("GB 13271-2014 表3 燃气锅炉", "nox", "76", "12.25", "mg/m3", "which is 75.0 mg/m3 at 12.25 % O2"),
        ("GB 18918-2002 一级A", "cod", "60", "", "mg/L", "class 1A 50 mg/L"),
        ("GB 18918-2002 一级A", "cod", "0.06", "", "g/L", "class 1A 50 mg/L"),
        ("环发[2015]164号", "so2", "50", "6", "mg/m3", "ultra-low 35 mg/m3"),
    ],
)
def test_a_laxer_limit_is_named_with_the_national_one(
    source: str, of: str, value: str, oxygen: str, unit: str, words: str
) -> None:
    said = limit(source, of, value, oxygen, unit)
    assert said is not None
    assert words in said.en
    assert "宽松" in said.zh


def test_a_class_is_told_from_its_words_and_its_table() -> None:
    assert {each.class_name.zh for each in named_limits("GB 13271 表2 燃油", "nox")} == {"新建燃油锅炉"}
    assert len({each.class_name.zh for each in named_limits("GB 13271", "nox")}) == 6
    assert laxer_than_national({"kind": "annual", "item": "nox", "source": "GB 13271"}) is None
