"""Rule packs: the rules of one standard beside those of another, on one engine and never mixed.

A pack is a standard's own table of rules and the keys that it takes over from the park standard, with all they rest
on; a rule of its own comes before one taken over. What the standard says is in standard/, whose `standard.toml` names
the module with the rules.
"""

import importlib
from collections.abc import Callable, Hashable, Mapping
from datetime import date
from functools import cache, cached_property

from xietong.calc.engine.rules import RULES, Rule, RuleTable, rule_table
from xietong.calc.figures import Figure
from xietong.calc.keys import group_of
from xietong.standard.text import MAIN, about

DAYS_KEPT = 512


class RulePack:
    """The rules that one standard knows: its own, and those it takes over from another table."""

    def __init__(
        self, name: str, rules: RuleTable, base: RuleTable | None = None, takes_over: tuple[str, ...] = ()
    ) -> None:
        self.name, self.rules = name, rules
        self._base = RuleTable() if base is None else base
        self._takes_over = takes_over
        self._editions = (0, 0)
        self._in_force: dict[Hashable, RulesInForce] = {}

    def in_force(self, on: date, choices: Mapping[str, str]) -> "RulesInForce":
        """The rules of one day and one set of choices, each found once as long as no rule is entered or taken out."""
        editions = (self.rules.edition, self._base.edition)
        if editions != self._editions or len(self._in_force) >= DAYS_KEPT:
            self._editions = editions
            self._in_force.clear()
        key = (on, tuple(sorted(choices.items())))
        found = self._in_force.get(key)
        if found is None:
            found = self._in_force[key] = RulesInForce(self, on, dict(choices))
        return found

    def rule_for(self, key: str, on: date, choices: Mapping[str, str]) -> Rule | None:
        """The rule of that key in force: the pack's own, else one taken over, else None."""
        own = self.rules.rule_for(key, on, choices)
        if own is not None or key not in self.taken_over:
            return own
        return self._base.rule_for(key, on, choices)

    def all_of(self, key: str) -> tuple[Rule, ...]:
        """Every edition and choice of a key that the pack knows."""
        if key in self.rules:
            return tuple(self.rules[key])
        return tuple(self._base[key]) if key in self.taken_over else ()

    @cached_property
    def taken_over(self) -> frozenset[str]:
        """The keys taken over with everything they rest on, but for what the pack has rules of its own for."""
        found: set[str] = set()
        asked = list(self._takes_over)
        while asked:
            key = group_of(asked.pop())
            if key in found or key not in self._base:
                continue
            found.add(key)
            rules = self.rules.get(key, self._base[key])
            asked += [argument.source for rule in rules for argument in rule.arguments if argument.shape != "factors"]
        return frozenset(found - set(self.rules))

    @property
    def keys(self) -> frozenset[str]:
        """Every key that a rule of the pack answers."""
        return frozenset(self.rules) | self.taken_over


class RulesInForce(dict[str, Rule | None]):
    """A pack's rules of one day and one set of choices: key → the rule in force or None, found when asked for."""

    def __init__(self, pack: RulePack, on: date, choices: Mapping[str, str]) -> None:
        super().__init__()
        self._pack, self._on, self._choices = pack, on, choices
        self._idle: dict[str, tuple[Figure, Figure]] = {}

    def shared(self, key: str, given: Figure, make: Callable[[Figure], Figure]) -> Figure:
        """What is made of a given figure; of one that was never due once in a row, for it is the same for many."""
        if given.status != "not_applicable":
            return make(given)
        known = self._idle.get(key)
        if known is None or known[0] is not given:
            known = self._idle[key] = (given, make(given))
        return known[1]

    def __missing__(self, key: str) -> Rule | None:
        found = self[key] = self._pack.rule_for(key, self._on, self._choices)
        return found


PARK_STANDARD = RulePack(MAIN, RULES)


@cache
def rule_pack(standard: str) -> RulePack:
    """The rules of a standard by its name; raises KeyError for a name that no standard has."""
    if standard == MAIN:
        return PARK_STANDARD
    known = about(standard)
    importlib.import_module(known.module)
    return RulePack(standard, rule_table(standard), RULES, known.takes_over)
