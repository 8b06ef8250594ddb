"""Balances 介质平衡 (clause 5.4.4): of every medium of a subject, month by month, supply = use + sold + loss, and the
residual that is left, in the medium's unit and in per cent of the supply.

A residual needs two measurements: a head meter against sub-meters or parts, a fence meter against the units, a seller
against its buyers. Where there is only one, use is what was supplied less what left, and no residual is claimed. What
is missing makes the balance partial and is named (docs/decisions/0011-balances-and-reconciliations.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from xietong.accounting.amounts import Amount, reasons
from xietong.accounting.balances.sheet_lines import Sides, sides_of
from xietong.accounting.balances.submeters import MeterCheck
from xietong.accounting.figures.account import books_of
from xietong.accounting.figures.trends import Trend, trend_of
from xietong.accounting.trade.inside_trade import Trade
from xietong.accounting.trade.lines import CLAUSE, difference, line, share, titled, unsaid
from xietong.accounting.trade.media import Medium, media_in
from xietong.calc.figures import Figure, Status, worst
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

Side = Literal["supply", "use", "sold", "loss"]
TOTALS: Mapping[Side, Text] = {
    "supply": Text("供入", "supply"),
    "use": Text("使用", "use"),
    "sold": Text("外供", "supplied to others"),
    "loss": Text("损失", "loss"),
}
_WATER_SOLD = Text("排出", "let out")
_RESIDUAL = Text("差额", "residual")
_SHARE = Text("差额占供入", "of supply")
_BY_DIFFERENCE = Text(
    "没有分表、下级计量或关口表，使用量由供入减外供和损失得出，平衡恒等，差额无从检验；请安装或接入分表。",
    "there are no sub-meters, metered parts or fence meter: use is supply less what was supplied to others and lost, "
    "so the balance closes by construction and no residual can be claimed; connect sub-meters.",
)
_WITHOUT_USE = Text(
    "没有用水分表，产品带走和蒸发漏失也没有填全，差额就是耗水量。",
    "there are no sub-meters of water, so the residual is the water consumed.",
)


class Sheet(NamedTuple):
    """The balance of one medium in one span: the lines of each side, their totals, the residual and its share in %.

    memo: what stands beside and is in no sum; meters: head against sub-meters; trade: inside a group.
    """

    medium: Medium
    period: Period
    lines: Mapping[Side, tuple[Figure, ...]]
    totals: Mapping[Side, Figure]
    residual: Figure
    share: Figure
    memo: tuple[Figure, ...]
    meters: MeterCheck | None
    trade: Trade | None

    @property
    def status(self) -> Status:
        """ok, estimated, or partial where any line is absent or has a gap."""
        statuses = [figure.status for figure in self.totals.values()]
        return worst("partial" if status == "missing" else status for status in statuses)

    @property
    def missing(self) -> tuple[Text, ...]:
        """What is absent, each sentence once."""
        return reasons([*self.totals.values()])

    def figures(self) -> dict[str, Figure]:
        """Every line of the sheet by its key, totals, residual and meters included."""
        listed = [figure for side in self.lines.values() for figure in side]
        listed += [*self.totals.values(), self.residual, self.share, *self.memo]
        listed += list(self.meters) if self.meters else []
        if self.trade is not None:
            parts = (self.trade.sold, self.trade.bought, self.trade.residual)
            listed += [part.figure for part in parts] + [self.trade.share]
        return {figure.key: figure for figure in listed}


class MediumYear(NamedTuple):
    """One medium over the whole period, and month by month where the period is longer than a month."""

    medium: Medium
    whole: Sheet
    months: tuple[Sheet, ...]


class Balance(NamedTuple):
    """The balances of a subject and period, one a medium that it bought, made, used or sold."""

    subject: Subject
    period: Period
    media: tuple[MediumYear, ...]

    def of(self, medium: str) -> MediumYear:
        """The balance of one medium by its key; raises KeyError."""
        for each in self.media:
            if each.medium.key == medium:
                return each
        raise KeyError(medium)


def balance(
    registry: Registry, lake: Lake | None, subject: str, period: Period, media: Iterable[str] | None = None
) -> Balance:
    """The monthly balances of a subject and period; media: only these keys ("electricity", "steam:1.0MPa" …).

    Raises UnknownNameError for a subject that does not exist.
    """
    books = books_of(registry, lake, subject, period)
    whose = registry.subjects[subject]
    wanted = None if media is None else set(media)
    found = []
    for medium in media_of(registry, lake, subject, period):
        if wanted is None or medium.key in wanted:
            whole = sheet(registry, lake, subject, medium, period)
            if not _is_idle(whole):
                spans = tuple(period.months()) if period.month_count > 1 else ()
                months = tuple(_sheet(medium, span, sides_of(books, whose, medium, span)) for span in spans)
                found.append(MediumYear(medium, whole, months))
    return Balance(whose, period, tuple(found))


def media_of(registry: Registry, lake: Lake | None, subject: str, period: Period) -> tuple[Medium, ...]:
    """The media of which a subject, or anything below it, states, measures or owes anything."""
    books = books_of(registry, lake, subject, period)
    points = [point for point in registry.points.values() if point.role == "sub"]
    below = {each.code for each in books.boundary.below(subject)}
    named = [name for name in books.names if books.knows(subject, name)]
    return media_in([*named, *(point.item for point in points if point.subject in below)])


def sheet(registry: Registry, lake: Lake | None, subject: str, medium: Medium, span: Period) -> Sheet:
    """The balance of one medium of a subject in one span."""
    books = books_of(registry, lake, subject, span)
    return _sheet(medium, span, sides_of(books, registry.subjects[subject], medium, span))


def line_trend(registry: Registry, lake: Lake | None, subject: str, medium: Medium, key: str, period: Period) -> Trend:
    """环比, 同比, 累计 and 累计同比 of one line of a balance; a line that a span does not have was not due in it."""

    def of(span: Period) -> Figure:
        found = sheet(registry, lake, subject, medium, span).figures()
        return found.get(key) or Figure(key, None, medium.unit, "not_applicable", clause=CLAUSE)

    return trend_of(of, period)


def _is_idle(of: Sheet) -> bool:
    return all(figure.status == "not_applicable" for figure in of.totals.values())


def _sheet(medium: Medium, span: Period, sides: Sides) -> Sheet:
    listed: dict[Side, tuple[Amount, ...]] = {
        "supply": sides.supply,
        "use": sides.use,
        "sold": sides.sold,
        "loss": sides.loss,
    }
    totals = {side: line(f"{medium.key}_{side}", _title(medium, side), medium.unit, listed[side]) for side in listed}
    if not sides.is_measured and not any(_says(part) for part in sides.use):
        totals["use"] = _derived_use(medium, totals)
    residual = _residual(medium, totals, sides)
    lines = {side: tuple(part.figure for part in parts if _says(part)) for side, parts in listed.items()}
    return Sheet(
        medium,
        span,
        lines=lines,
        totals={side: part.figure for side, part in totals.items()},
        residual=residual.figure,
        share=share(f"{medium.key}_residual_share", _SHARE, residual, totals["supply"]),
        memo=tuple(part.figure for part in sides.memo if _says(part)),
        meters=sides.meters,
        trade=sides.trade,
    )


def _says(part: Amount) -> bool:
    return not part.is_idle


def _title(medium: Medium, side: Side) -> Text:
    return _WATER_SOLD if medium.kind == "water" and side == "sold" else TOTALS[side]


def _derived_use(medium: Medium, totals: Mapping[Side, Amount]) -> Amount:
    """Use as supply less what was supplied to others and lost; absent where that is below zero."""
    taken = [totals["sold"], totals["loss"]]
    found = difference(f"{medium.key}_use", TOTALS["use"], medium.unit, [totals["supply"]], taken)
    if found.exact is None or found.exact >= 0:
        return found
    figure = replace(found.figure, value=None, status="missing", missing=(more_sold_than_supplied(medium),))
    return found._replace(figure=figure, exact=None)


def _residual(medium: Medium, totals: Mapping[Side, Amount], sides: Sides) -> Amount:
    key = f"{medium.key}_residual"
    if all(part.is_idle for part in totals.values()):
        return unsaid(key, _RESIDUAL, medium.unit, Text("没有应报的数据。", "nothing was due."))
    if not sides.is_measured:
        use = totals["use"]
        return unsaid(key, _RESIDUAL, medium.unit, _BY_DIFFERENCE if use.has_value else use.figure.missing[0])
    taken = [totals["use"], totals["sold"], totals["loss"]]
    found = titled(difference(key, _RESIDUAL, medium.unit, [totals["supply"]], taken), key, _RESIDUAL)
    remarks = _remarks(medium, found, sides)
    return found._replace(figure=replace(found.figure, remarks=remarks))


def _remarks(medium: Medium, residual: Amount, sides: Sides) -> tuple[Text, ...]:
    if residual.exact is not None and residual.exact < 0:
        return (_more_than_supplied(medium),)
    return (_WITHOUT_USE,) if medium.kind == "water" and not sides.use else ()


def more_sold_than_supplied(medium: Medium) -> Text:
    """Why a use by difference below zero is no use: what was made is not stated."""
    made = "、".join(medium.made)
    return Text(
        f"{medium.name.zh}外供和损失大于供入：自产量没有填报；请填报 {made or '收入量'}。",
        f"more {medium.name.en} was supplied to others and lost than came in: what was made is not stated; report "
        f"{made.replace('、', ' or ') or 'what was received'}.",
    )


def _more_than_supplied(medium: Medium) -> Text:
    return Text(
        f"{medium.name.zh}的分项之和大于供入；请核对倍率、分表归属和账单期间。",
        f"the parts of {medium.name.en} add up to more than was supplied; check multipliers, which meter a sub-meter "
        "belongs to, and the periods of the bills.",
    )
