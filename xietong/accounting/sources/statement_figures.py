"""One statement as a figure in the unit of its item, its trace leading to the entry and row it came from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache

from xietong.accounting.amounts import Amount
from xietong.accounting.sources.stocks import Balance
from xietong.calc.engine.names import name_of
from xietong.calc.figures import Figure, Status
from xietong.calc.items import Item, UnknownItemError, all_items, item, to_canonical, unit_kept
from xietong.calc.keys import use_of, without_use
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.texts import Text
from xietong.units import UnitError

METHOD_NAMES: Mapping[str, Text] = {
    "bill": Text("结算账单", "settlement bill"),
    "auto": Text("自动监测填报", "automatic data, reported"),
    "manual": Text("手工监测填报", "manual monitoring, reported"),
    "": Text("填报", "reported"),
    "balance": Text("物料衡算", "material balance"),
    "coefficient": Text("产排污系数", "emission coefficient"),
    "estimate": Text("估算", "estimate"),
}
_ESTIMATED = frozenset({"estimate"})


# What an amount was used for, by the word of its statement.
USE_NAMES: Mapping[str, Text] = {
    "feedstock": Text("用作原料", "used as raw material"),
    "conversion": Text("加工转换投入", "put into conversion"),
    "export": Text("外供", "passed on to others"),
    "living": Text("生活使用", "used by households"),
}


@cache
def name_stated(name: str) -> Text:
    """What is stated under such a name, in words: the item, its kind, and what it was used for."""
    base, use = without_use(name), use_of(name)
    of, used = name_of(base) if ":" in base else _item_name(base), USE_NAMES.get(use)
    return Text(f"{of.zh}（{used.zh}）", f"{of.en} ({used.en})") if used else of


def _item_name(name: str) -> Text:
    known = all_items().get(name)
    return known.name if known else Text(name, name)


@cache
def stated_item(name: str) -> Item:
    """The item behind such a name; raises UnknownItemError."""
    return item(without_use(name))


def leaf(row: ReportedAmount, balance: Balance | None = None, remarks: tuple[Text, ...] = ()) -> Amount:
    """One statement as a figure in the item's canonical unit, its trace leading to the entry and row it came from.

    A product counted in pieces or measured by volume keeps its own unit. balance: what its stocks make of the amount.
    """
    source = METHOD_NAMES.get(row.method, METHOD_NAMES[""])
    trace = _trace(row)
    exact, unit, reason = canonical(row)
    if balance is not None and reason is None:
        exact, reason = balance.exact, balance.reason
    status: Status = "missing" if exact is None else "estimated" if row.method in _ESTIMATED else "ok"
    figure = Figure(
        row.item,
        None if exact is None else float(exact),
        unit,
        status,
        title=_title(row),
        missing=() if reason is None else (reason,),
        formula="" if balance is None else balance.formula,
        inputs=() if balance is None else balance.terms,
        source=f"{source.zh} {source.en}" + (f" · {row.note}" if row.note else ""),
        trace=trace,
        remarks=((_below(row),) if row.amount is None else ()) + remarks,
    )
    due = months(row.period)
    return Amount(figure, exact, due, Decimal(0) if exact is None else Decimal(due))


def _trace(row: ReportedAmount) -> dict[str, str]:
    """Where the statement came from and what it said, without what it did not say."""
    said = {
        "subject": row.subject,
        "item": row.item,
        "period": row.period.label,
        "entry": row.entry,
        "row": str(row.row),
        "amount": "" if row.amount is None else f"{row.amount.normalize():f}",
        "unit": row.unit,
        "use": row.use,
        "counterparty": row.counterparty,
        "recorded_at": _moment(row.recorded_at),
    }
    return {name: text for name, text in said.items() if text}


@lru_cache(maxsize=1024)
def _moment(at: datetime) -> str:
    """Many rows are recorded at one moment."""
    return at.isoformat()


def canonical(row: ReportedAmount) -> tuple[Decimal | None, str, Text | None]:
    """The amount in the unit it is kept in, that unit, and why there is none."""
    try:
        stated = stated_item(row.item)
        exact = Decimal(0) if row.amount is None else to_canonical(stated, row.amount, row.unit)
        return exact, unit_kept(stated, row.unit), None
    except (UnitError, UnknownItemError) as error:
        where = Text(f"{row.subject} {row.period} 的 {row.item}：", f"{row.item} of {row.subject} for {row.period}: ")
        return None, row.unit, Text(where.zh + error.text.zh, where.en + error.text.en)


def unit_stated(rows: Iterable[ReportedAmount], name: str) -> str:
    """The unit in which amounts of that name are kept here: for a product the one it is stated in."""
    for row in rows:
        _, unit, reason = canonical(row)
        if reason is None:
            return unit
    return stated_item(name).unit


def months(period: Period) -> int:
    """How many months of due data a span stands for, at least one."""
    return max(1, period.month_count)


def _title(row: ReportedAmount) -> Text:
    parts = [row.period.label, *(part for part in (row.use, row.counterparty) if part)]
    return Text(" · ".join(parts), " · ".join(parts))


def _below(row: ReportedAmount) -> Text:
    limit = f"（<{row.below.normalize():f} {row.unit}）" if row.below else ""
    return Text(
        f"低于检出限{limit}，在总量中按零计。",
        f"below detection{limit.replace('（', ' (').replace('）', ')')}: counted as zero in amounts.",
    )
