"""Remarks on rows that can be loaded and are probably not meant: a target below zero of what cannot be, a factor's key
that nothing asks for, a flow from a subject to itself, a
target that nothing can be held against. Rows in, remarks out."""

from collections.abc import Iterable, Iterator
from functools import cache

from xietong.calc.engine.engine import RULES
from xietong.calc.factors.book import FactorBook
from xietong.calc.items import all_items
from xietong.calc.judgement.indicator_kinds import has_figure, is_several, nothing_of
from xietong.park.nouns import Registry
from xietong.park.package.sheets import Rejection, Row
from xietong.texts import Text

# Purposes whose keys are names or grades of the park's own making.
_FREE_KEYS = frozenset({"steam_enthalpy", "water_temperature", "price_index"})
# What may be below zero: a change against the year before, a stock that fell.
_MAY_FALL = ("change", "reduction", "growth", "decline", "net_")


def negative_target(row: Row) -> Iterator[Rejection]:
    """A target or basic value below zero of an indicator that counts or divides amounts."""
    key = row.values["indicator"].partition(":")[0]
    if key not in RULES or any(word in key for word in _MAY_FALL):
        return
    for name in ("target", "basic"):
        value = row.values[name]
        if value is not None and value < 0:
            yield row.reject(
                name,
                "negative",
                "目标小于零，这个指标不会小于零，永远（或总是）达标；已载入，请核对正负号",
                "a target below zero, which this indicator never is, so that it is met always or never; it was loaded, "
                "check the sign",
            )


def nothing_to_compare(row: Row) -> Iterator[Rejection]:
    """A target of what no figure answers to (another edition may know it), or of several amounts at once."""
    key = row.values["indicator"]
    if row.values["form"] == "requirement":
        return
    if not has_figure(key):
        yield row.reject(
            "indicator",
            "unknown_indicator",
            "没有这个指标，这个目标已载入，但不会有实际值可比；请核对指标键",
            "no such indicator is computed, so the target was loaded but will have nothing to be compared with; "
            "check the key",
        )
    elif is_several(key):
        yield _no_figure(row, "indicator", nothing_of(key, ""))


def remarks_of_targets(rows: Iterable[Row], park: Registry) -> list[Rejection]:
    """The targets that a file has just brought of what is not computed for their kind of subject."""
    found = []
    for row in rows:
        subject, key = park.subjects.get(row.values["subject"]), row.values["indicator"]
        if subject is None or row.values["form"] == "requirement" or is_several(key):
            continue
        if (why := nothing_of(key, subject.kind)) is not None:
            found.append(_no_figure(row, "indicator", why))
    return found


def _no_figure(row: Row, column: str, why: Text | None) -> Rejection:
    zh, en = why or Text("", "")
    return row.reject(
        column,
        "no_figure",
        f"{zh}这个目标已载入，没有实际值可比时不参加评定；请改用适用的主体或指标",
        f"{en} The target was loaded and is not judged where it has nothing to be compared with; name another subject "
        "or indicator",
    )


def unknown_factor_key(row: Row) -> Iterator[Rejection]:
    """A factor whose key is no item and that no built-in row of its purpose has: no figure will ask for it."""
    purpose, key = row.values["purpose"], row.values["name"]
    if purpose in _FREE_KEYS or all(part.partition(":")[0] in _keys(purpose) for part in key.split("/")):
        return
    yield row.reject(
        "key",
        "unknown_key",
        "没有哪个项目或内置系数叫这个键，已载入但没有数会用到它；请核对系数键（xietong factors --all）",
        "no item and no built-in factor has this key, so it was loaded and no figure will use it; check the key "
        "(xietong factors --all)",
    )


@cache
def _keys(purpose: str) -> frozenset[str]:
    """What a factor of that purpose may be of."""
    shipped = {row.key.partition(":")[0] for row in FactorBook.default().rows() if row.purpose == purpose}
    return frozenset(shipped | all_items().keys() | {"electricity", "heat", "steam"})


def circular_flow(row: Row) -> Iterator[Rejection]:
    """A flow from a subject to itself, which moves nothing."""
    if row.values["origin"] == row.values["destination"]:
        yield row.reject(
            "to",
            "same_ends",
            "供方和受方是同一主体，什么也没有转移；已载入但不影响合计，请核对受方",
            "who gives and who takes are the same subject, so nothing moves; it was loaded and changes no total, check "
            "who takes",
        )
