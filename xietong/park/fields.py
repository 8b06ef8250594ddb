"""Columns that keep a value exactly as it was stated, on every database."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    DecimalColumn = models.Field[Decimal | int | str | None, Decimal | None]
else:
    DecimalColumn = models.Field


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: one text for one value."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


class ExactDecimalField(DecimalColumn):
    """A decimal kept as text (give it max_length), because SQLite would keep a DecimalField as a float of 15 digits.

    Sums are made by accounting from the Registry, never by the database.
    """

    def get_internal_type(self) -> str:
        """Text in the database."""
        return "CharField"

    def from_db_value(self, value: str | None, *_: object) -> Decimal | None:
        """Read the text back."""
        return None if value is None else Decimal(value)

    def to_python(self, value: object) -> Decimal | None:
        """Accept what Django's serialisers and forms give."""
        return None if value is None else Decimal(str(value))

    def get_prep_value(self, value: object) -> str | None:
        """Write one text for one value."""
        return None if value is None else plain(Decimal(str(value)))
