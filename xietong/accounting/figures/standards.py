"""A standard's own figures and verdicts for a subject and period: the rules of another pack over the same inputs.

What comes in is what `inputs.inputs` has made for the park standard, so nothing is counted in two ways; which rules,
points and thresholds count is the standard's own business (standard/, calc.rule_packs).
"""

from typing import NamedTuple

from xietong.accounting.factors.in_force import choices_of, day_of
from xietong.accounting.figures.account import UnknownNameError, account
from xietong.calc.engine.rule_packs import RulePack, rule_pack
from xietong.calc.figures import Figure
from xietong.calc.judgement.verdicts import Frame, Judged, better_of, judged
from xietong.calc.keys import group_of
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.standard.text import About, about, standards, table_rows
from xietong.texts import Text


class StandardAccount(NamedTuple):
    """What a standard says of a subject and period: its rows with figures and verdicts, in the standard's order."""

    about: About
    subject: str
    period: Period
    rows: tuple[Judged, ...]


def standard_account(
    registry: Registry, lake: Lake | None, subject: str, period: Period, standard: str
) -> StandardAccount:
    """The figures of a standard's list of indicators, each held against what the standard asks.

    Raises UnknownNameError for a subject or a standard that does not exist.
    """
    pack, own = _pack(standard), account(registry, lake, subject, period)
    calculation = own.under({}, pack)
    choices, day = choices_of(registry), day_of(period)
    whole_year = period.month_count == 12 and period.start.month == 1
    frame = Frame(own.subject.kind, whole_year, calculation.figure, better_of(pack, day, choices))
    return StandardAccount(about(standard), subject, period, tuple(judged(table_rows(standard), frame)))


def standard_figure(
    registry: Registry, lake: Lake | None, key: str, subject: str, period: Period, standard: str
) -> Figure:
    """One figure of a standard with its whole working; raises UnknownNameError for a key that it does not know."""
    pack, own = _pack(standard), account(registry, lake, subject, period)
    if group_of(key) not in pack.keys and key not in own.inputs:
        keys = sorted(pack.keys)
        raise UnknownNameError(
            Text(
                f"标准 {standard} 没有名为“{key}”的指标；它有 {'、'.join(keys)}。",
                f'the standard {standard} has no indicator "{key}"; it has {", ".join(keys)}.',
            )
        )
    return own.under({}, pack).figure(key)


def _pack(standard: str) -> RulePack:
    if standard not in standards():
        names = list(standards())
        raise UnknownNameError(
            Text(
                f"没有名为“{standard}”的标准；有 {'、'.join(names)}。",
                f'there is no standard "{standard}"; there are {", ".join(names)}.',
            )
        )
    return rule_pack(standard)
