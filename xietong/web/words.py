"""What things are called on a page: a figure, an item, a status. Words of the field come from standard/terms.toml and
calc/items.csv, where each has one spelling; sentences go through gettext.
"""

import re
from collections.abc import Iterator
from functools import cache

from xietong.calc.engine import RULES
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.standard.text import terms
from xietong.texts import Language, Text

_KEY = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def term(group: str, key: str) -> Text:
    """A word of the field by its group (noun, status, grade …); the key itself where the file has none."""
    return terms().get(group, {}).get(key, Text(key, key))


@cache
def name_of(key: str) -> Text:
    """The name of an indicator, an item, an input or a factor; the key itself where nobody named it."""
    return next(_names(key), Text(key, key))


def _names(key: str) -> Iterator[Text]:
    base, _colon, kind = key.partition(":")
    for group in ("indicator", "input", "factor"):
        if base in terms()[group]:
            yield _with_kind(terms()[group][base], kind)
    yield from _family(key)
    if base in all_items():
        yield _with_kind(all_items()[base].name, kind)
    if key in RULES:
        yield RULES[key][0].title


def _family(key: str) -> Iterator[Text]:
    for form, word in terms()["family"].items():
        ending = form.removeprefix("{}")
        member = all_items().get(key.removesuffix(ending)) if key.endswith(ending) else None
        if member is not None:
            yield Text(word.zh.replace("{}", member.name.zh), word.en.replace("{}", member.name.en))


def _with_kind(name: Text, kind: str) -> Text:
    if not kind:
        return name
    of = all_items()[kind].name if kind in all_items() else Text(kind, kind)
    return Text(f"{name.zh}（{of.zh}）", f"{name.en} ({of.en})")


def title_of(figure: Figure) -> Text:
    """What a figure is called: the term of its key where its title is only its rule's, else the title it was given."""
    ruled = figure.key in RULES and figure.title in [rule.title for rule in RULES[figure.key]]
    return name_of(figure.key) if ruled or not figure.title.zh else figure.title


def spoken(text: Text, language: Language) -> str:
    """A Text in the page's language, keys in it turned into names, its English opened with a capital."""

    def named(match: re.Match[str]) -> str:
        return name_of(match[0]).in_language(language)

    chosen = _KEY.sub(named, text.in_language(language))
    if language == "zh":
        return chosen
    chosen = chosen.replace("万元", "10k CNY")  # units in sentences come as they are written in the data
    return chosen[:1].upper() + chosen[1:]
