"""Own factors 自有系数: which units of a park bring a factor of their own, so that a group counts their amounts by it.

A unit's amount of such an item enters the group's inputs under "raw_coal@ENT-01", apart from the rest; the factor book
finds the factor of that subject under such a key. Which factor counts for a subject itself is in `in_force`.
"""

from collections import defaultdict

from xietong.accounting.boundary import Boundary
from xietong.accounting.factors.in_force import own_rows
from xietong.calc.factors.rows import EMISSION_PURPOSES
from xietong.park.nouns import Registry

# Amounts that no factor of a subject turns into energy or carbon stay in one line.
_NEVER = frozenset({"product", "pollutant_emission", "treatment_reagent"})
_CARRIERS = frozenset({"electricity", "heat", "water_fresh"})


class OwnFactors:
    """The subjects with factors of their own in one registry."""

    def __init__(self, registry: Registry, boundary: Boundary) -> None:
        self._boundary = boundary
        self._keys: dict[str, set[str]] = defaultdict(set)
        self._purposes: dict[str, set[tuple[str, str]]] = defaultdict(set)
        own = own_rows(registry)
        for row in (*own.counting, *own.unproved, *own.protected):
            if row.get("subject") and row["purpose"] not in EMISSION_PURPOSES:
                self._keys[row["subject"]].add(row["key"])
        for row in own.counting:
            if row.get("subject"):
                self._purposes[row["subject"]].add((row["purpose"], row["key"]))

    def subject_of(self, unit: str, target: str, key: str) -> str:
        """The subject of a unit, itself or below it, whose factor counts for what the unit uses; "" where none has one.

        target: the engine's input that the amounts go to; key: the factor's.
        """
        if not self._keys or target in _NEVER:
            return ""
        below = self._boundary.below(unit)
        return next((each.code for each in below if key in self._keys.get(each.code, ())), "")

    @property
    def any_carrier(self) -> bool:
        """Whether any unit brings a factor of electricity, heat or water."""
        return any(key in _CARRIERS for named in self._purposes.values() for _, key in named)

    def has(self, unit: str, purpose: str, key: str) -> bool:
        """Whether a unit, or anything below it, brings a factor of its own of that purpose and key."""
        if not self._purposes:
            return False
        return any((purpose, key) in self._purposes.get(each.code, ()) for each in self._boundary.below(unit))
