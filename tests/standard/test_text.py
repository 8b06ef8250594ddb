"""The standard as data: every number once, every rule's clause exists, every table row and word is answered."""

from collections import Counter

import pytest

from xietong.accounting.figures.tables import table_keys
from xietong.calc.engine.engine import RULES
from xietong.calc.factors.rows import UNIT_OF_PURPOSE
from xietong.calc.items import all_items, pollutants
from xietong.park.nouns import DEFAULT_CHOICES
from xietong.standard.text import choices, clauses, default_main, interpretations, standards, table_rows, terms

POLLUTANTS = [each.item for each in pollutants()]


def test_every_sentence_of_the_text_once_with_its_force() -> None:
    forces = Counter(clause.force for clause in clauses().values())
    assert len(clauses()) == 187
    assert forces == {"应": 144, "宜": 30, "": 7, "可": 4, "不得": 2}
    assert all(clause.gloss.zh and clause.gloss.en for clause in clauses().values())


@pytest.mark.parametrize(("clause", "force"), [("4.6.1", "宜"), ("5.3.4-2", "不得"), ("7.4.4", "可"), ("7.4.6", "应")])
def test_the_force_is_the_texts(clause: str, force: str) -> None:
    assert clauses()[clause].force == force


def test_every_rule_cites_a_clause_that_exists() -> None:
    assert len(RULES) > 500
    assert {rule.clause for rules in RULES.values() for rule in rules} - set(clauses()) == set()


def test_every_row_of_every_table_has_indicators_that_exist() -> None:
    rows = table_rows()
    assert Counter(row.table for row in rows) == {1: 4, 2: 4, 3: 5, 4: 4, 5: 4}
    for row in rows:
        assert row.id in clauses()
        for key in (*row.indicators, *row.instead):
            for pollutant in POLLUTANTS:
                assert key.format(pollutant=pollutant) in RULES, key


def test_the_tables_that_are_shown_are_the_standards() -> None:
    """Every row's first indicator is shown in its table, at an outlet for table 3; for a park what stands instead."""
    for row in table_rows():
        for key in row.indicators[:1]:
            assert key in table_keys("outlet" if row.at else "park")[row.table], row.id
        for key in row.instead:
            assert key in table_keys("park")[row.table], row.id


@pytest.mark.parametrize(
    ("row", "key"),
    [("T3-1", "particulate"), ("T3-2", "so2"), ("T3-3", "nox"), ("T3-4", "cod"), ("T3-5", "ammonia_nitrogen")],
)
def test_the_concentrations_of_table_3_cite_their_rows(row: str, key: str) -> None:
    assert RULES[f"{key}_concentration"][0].clause == row
    assert next(each for each in table_rows() if each.id == row).indicators == (f"{key}_concentration",)


def test_main_indicators_by_default() -> None:
    assert default_main("energy_per_output_value")
    assert not default_main("waste_gas_intensity")
    assert not default_main("phlogiston")


def test_every_interpretation_cites_clauses_and_starts_with_the_parks_default() -> None:
    ids = [each.id for each in interpretations()]
    assert len(ids) == len(set(ids)) > 20
    for each in interpretations():
        assert set(each.clauses) <= set(clauses()), each.id
        assert each.question.zh
        assert each.question.en
        if each.choice:
            assert each.options[0] == DEFAULT_CHOICES[each.choice], each.id
    named = {each.choice for name in standards() for each in interpretations(name) if each.choice}
    assert named == set(DEFAULT_CHOICES) == set(choices())


def test_every_indicator_input_and_purpose_has_its_words() -> None:
    words = terms()
    family_words = {form.format(pollutant) for form in words["family"] for pollutant in POLLUTANTS}
    assert set(RULES) - set(words["indicator"]) - family_words == set()
    assert set(words["indicator"]) - set(RULES) == set()
    assert set(UNIT_OF_PURPOSE) == set(words["factor"])
    needed = {
        argument.source.partition(":")[0]
        for key, rules in RULES.items()
        for rule in rules
        for argument in rule.arguments
        if argument.shape != "factors" and argument.source not in RULES and key not in family_words
    }
    assert needed - set(words["input"]) - set(all_items()) == set()


def test_no_word_is_spelt_two_ways() -> None:
    for group in ("noun", "indicator", "input", "factor"):
        for language in range(2):
            spelt = Counter(word[language] for word in terms()[group].values())
            assert [word for word, times in spelt.items() if times > 1] == [], group
