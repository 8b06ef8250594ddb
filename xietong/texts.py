"""A sentence for a person, in both languages.

What a user may see (a reason, a remedy, a title) travels as a Text from the room that knows it
to the edge that shows it, so that no lower room needs to know the reader's language.
"""

import re
from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence, 中文 first."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Give the sentence in one language."""
        return self.zh if language == "zh" else self.en


# What steers a terminal or turns the order of letters: C0 without tab and line feed, DEL, C1, line separators, bidi.
_STEERING = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")
_BREAKING = re.compile(f"[\t\n]|{_STEERING.pattern}")


def escaped(text: str, *, in_line: bool = False) -> str:
    """A text that others wrote, safe to print: control characters as \\u001b, which JSON reads as the same.

    in_line: tabs and line feeds too, where the text stands within a sentence of ours.
    """
    pattern = _BREAKING if in_line else _STEERING
    return pattern.sub(lambda found: f"\\u{ord(found[0]):04x}", text) if pattern.search(text) else text
