"""Keys taken apart and written again: item, kind, use, whose, and the endings of what no rule makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xietong.calc.engine.rules import RULES
from xietong.calc.items import pollutants
from xietong.calc.keys import (
    DERIVED,
    Key,
    derived_of,
    group_of,
    kind_of,
    parted,
    subject_of,
    use_of,
    without_subject,
    without_use,
)

POLLUTANTS = {each.item for each in pollutants()}
WORD = st.text(st.sampled_from("abz_09"), min_size=1, max_size=6)
REST = st.one_of(st.just(""), st.text(st.sampled_from("abz.09-煤"), min_size=1, max_size=6))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("so2", Key("so2")),
        ("steam_purchased:0.95MPa", Key("steam_purchased", "0.95MPa")),
        ("raw_coal#conversion", Key("raw_coal", use="conversion")),
        ("raw_coal@ENT-01", Key("raw_coal", subject="ENT-01")),
        ("steam:0.8MPa@ENT-01", Key("steam", "0.8MPa", subject="ENT-01")),
        ("cod_to_works", Key("cod", derived="_to_works")),
        ("so2_emission_with_estimate", Key("so2_emission", derived="_with_estimate")),
        ("cod_to_works_with_estimate", Key("cod_to_works", derived="_with_estimate")),
        ("_taxed", Key("_taxed")),
    ],
)
def test_a_key_in_its_parts(text: str, key: Key) -> None:
    assert Key.parse(text) == key
    assert str(key) == text


@given(WORD, REST, REST, REST)
def test_what_was_taken_apart_is_written_as_it_was(item: str, kind: str, use: str, subject: str) -> None:
    key = Key.parse(str(Key(item, kind, use, subject)))
    assert (key.kind, key.use, key.subject) == (kind, use, subject)
    assert str(key) == str(Key(item, kind, use, subject))


def test_a_derived_figure_stands_on_a_pollutant_or_on_any_key() -> None:
    assert derived_of("cod_to_works", POLLUTANTS) == ("cod", "_to_works")
    assert derived_of("so2_highest_outlet", POLLUTANTS) == ("so2", "_highest_outlet")
    assert derived_of("raw_coal_taxed", POLLUTANTS) == ("", "")
    assert derived_of("carbon_emission_total_with_estimate", POLLUTANTS) == ("carbon_emission_total", "_with_estimate")
    assert derived_of("so2_emission", POLLUTANTS) == ("", "")


def test_no_rule_has_the_key_of_a_derived_figure() -> None:
    assert [key for key in RULES if key.endswith(tuple(DERIVED))] == []


def test_parts_of_a_key_by_themselves() -> None:
    assert (group_of("product:steel"), kind_of("product:steel"), kind_of("product")) == ("product", "steel", "")
    assert parted("product:steel") == ("product", "steel")
    assert (without_use("heat#sold"), use_of("heat#sold"), use_of("heat")) == ("heat", "sold", "")
    assert (without_subject("coke@E1"), subject_of("coke@E1"), subject_of("coke")) == ("coke", "E1", "")
