"""Where else a reader of a figure may want to look: the same total split up or by other rules, and the pages that
check it. Only ways that exist for that subject are given."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext

from xietong.accounting.balances.one_total import TOTALS
from xietong.accounting.boundary import GROUPS
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.web.shell.languages import reading_language
from xietong.web.shell.links import figure_href
from xietong.wording.words import name_of, spoken

_ENERGY, _CARBON = TOTALS
_SPLIT = ("carbon_by_category", "greenhouse_gases")
_RELATED: Mapping[str, tuple[str, ...]] = {
    _CARBON: (*_SPLIT, "carbon_emission_total_location", "carbon_emission_total_market"),
    **{key: (_CARBON, *(each for each in _SPLIT if each != key)) for key in _SPLIT},
    _ENERGY: ("fuel_energy", "energy_with_feedstock", "clean_energy_share"),
}


def related(subject: Subject, key: str, span: Period) -> list[dict[str, str | bool]]:
    """The ways from a figure to what stands beside it; none for most figures."""
    others = _RELATED.get(key, ())
    found = [_way(spoken(name_of(each), reading_language()), figure_href(subject.code, each, span)) for each in others]
    asked = f"?subject={subject.code}&period={span.label}"
    if key == _ENERGY:
        found.append(_way(gettext("介质平衡"), reverse("balance") + asked, is_page=True))
    if key in TOTALS and subject.kind in GROUPS:
        found.append(_way(gettext("一个总量"), reverse("one-total") + asked, is_page=True))
    return found


def _way(label: str, href: str, *, is_page: bool = False) -> dict[str, str | bool]:
    """is_page: a page of its own, which the drawer does not take in."""
    return {"label": label, "href": href, "is_page": is_page}
