"""Who counts for whom: the units of a park, zone or sector, and which outlets discharge to the environment.

What an outlet sends to a works inside the park is 纳管量: the works' own outlet carries what is left of it, so it never
is part of an emission (docs/decisions/0008-one-total-of-a-park.md).
"""

from collections import defaultdict

from xietong.calc.items import item, pollutants
from xietong.park.nouns import Point, Registry, Subject
from xietong.park.registry.presence import here_of, points_here

GROUPS = frozenset({"park", "zone", "sector"})


class Boundary:
    """The tree of one registry, asked by code."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._below = {code: registry.below(code) for code in registry.subjects}
        self._water = self._water_outlets()
        self._points: dict[str, list[Point]] = defaultdict(list)
        for _, point in sorted(points_here(registry.points, here_of(registry.subjects)).items()):
            self._points[point.subject].append(point)
        self._units: dict[str, tuple[Subject, ...]] = {}
        self._parts: dict[str, tuple[Subject, ...]] = {}
        self._every_outlet: dict[str, tuple[Subject, ...]] = {}
        self._outlets: dict[tuple[str, bool], tuple[Subject, ...]] = {}

    def below(self, code: str) -> tuple[Subject, ...]:
        """Every subject under this one, itself included."""
        return self._below[code]

    def units(self, group: str) -> tuple[Subject, ...]:
        """The subjects that a group's figures are summed over: the topmost below it that are no groups themselves."""
        if group not in self._units:
            subjects = self._registry.subjects
            self._units[group] = tuple(
                subject
                for subject in self._below[group]
                if subject.kind not in GROUPS
                and (subject.parent not in subjects or subjects[subject.parent].kind in GROUPS)
            )
        return self._units[group]

    def parts(self, code: str) -> tuple[Subject, ...]:
        """The subjects directly below one that is no group, outlets left out."""
        if code not in self._parts:
            below = self._below[code]
            self._parts[code] = tuple(each for each in below if each.parent == code and each.kind != "outlet")
        return self._parts[code]

    def works_of(self, outlet: Subject) -> Subject | None:
        """The works inside the park that receives what the outlet carries; None where it goes to the environment."""
        return self._registry.subjects.get(outlet.discharges_to)

    def points_below(self, code: str) -> list[Point]:
        """The points of a subject and of all below it, by code."""
        found = [point for each in self._below[code] for point in self._points.get(each.code, ())]
        return sorted(found, key=lambda point: point.code)

    def outlets_below(self, code: str) -> tuple[Subject, ...]:
        """The outlets below a subject, wherever they discharge to."""
        if code not in self._every_outlet:
            self._every_outlet[code] = tuple(each for each in self._below[code] if each.kind == "outlet")
        return self._every_outlet[code]

    def outlets(self, code: str, to_works: bool) -> tuple[Subject, ...]:
        """The outlets below a subject that discharge to a works inside, or those that discharge to the environment."""
        if (code, to_works) not in self._outlets:
            self._outlets[code, to_works] = tuple(
                each for each in self.outlets_below(code) if (self.works_of(each) is not None) == to_works
            )
        return self._outlets[code, to_works]

    def sends_all_to_works(self, code: str, name: str) -> bool:
        """Whether a water pollutant that a subject states for itself is 纳管量: it has no water outlet of its own."""
        if name != "wastewater" and item(name).carrier != "water":
            return False
        own = any(outlet.code in self._water for outlet in self.outlets(code, to_works=False))
        return bool(self.outlets(code, to_works=True)) and not own

    def _water_outlets(self) -> frozenset[str]:
        """The subjects of which the registry knows anything about water: a point, a limit or a statement."""
        registry = self._registry
        named = [(point.subject, point.item) for point in registry.points.values()]
        named += [(limit.subject, limit.item) for limit in registry.limits]
        named += [(row.subject, row.item) for row in registry.reported]
        return frozenset(subject for subject, name in named if _is_water(name))


def _is_water(name: str) -> bool:
    return name == "wastewater" or name in _WATER


_WATER = frozenset(each.item for each in pollutants() if each.carrier == "water")
