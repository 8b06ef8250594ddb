"""Key: what one figure, amount or factor is called, taken apart once.

    so2_emission   steam_purchased:0.95MPa   raw_coal#conversion   raw_coal@ENT-01   cod_to_works

item, then a kind of it after ":", the use it is put to after "#", whose it is after "@". A derived figure is a key with
one of the endings of DERIVED, which no rule makes: accounting says how each is made.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache

HIGHEST_OUTLET = "_highest_outlet"
TO_WORKS = "_to_works"
TAXED = "_taxed"
WITH_ESTIMATE = "_with_estimate"
# Ending → what stands before it: a pollutant, or any key.
DERIVED: Mapping[str, str] = {
    HIGHEST_OUTLET: "pollutant",
    TO_WORKS: "pollutant",
    TAXED: "pollutant",
    WITH_ESTIMATE: "key",
}
KEYS_KEPT = 16384


@dataclass(frozen=True, slots=True)
class Key:
    """A key in its parts, each "" where it has none; derived: the ending of DERIVED that stands after the item."""

    item: str
    kind: str = ""
    use: str = ""
    subject: str = ""
    derived: str = ""

    def __str__(self) -> str:
        """The key as it is written."""
        marked = ((":", self.kind), ("#", self.use), ("@", self.subject))
        return self.item + self.derived + "".join(f"{mark}{part}" for mark, part in marked if part)

    @classmethod
    def parse(cls, text: str) -> "Key":
        """A key taken apart; str() gives it back."""
        return _parsed(text)


@lru_cache(maxsize=KEYS_KEPT)
def _parsed(text: str) -> Key:
    rest, _, subject = text.partition("@")
    rest, _, use = rest.partition("#")
    item, _, kind = rest.partition(":")
    derived = next((ending for ending in DERIVED if item.endswith(ending) and item != ending), "")
    return Key(item[: len(item) - len(derived)], kind, use, subject, derived)


def derived_of(text: str, pollutants: Container[str]) -> tuple[str, str]:
    """(key, ending) of a derived figure's key: the key that it is made of; ("", "") where the text is none.

    pollutants: what may stand before an ending of pollutants; "x_to_works" of anything else is a key of its own.
    """
    for ending, stands_on in DERIVED.items():
        if text.endswith(ending):
            of = text[: -len(ending)]
            if stands_on == "key" or of in pollutants:
                return of, ending
    return "", ""


def group_of(text: str) -> str:
    """What stands before the kind: the input or item that a key is an amount of, the purpose of a factor's key."""
    return text.partition(":")[0]


def kind_of(text: str) -> str:
    """What stands after ":": the kind of an item, the name of an amount, a factor's key in its purpose; else ""."""
    return text.partition(":")[2]


def parted(text: str) -> tuple[str, str]:
    """(group, kind) of a key."""
    group, _, kind = text.partition(":")
    return group, kind


def without_use(text: str) -> str:
    """A key without the use it is put to."""
    return text.partition("#")[0]


def use_of(text: str) -> str:
    """The use an amount is put to; "" where none is named."""
    return text.partition("#")[2]


def without_subject(text: str) -> str:
    """A key without whose it is."""
    return text.partition("@")[0]


def subject_of(text: str) -> str:
    """Whose amount or factor it is; "" where it is anybody's."""
    return text.partition("@")[2]
