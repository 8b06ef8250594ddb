"""What rows owe each other: order of bounds, one row a key, names that exist. Tables in, rejections out."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from xietong.calc import items
from xietong.calc.engine.engine import RULES
from xietong.calc.factors.rows import problem
from xietong.park.package.limit_rows import limit_faults
from xietong.park.package.odd_rows import circular_flow, negative_target, nothing_to_compare, unknown_factor_key
from xietong.park.package.own_rows import contradicting, lax, successions, unproved
from xietong.park.package.schema import Table
from xietong.park.package.sheets import Rejection, Row, Sheet
from xietong.units import UnitError


@dataclass(slots=True)
class Known:
    """The codes that exist, table by table: the registry's and the package's own as far as it is read.

    park: the code of the registry's subject of kind park; factors: the park's own factors in force, in words.
    """

    codes: dict[str, set[str]] = field(default_factory=dict)
    park: str = ""
    factors: tuple[Mapping[str, str], ...] = ()

    def has(self, table: str, code: str) -> bool:
        """Whether the table knows the code."""
        return code in self.codes.get(table, set())

    def add(self, table: str, codes: Iterable[str]) -> None:
        """Let codes be referred to."""
        self.codes.setdefault(table, set()).update(codes)


def key_of(table: Table, values: Mapping[str, Any]) -> str:
    """The natural key of a row as one text (a JSON list of the key's values)."""
    return json.dumps([_key_part(values[name]) for name in table.key], ensure_ascii=False, separators=(",", ":"))


def _key_part(value: object) -> str | int:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if isinstance(value, int) else str("" if value is None else value)


def judge(table: Table, sheet: Sheet, known: Known) -> None:
    """Take the rows out of the sheet that break a rule, each with its rejection."""
    _sift(sheet, lambda row: _broken(table, row))
    _sift(sheet, _duplicates(table))
    _sift(sheet, _second_park(table, known))
    if table.name == "subjects":
        _judge_parents(table, sheet, known)
    else:
        _sift(sheet, lambda row: _unknown(table, row, known))
    if table.name == "factors":
        sheet.remarks += successions(sheet.rows, known.factors)
        _sift(sheet, _contradictions(sheet, known))
    remarks = _REMARKS.get(table.name, ())
    sheet.remarks += [each for row in sheet.rows for remark in remarks for each in remark(row)]
    if "code" in table.key:
        known.add(table.name, [row.values["code"] for row in sheet.rows])


def _sift(sheet: Sheet, problems_of: Callable[[Row], Iterable[Rejection]]) -> bool:
    kept = []
    for row in sheet.rows:
        problems = list(problems_of(row))
        sheet.rejected += problems
        if not problems:
            kept.append(row)
    changed = len(kept) < len(sheet.rows)
    sheet.rows = kept
    return changed


def _judge_parents(table: Table, sheet: Sheet, known: Known) -> None:
    """Subjects name each other in any order; a rejected one takes along those that name it."""
    before = set(known.codes.get(table.name, ()))
    while True:
        own = Known({"subjects": before | {row.values["code"] for row in sheet.rows}})
        if not _sift(sheet, partial(_unknown, table, known=own)):
            break
    parents = {row.values["code"]: row.values["parent"] for row in sheet.rows}
    _sift(sheet, lambda row: _circle(row, parents))


def _circle(row: Row, parents: Mapping[str, str]) -> Iterator[Rejection]:
    code, seen = row.values["code"], set()
    above = parents.get(code)
    while above and above not in seen:
        if above == code:
            yield row.reject(
                "parent",
                "circle",
                "上级关系绕成一圈，数量会重复相加；请改正上级",
                "the parents run in a circle, so amounts would be counted again and again; correct the parent",
            )
            return
        seen.add(above)
        above = parents.get(above)


def _duplicates(table: Table) -> Callable[[Row], Iterator[Rejection]]:
    first: dict[str, int] = {}

    def check(row: Row) -> Iterator[Rejection]:
        earlier = first.setdefault(key_of(table, row.values), row.number)
        if earlier != row.number:
            names = [table.column(name).name for name in table.key]
            yield row.reject(
                names[0],
                "duplicate",
                f"与第 {earlier} 行说的是同一件事（{'、'.join(names)} 相同），只用了第 {earlier} 行；请只留一行",
                f"it states the same fact as row {earlier} (same {', '.join(names)}); row {earlier} was used, keep one",
            )

    return check


def _second_park(table: Table, known: Known) -> Callable[[Row], Iterator[Rejection]]:
    parks = [known.park] if known.park else []

    def check(row: Row) -> Iterator[Rejection]:
        if table.name == "subjects" and row.values["kind"] == "park" and row.values["code"] not in parks:
            if parks:
                yield row.reject(
                    "kind",
                    "second_park",
                    f"园区只能有一个，已有 {parks[0]}；请把这一行改成 zone 或 enterprise",
                    f"there can be one park and {parks[0]} is it; make this row a zone or an enterprise",
                )
            parks.append(row.values["code"])

    return check


def _unknown(table: Table, row: Row, known: Known) -> Iterator[Rejection]:
    for column in table.columns:
        code = row.values.get(column.attribute)
        if not column.refers or not code or code in column.values or known.has(column.refers, code):
            continue
        if table.name == "flows" and str(code).startswith("outside:"):
            continue
        rule = "discharges_to" if column.name == "discharges_to" else f"unknown_{column.refers.rstrip('s')}"
        yield row.reject(
            column.name,
            rule,
            f"在 {column.refers}.csv 和登记簿里都没有这个代码，这一行无处可归；请核对代码，或先载入它",
            f"neither {column.refers}.csv nor the registry has this code, so the row belongs nowhere; "
            "check the code, or load it first",
        )


def _broken(table: Table, row: Row) -> Iterator[Rejection]:
    yield from _spans(row)
    yield from _items(table, row)
    for rule in _RULES.get(table.name, ()):
        yield from rule(row)


def _spans(row: Row) -> Iterator[Rejection]:
    for low, high in (("low", "high"), ("since", "until"), ("valid_from", "valid_to"), ("start", "end")):
        first, last = row.values.get(low), row.values.get(high)
        if first is None or last is None or first < last:
            continue
        if low == "low" and first == last:
            continue
        yield row.reject(
            low,
            "order",
            f"{low} 应小于 {high}（{row.cells.get(high, '')}）；请核对这两格",
            f"{low} must come before {high} ({row.cells.get(high, '')}); check the two cells",
        )


def _items(table: Table, row: Row) -> Iterator[Rejection]:
    kinds = {column.name: column.kind for column in table.columns}
    if kinds.get("item") != "item":
        return
    try:
        item = items.item(row.values["item"])
    except items.UnknownItemError:
        yield row.reject(
            "item",
            "item",
            "项目表中没有这个项目，不知道它是什么；请用 docs/park-package.md 所列的项目名，产品写 product:名称",
            "no such item is known, so nothing can be made of it; use an item of docs/park-package.md, "
            "for a product product:NAME",
        )
        return
    if table.name in ("reported", "effects"):
        yield from _convertible(row, item)


def _convertible(row: Row, item: items.Item) -> Iterator[Rejection]:
    unit = item.unit
    try:
        items.to_canonical(item, Decimal(1), row.values["unit"])
    except UnitError:
        yield row.reject(
            "unit",
            "unit_mismatch",
            f"这个项目以 {unit} 计，所写单位换算不过去；请改用能换算成 {unit} 的单位",
            f"this item is counted in {unit}, to which the unit does not convert; use a unit that does",
        )


def _point(row: Row) -> Iterator[Rejection]:
    if row.values["shape"] in ("counter", "amount", "mean") and not row.values["interval_s"]:
        yield row.reject(
            "interval_s",
            "required",
            "表底、时段量和均值要写间隔（秒），否则不知道该有多少个读数；请补填",
            "a counter, amount or mean needs its interval in seconds, else nobody knows how many are due; fill it in",
        )


def _stock(row: Row) -> Iterator[Rejection]:
    opening, closing = row.values["opening"], row.values["closing"]
    for name, stock in (("opening", opening), ("closing", closing)):
        if stock is not None and stock < 0:
            yield row.reject(name, "negative", "库存为负；请核对", "a stock cannot be negative; check it")
    if (opening is None) != (closing is None):
        lacking = "opening" if opening is None else "closing"
        yield row.reject(
            lacking,
            "stock",
            "期初、期末库存只写了一个，消费量算不出来；请补填另一个，或两格都留空（数量即为消费量）",
            "only one of opening and closing is stated, so what was used cannot be computed; state the other too, or "
            "leave both empty (the amount is then what was used)",
        )
    elif opening is not None and opening + (row.values["amount"] or 0) < closing:
        yield row.reject(
            "closing",
            "stock",
            "期末库存大于期初库存与本期收入之和，消费量会小于零；请核对收入和两个库存",
            "the closing stock is more than the opening stock and what was received, so less than nothing was used; "
            "check what was received and both stocks",
        )


def _event(row: Row) -> Iterator[Rejection]:
    """A meter change needs the point and both registers; nothing else may state them."""
    changed = row.values["kind"] == "meter_change"
    for name in ("point", "closing", "opening"):
        stated = row.values[name] not in (None, "")
        if changed and not stated:
            yield row.reject(
                name,
                "required",
                "换表要写监测点、旧表表底和新表起码，否则换表前后的用量接不上；请补填",
                "a meter change needs its point, the old register and the new one, else what flowed before and after "
                "it cannot be joined; fill it in",
            )
        elif stated and not changed:
            yield row.reject(
                name,
                "meter_change",
                "只有换表（meter_change）才写这一格；请清空，或改正事件种类",
                "only a meter change states this; clear the cell, or correct the kind of event",
            )


def _flow(row: Row) -> Iterator[Rejection]:
    if row.values["amount"] < 0:
        yield row.reject(
            "amount",
            "negative",
            "流量为负；请把供方与受方对调",
            "a flow cannot be negative; exchange who gives and who takes",
        )


def _factor(row: Row) -> Iterator[Rejection]:
    """A factor that breaks physics or has a unit that its purpose cannot use would be left out of every account."""
    stated = {name: "" if value is None else str(value) for name, value in row.values.items()}
    wrong = problem({**stated, "key": stated["name"]})
    if wrong is not None:
        column, rule, text = wrong
        yield row.reject(column, rule, text.zh.rstrip("。"), text.en.rstrip("."))


def _contradictions(sheet: Sheet, known: Known) -> Callable[[Row], Iterable[Rejection]]:
    """Of two own factors that cannot both hold the later is left out; its sentence names the other."""
    found = {row.number: said for row, said in contradicting(sheet.rows, known.factors)}
    return lambda row: [found[row.number]] if row.number in found else []


def _target(row: Row) -> Iterator[Rejection]:
    values = row.values
    if values["form"] == "requirement":
        if not values["requirement"]:
            yield row.reject("requirement", "required", "要求是空的；请写出要求", "the requirement is empty; write it")
        return
    if values["target"] is None:
        yield row.reject(
            "target",
            "required",
            "没有目标值，无从比较；请补填，或把 form 写成 requirement",
            "there is no target to compare with; fill it in, or set form to requirement",
        )
    elif values["basic"] is not None and _better(values["basic"], values["target"], _direction(values)):
        yield row.reject(
            "basic",
            "basic_better",
            f"基本要求值比目标值（{row.cells['target']}）还好，达标而不达基本说不通；请核对，两者可能写反",
            f"the basic value is better than the target ({row.cells['target']}), so the target would mean nothing; "
            "check them, they may be exchanged",
        )


def _better(one: Decimal, other: Decimal, better: str) -> bool:
    return one > other if better == "higher" else one < other if better == "lower" else False


def _direction(values: Mapping[str, Any]) -> str:
    """Which way is better for a target's indicator: "lower", "higher", or "" where no such indicator is known."""
    if values["form"] == "reduction_percent":
        return "higher"
    if values["form"] == "ceiling":
        return "lower"
    rules = RULES.get(values["indicator"].partition(":")[0])
    return rules[0].better if rules else ""


def _odd_percentage(row: Row) -> Iterator[Rejection]:
    """Remarks: 0.95 where 95 % is meant, or a share of more than all; both can be meant, so the row is loaded."""
    rules = RULES.get(row.values["indicator"])
    if not rules or rules[0].unit != "%" or row.values["form"] != "value":
        return
    for name in ("target", "basic"):
        value, cell = row.values[name], row.cells.get(name, "")
        if value is None or not (0 < value <= 1 or value > 100):
            continue
        zh, en = f"这个指标以 % 计，{cell} 就是 {cell} %", f"this indicator is counted in %, so {cell} means {cell} %"
        if value <= 1:
            zh = f"{zh}；若写的是小数形式的份额，请改写成百分数"
            en = f"{en}; if a share of one is meant, write it in per cent"
        else:
            zh, en = f"{zh}，超过 100 %；请核对", f"{en}, more than all of it; check it"
        yield row.reject(name, "percentage", zh, en)


_RULES: Mapping[str, tuple[Callable[[Row], Iterator[Rejection]], ...]] = {
    "points": (_point,),
    "reported": (_stock,),
    "events": (_event,),
    "flows": (_flow,),
    "factors": (_factor,),
    "limits": limit_faults,
    "targets": (_target,),
}
_REMARKS: Mapping[str, tuple[Callable[[Row], Iterator[Rejection]], ...]] = {
    "targets": (nothing_to_compare, _odd_percentage, negative_target),
    "factors": (unproved, unknown_factor_key),
    "flows": (circular_flow,),
    "limits": (lax,),
}
