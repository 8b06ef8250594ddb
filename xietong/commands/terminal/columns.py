"""Columns of a terminal: text padded by the width that it takes there, and what stands in the columns of a figure."""

from xietong.calc.engine.names import title_of
from xietong.calc.figures import Figure
from xietong.standard.text import terms
from xietong.texts import Language

_WIDE_FROM = "\u2e80"


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character takes two."""
    return len(text) + sum(letter >= _WIDE_FROM for letter in text)


def padded(text: str, width: int) -> str:
    """The text with blanks after it, one at least."""
    return text + " " * max(1, width - width_of(text))


def to_the_right(text: str, width: int) -> str:
    """The text with blanks before it."""
    return " " * max(0, width - width_of(text)) + text


def state_of(figure: Figure, language: Language) -> str:
    """The word of a figure's status; nothing where it is complete."""
    word = terms()["status"][figure.status]
    return "" if figure.status == "ok" else (word.zh if language == "zh" else word.en)


def amount_column(figure: Figure, width: int = 16) -> str:
    """The value, right, with the unit behind it, left: units of any width keep the digits in line."""
    if figure.value is None:
        return padded(to_the_right("—", width), width + 17)
    return padded(f"{figure.value:>{width}.10g} {figure.unit}", width + 17)


def figure_line(figure: Figure, key: str, language: Language, group: str = "") -> str:
    """A figure as a line: its key, its amount, what it is called, and its status where it is not complete."""
    title = title_of(figure, group)
    named = title.zh if language == "zh" else title.en
    state = state_of(figure, language)
    amount = " " * 33 if figure.kind == "items" else amount_column(figure)
    return f"{padded(key, 40)} {amount} {named}{f'  [{state}]' if state else ''}"
