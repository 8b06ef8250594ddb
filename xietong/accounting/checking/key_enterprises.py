"""Key enterprises 重点企业: who is on a list of key units this year and last, and how the figures of each have changed.

Lists are dated (key_lists.csv); a park that keeps none of a kind has the undated marks of its subjects. Where last
year's list was not kept nobody is said to have entered or left.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from xietong.accounting.factors.in_force import day_of
from xietong.accounting.figures.account import UnknownNameError
from xietong.accounting.figures.trends import Change, compared
from xietong.calc.indicators.pollutants import TABLE_3
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.park.registry.presence import here_of, is_here
from xietong.periods import Period
from xietong.texts import Text

Movement = Literal["entered", "left", "stayed", "unknown"]


class Kind(NamedTuple):
    """A kind of key units: the words by which lists are of it, the mark on a subject, and the figures that matter."""

    words: tuple[str, ...]
    mark: str
    keys: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "energy": Kind(
        ("用能", "能耗", "energy"),
        "key_energy",
        ("comprehensive_energy_consumption", "energy_per_output_value", "clean_energy_share", "carbon_emission_total"),
    ),
    "carbon": Kind(
        ("碳", "carbon"),
        "key_carbon",
        ("carbon_emission_total", "carbon_emission_intensity", "energy_carbon_emission"),
    ),
    "pollution": Kind(
        ("排污", "污染", "环境监管", "pollut"),
        "key_pollution",
        (*(f"{name}_emission" for name in TABLE_3), "pollutant_emission_intensity"),
    ),
    "recycling": Kind(
        ("循环", "recycl"), "key_recycling", ("resource_utilization_rate", "solid_waste_utilization_rate")
    ),
}


# Key industries: every sector of the registry, with the figures of carbon (clause 6.5.3d).
SECTORS = "sectors"


class KeyUnit(NamedTuple):
    """One key unit: its movement on the list, why it is listed, and the change of each figure by key."""

    subject: Subject
    movement: Movement
    reasons: tuple[str, ...]
    changes: Mapping[str, Change]


class KeyUnits(NamedTuple):
    """The key units of a list in two years; source says where each year's list comes from.

    same: by key, the sums over the units that stayed and whose two figures are both whole (now, before).
    """

    period: Period
    before: Period
    source: tuple[Text, Text]
    units: tuple[KeyUnit, ...]
    same: Mapping[str, tuple[float, float]]


class _List(NamedTuple):
    """Who was listed in a year, each with the reasons; codes None where that year's list was not kept."""

    codes: Mapping[str, tuple[str, ...]] | None
    source: Text


def key_enterprises(
    registry: Registry, lake: Lake | None, period: Period, of: str = "energy", keys: Iterable[str] | None = None
) -> KeyUnits:
    """The key units of a period and of the same period a year before with the changes of their figures.

    of: a kind (energy, carbon, pollution, recycling), the very name of a list, or `sectors` for every sector; keys:
    which figures, those of the kind unless stated. Raises UnknownNameError for a list or key that does not exist.
    """
    kind = KINDS.get("carbon" if of == SECTORS else of, KINDS["energy"])
    before = period.previous_year()
    lists = [_listed(registry, of, span) for span in (period, before)]
    asked = tuple(kind.keys if keys is None else keys)
    codes = [code for code in registry.subjects if any(code in (each.codes or {}) for each in lists)]
    units = tuple(
        KeyUnit(
            registry.subjects[code],
            _movement(code, lists[0].codes, lists[1].codes),
            tuple(dict.fromkeys(reason for each in lists for reason in (each.codes or {}).get(code, ()) if reason)),
            {key: compared(registry, lake, code, key, (period, before)) for key in asked},
        )
        for code in codes
    )
    return KeyUnits(period, before, (lists[0].source, lists[1].source), units, _same(units, asked))


def codes_listed(registry: Registry, of: str, span: Period) -> tuple[str, ...]:
    """The subjects on a list of key units in a period; () where that year's list was not kept."""
    return tuple(_listed(registry, of, span).codes or ())


def _listed(registry: Registry, of: str, span: Period) -> _List:
    if of == SECTORS:
        sectors: dict[str, tuple[str, ...]] = {
            code: () for code, each in _here(registry, span).items() if each.kind == "sector"
        }
        return _List(sectors, Text("登记簿中的行业", "the sectors of the registry"))
    year = day_of(span).year
    kept = [each for each in registry.key_lists if _is_of(each.list_name, of)]
    found: dict[str, tuple[str, ...]] = {}
    for each in kept:
        if each.year == year and each.subject in registry.subjects:
            found[each.subject] = (*found.get(each.subject, ()), each.reason)
    if found:
        names = "、".join(sorted({each.list_name for each in kept if each.year == year}))
        return _List(found, Text(f"{year} 年{names}", f"list of {year}: {names}"))
    if kept:
        return _List(
            None, Text(f"没有 {year} 年的名录，进出不详；请补 key_lists.csv。", f"no list of {year} was kept; add it.")
        )
    return _marked(registry, of, span)


def _here(registry: Registry, span: Period) -> dict[str, Subject]:
    """The subjects that were in the park on some day of the span."""
    known = here_of(registry.subjects)
    return {code: each for code, each in registry.subjects.items() if is_here(known, code, span)}


def _marked(registry: Registry, of: str, span: Period) -> _List:
    """The subjects that carry the mark of the kind and were there; the mark has no date."""
    if of not in KINDS:
        names = sorted({each.list_name for each in registry.key_lists})
        known = "、".join([*KINDS, SECTORS, *names])
        raise UnknownNameError(Text(f"没有名录“{of}”；可用 {known}。", f'there is no list "{of}"; use one of {known}.'))
    mark = KINDS[of].mark
    marked = {code: () for code, each in _here(registry, span).items() if getattr(each, mark)}
    return _List(marked, Text(f"登记簿中的 {mark} 标记（不注年份）", f"the undated marks {mark} of the registry"))


def _is_of(name: str, of: str) -> bool:
    if of not in KINDS:
        return name == of
    return any(word in name.casefold() for word in (KINDS[of].mark, *KINDS[of].words))


def _movement(code: str, now: Mapping[str, object] | None, before: Mapping[str, object] | None) -> Movement:
    if now is None or before is None:
        return "unknown"
    if code in now:
        return "stayed" if code in before else "entered"
    return "left"


def _same(units: Iterable[KeyUnit], keys: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Sums of amounts (no rates or shares) over the units listed in both years."""
    stayed = [unit for unit in units if unit.movement == "stayed"]
    found = {}
    for key in keys:
        pairs = [
            (change.now.value, change.before.value)
            for change in (unit.changes[key] for unit in stayed)
            if change.now.value is not None and change.before.value is not None and change.ratio is not None
        ]
        units_of = {unit.changes[key].now.unit for unit in stayed}
        if pairs and not any("/" in unit or unit == "%" for unit in units_of):
            found[key] = (sum(now for now, _ in pairs), sum(before for _, before in pairs))
    return found
