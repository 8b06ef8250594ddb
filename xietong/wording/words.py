"""What things are called on a page: a figure, an item, a status. Words of the field come from standard/terms.toml and
calc/items.csv, where each has one spelling; sentences go through gettext.
"""

import re

from xietong.calc.engine.names import name_of, title_of
from xietong.standard.text import terms
from xietong.texts import Language, Text

__all__ = ["name_of", "spoken", "term", "title_of"]

_KEY = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def term(group: str, key: str) -> Text:
    """A word of the field by its group (noun, status, grade …); the key itself where the file has none."""
    return terms().get(group, {}).get(key, Text(key, key))


def spoken(text: Text, language: Language) -> str:
    """A Text in the page's language, keys in it turned into names and gases written as everywhere on the pages (CO₂),
    its English opened with a capital."""

    def named(match: re.Match[str]) -> str:
        return name_of(match[0]).in_language(language)

    chosen = _KEY.sub(named, text.in_language(language)).replace("CO2", "CO₂")
    if language == "zh":
        return chosen
    chosen = chosen.replace("万元", "10k CNY")  # units in sentences come as they are written in the data
    return chosen[:1].upper() + chosen[1:]
