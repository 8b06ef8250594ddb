"""One fact, four statements of it: columns.csv says the columns; model, noun and registry are held to it, name by name.

Fields of a model beside the columns are few and listed here with their reason. That a field can hold what its
column may say is in test_park_schema.
"""

from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from xietong.park import models, nouns
from xietong.park.actions import MODELS
from xietong.park.package.schema import TABLES

NOUNS: dict[str, type[Any]] = {
    "subjects": nouns.Subject,
    "points": nouns.Point,
    "reported": nouns.ReportedAmount,
    "targets": nouns.Target,
    "limits": nouns.Limit,
    "expected": nouns.Expected,
    "events": nouns.Event,
    "key_lists": nouns.KeyListing,
    "measures": nouns.Measure,
    "effects": nouns.Effect,
    "flows": nouns.Flow,
    "documents": nouns.Document,
    "accounts": nouns.Account,
}
BESIDE_THE_COLUMNS = {"reported": {"below"}}
"""`below` is the mark < of an amount: the limit of detection, out of the same cell."""
WHERE_IT_STANDS = {"reported": {"entry", "row", "recorded_at"}}
"""A noun that evidence pages lead to says which row of which file it is."""
OF_EVERY_FACT = {field.name for field in models.Revision._meta.get_fields()} | {"id"}


def columns(table: str) -> set[str]:
    """The attributes of a table's columns, as columns.csv names them."""
    return {column.attribute for column in TABLES[table].columns}


@pytest.mark.parametrize("table", sorted(MODELS))
def test_a_model_keeps_the_columns_and_nothing_else(table: str) -> None:
    kept = {field.name for field in MODELS[table]._meta.concrete_fields} - OF_EVERY_FACT
    assert kept == columns(table) | BESIDE_THE_COLUMNS.get(table, set())


@pytest.mark.parametrize("table", sorted(NOUNS))
def test_a_noun_says_the_columns_and_nothing_else(table: str) -> None:
    said = {field.name for field in fields(NOUNS[table])}
    assert said == columns(table) | BESIDE_THE_COLUMNS.get(table, set()) | WHERE_IT_STANDS.get(table, set())


@pytest.mark.parametrize("table", sorted(NOUNS))
def test_a_noun_and_its_columns_agree_on_choices_and_defaults(table: str) -> None:
    hints = get_type_hints(NOUNS[table])
    defaults = {field.name: field.default for field in fields(NOUNS[table])}
    for column in TABLES[table].columns:
        hint = hints[column.attribute]
        if get_origin(hint) is Literal:
            assert set(get_args(hint)) == set(column.values), column.name
        default = defaults[column.attribute]
        assert default is MISSING or not column.required, f"{column.name} is required and its noun goes without"
        if column.default and default is not MISSING:
            assert str(default).lower() == column.default, column.name


def test_the_registry_has_every_table_under_its_name() -> None:
    """Factors stay rows of words, column by column: the calculation reads them together with the published ones."""
    held = get_type_hints(nouns.Registry)
    assert set(MODELS) - set(NOUNS) == {"factors"}
    assert {table: noun for table, noun in NOUNS.items() if noun not in get_args(held[table])} == {}
    assert "factors" in held
