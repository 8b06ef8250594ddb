"""Further figures of an account that no single rule makes: the environmental tax, what is subject to it, and figures
with an estimate for the absent. `account` asks here before it asks the engine."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from xietong.accounting.books.consolidation import EMITTED, Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.figures.tax import KEY as TAX
from xietong.accounting.figures.tax import environmental_tax, taxed_amount
from xietong.accounting.inputs.estimates import any_estimate, estimates, label_of, with_estimate
from xietong.calc.engine.names import name_of
from xietong.calc.figures import Figure
from xietong.calc.keys import TAXED, WITH_ESTIMATE, derived_of
from xietong.calc.rounding import told_apart
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text


class AccountLike(Protocol):
    """The account of a subject and period."""

    books: Books
    subject: Subject

    @property
    def period(self) -> Period: ...
    @property
    def estimated(self) -> "AccountLike": ...
    def figure(self, key: str) -> Figure: ...


def further(account: AccountLike, key: str) -> Figure | None:
    """The figure of such a key; None for any other."""
    if key == TAX:
        return environmental_tax(account.books, account.subject, account.period)
    of, ending = derived_of(key, EMITTED)
    if ending == TAXED:
        return taxed_amount(account.books, account.subject, of, account.period)
    return _with_estimate(account, of) if ending == WITH_ESTIMATE else None


def further_keys(account: AccountLike, keys: Iterable[str]) -> list[str]:
    """Of a group, the keys of what can be shown with an estimate for the absent beside the incomplete figures shown."""
    if account.subject.kind not in GROUPS:
        return []
    named = [f"{key}{WITH_ESTIMATE}" for key in keys if account.figure(key).status in ("partial", "missing")]
    if not named or not any_estimate(account.books, account.subject, account.period):
        return []
    return [key for key in named if account.figure(key).value is not None]


def _with_estimate(account: AccountLike, key: str) -> Figure:
    """The figure of a group computed with the estimates for its absent units; without any, why there is none."""
    bare = account.figure(key)
    name = bare.title if bare.title.zh else name_of(key)
    named = f"{key}{WITH_ESTIMATE}"
    if bare.status not in ("partial", "missing") or account.subject.kind not in GROUPS:
        return Figure(named, None, bare.unit, "not_applicable", title=label_of(name), missing=(_COMPLETE,))
    if key in account.books.names:
        if not estimates(account.books, account.subject, key, account.period):
            return Figure(named, None, bare.unit, "not_applicable", title=label_of(name), missing=(_COMPLETE,))
        found = with_estimate(account.books, account.subject, key, account.period).figure
    else:
        found = account.estimated.figure(key)
    if found.value is None or found.value == bare.value:
        return Figure(named, None, bare.unit, "missing", title=label_of(name), missing=(_UNKNOWN, *found.missing))
    remarks = found.remarks if "estimated_share" in found.trace else (*found.remarks, _beside(bare, found))
    return replace(found, key=named, title=label_of(name), remarks=remarks)


_COMPLETE = Text("没有缺报的成员，无需估算。", "no member is absent: there is nothing to estimate.")
_UNKNOWN = Text(
    "没有可据以估算的上年量或账单清单。", "neither last year's amounts nor a utility's list allow an estimate."
)


def _beside(bare: Figure, found: Figure) -> Text:
    """What came and what the estimates make of it."""
    if bare.value is None or not found.value:
        return Text("全部为估算。", "all of it is an estimate.")
    change = (found.value - bare.value) / found.value
    came, whole = told_apart(bare.value, found.value, digits=6, thousands="")
    return Text(
        f"已收数据为 {came} {bare.unit}，含缺报估算为 {whole} {found.unit}，差 {change:+.2%}；"
        "各缺报者的估算见其量的过程。",
        f"what came makes {came} {bare.unit}, with the estimates {whole} {found.unit} "
        f"({change:+.2%}); each estimate is in the working of its amount.",
    )
