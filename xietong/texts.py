"""A sentence for a person, in both languages.

What a user may see (a reason, a remedy, a title) travels as a Text from the room that knows it
to the edge that shows it, so that no lower room needs to know the reader's language.
"""

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence, 中文 first."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Give the sentence in one language."""
        return self.zh if language == "zh" else self.en
