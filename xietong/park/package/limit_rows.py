"""What breaks an emission limit of a package: a value that is none, a unit that measures something else, an averaging
that no value can be held against. Rows in, rejections out."""

from collections.abc import Iterator
from decimal import Decimal

from xietong.calc.items import item, to_canonical
from xietong.calc.judgement.emission_limits import averaging_of, concentration_unit_of
from xietong.park.package.sheets import Rejection, Row
from xietong.units import UnitError, convert


def _value(row: Row) -> Iterator[Rejection]:
    if row.values["value"] <= 0:
        yield row.reject("value", "negative", "限值应大于零；请核对", "a limit must be above zero; check it")


def _unit(row: Row) -> Iterator[Rejection]:
    """The unit must measure what the kind of limit is about."""
    kind, name, unit = row.values["kind"], row.values["item"], row.values["unit"]
    wanted = concentration_unit_of(name)
    if not wanted:  # no pollutant: nothing is held against it
        return
    if kind != "concentration":
        wanted = "kg/h" if kind == "rate" else "t"
    try:
        if kind == "annual":
            to_canonical(item(name), Decimal(1), unit.removesuffix("/a"))
        else:
            convert(Decimal(1), unit, wanted)
    except UnitError:
        yield row.reject(
            "unit",
            "unit_mismatch",
            f"{_KINDS[kind][0]}以 {wanted} 一类的单位计，“{unit}”换算不过去，没有数能与它比；请核对限值种类和单位",
            f'{_KINDS[kind][1]} is counted in a unit like {wanted}, to which "{unit}" does not convert, so nothing '
            "could be held against it; check the kind of limit and its unit",
        )


def _averaging(row: Row) -> Iterator[Rejection]:
    """Values are held against limits of hours and of days; of another averaging nobody would notice that it decides
    nothing, or it would be taken for one of hours."""
    if row.values["kind"] != "concentration" or averaging_of(row.values["averaging"] or "") is not None:
        return
    yield row.reject(
        "averaging",
        "averaging",
        "平均时段只能是 hour（小时）或 day（日），其他时段的限值在这里无从判定；请按标准改写，或不作为限值载入",
        "a limit is averaged over an hour or a day (hour, day); one of another averaging cannot be judged here; write "
        "it as the standard has it, or leave it out",
    )


_KINDS = {
    "concentration": ("浓度限值", "a limit of concentration"),
    "rate": ("速率限值", "a limit of the rate"),
    "annual": ("年许可量", "a permitted yearly amount"),
}
limit_faults = (_value, _unit, _averaging)
