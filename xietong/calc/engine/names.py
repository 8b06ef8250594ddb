"""What indicators, inputs, items and factors are called. Words of the field are in standard/terms.toml and items.csv,
where each has one spelling; here a key finds its own."""

from collections.abc import Iterable, Iterator
from functools import cache

from xietong.calc.engine.rules import RULES, TABLES
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.calc.keys import parted
from xietong.standard.text import standards, terms
from xietong.texts import Text


@cache
def name_of(key: str) -> Text:
    """The name of an indicator, an item, an input or a factor; the key itself where nobody named it."""
    return next(_names(key), Text(key, key))


def names_of(keys: Iterable[str]) -> Text:
    """The names of several keys in a row, each once."""
    names = list(dict.fromkeys(name_of(key) for key in keys))
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))


def title_of(figure: Figure, group: str = "") -> Text:
    """What a figure is called: the term of its key where its title is only its rule's or it has none, else the title
    that it was given. group: the key of the figure whose line it is, so that a line ("co2") finds its own word.
    """
    ruled = any(figure.title == rule.title for table in TABLES.values() for rule in table.get(figure.key, ()))
    if figure.title.zh and not ruled:
        return figure.title
    part = terms().get("part", {}).get(f"{group}:{figure.key}")
    return part or name_of(figure.key)


def _names(key: str) -> Iterator[Text]:
    base, kind = parted(key)
    for standard in standards():
        words = terms(standard)
        if key in words.get("part", {}):
            yield words["part"][key]
        for group in ("indicator", "input", "factor"):
            if base in words.get(group, {}):
                yield _with_kind(words[group][base], kind)
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
