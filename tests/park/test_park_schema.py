"""One table of columns drives models, reading, export and the page about it: here they are held together."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import models as django_models

from xietong.park.actions import MODELS
from xietong.park.fields import ExactDecimalField
from xietong.park.nouns import DEFAULT_CHOICES
from xietong.park.package.describing import renewed
from xietong.park.package.schema import CHOICES, FACTS, TABLES, Column, Table

PAGE = Path(__file__).parents[2] / "docs/park-package.md"
FIELDS: dict[str, type] = {
    "boolean": django_models.BooleanField,
    "date": django_models.DateField,
    "instant": django_models.DateTimeField,
    "decimal": ExactDecimalField,
    "amount": ExactDecimalField,
    "float": django_models.FloatField,
    "small": django_models.PositiveSmallIntegerField,
    "year": django_models.PositiveSmallIntegerField,
    "integer": django_models.PositiveIntegerField,
}
COLUMNS = [(table, column) for table in FACTS for column in table.columns]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{c.table}.{c.name}" for _, c in COLUMNS])
def test_every_column_has_a_field_that_holds_it(table: Table, column: Column) -> None:
    field = MODELS[table.name]._meta.get_field(column.attribute)
    assert isinstance(field, django_models.Field)
    if column.kind in FIELDS:
        assert isinstance(field, FIELDS[column.kind])
    elif field.max_length is not None:
        longest = max(map(len, column.values), default=0) if column.kind == "choice" else column.most
        assert field.max_length >= longest or column.kind in ("unit", "period")
    nothing_may_be = not column.required and not column.default and column.kind in FIELDS and column.kind != "boolean"
    assert field.null == nothing_may_be or column.kind == "amount"


def test_every_table_has_a_model_and_a_key_of_its_own_columns() -> None:
    assert {table.name for table in FACTS} == set(MODELS)
    for table in TABLES.values():
        assert set(table.key) <= {column.attribute for column in table.columns}
        assert table.sentence.zh
        assert table.sentence.en
    assert CHOICES.keys() == DEFAULT_CHOICES.keys()
    assert all(value in CHOICES[name] for name, value in DEFAULT_CHOICES.items())


def test_the_page_about_the_package_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page)


@pytest.mark.django_db
def test_the_migrations_make_what_the_models_say() -> None:
    call_command("makemigrations", "park", check=True, dry_run=True, skip_checks=True, verbosity=0)
